//! Latency histograms: fixed memory, one per writer, merged by addition. Percentiles are never
//! averaged.

use hdrhistogram::Histogram;

use super::Latency;

/// Counts of latencies in microseconds.
pub type LatencyHistogram = Histogram<u64>;

/// The longest latency that is told apart: a longer one counts as this.
pub const MAX_LATENCY_US: u64 = 600_000_000;

/// Three significant digits: a bucket is at most 0.1 % wide.
const SIGNIFICANT_DIGITS: u8 = 3;

/// An empty histogram from one microsecond to [`MAX_LATENCY_US`], about 170 KiB.
#[expect(clippy::expect_used, reason = "the bounds are constants, and a test makes one")]
pub fn new_histogram() -> LatencyHistogram {
    Histogram::new_with_bounds(1, MAX_LATENCY_US, SIGNIFICANT_DIGITS).expect("constant bounds are valid")
}

impl From<&LatencyHistogram> for Latency {
    fn from(histogram: &LatencyHistogram) -> Self {
        Self {
            count: histogram.len(),
            mean: if histogram.is_empty() { 0.0 } else { histogram.mean() },
            p50: histogram.value_at_quantile(0.50),
            p90: histogram.value_at_quantile(0.90),
            p99: histogram.value_at_quantile(0.99),
            p99_9: histogram.value_at_quantile(0.999),
            max: histogram.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_histogram_has_zero_percentiles() {
        assert_eq!(Latency::from(&new_histogram()), Latency::default());
    }

    #[test]
    fn percentiles_are_within_the_promised_digits() {
        let mut histogram = new_histogram();
        (1..=10_000).for_each(|us| histogram.saturating_record(us));
        let latency = Latency::from(&histogram);
        assert_eq!(latency.count, 10_000);
        assert!((4_995..=5_005).contains(&latency.p50), "{latency:?}");
        assert!((9_980..=10_000).contains(&latency.p99_9), "{latency:?}");
    }
}

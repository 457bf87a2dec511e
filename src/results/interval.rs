//! What was executed second by second, and how evenly.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::{Latency, LatencyHistogram};

/// One interval of about a second over all masters. The last one of a run is shorter.
#[derive(Clone, Debug)]
pub struct Second {
    /// Start, since the first byte.
    pub start: Duration,
    /// The same by the clock of this machine.
    pub started_at: SystemTime,
    /// Length.
    pub length: Duration,
    /// Each master's part, in the order of [`super::Record::servers`].
    pub masters: Vec<Interval>,
    /// Latencies of the pipelines that ended in it, over all masters.
    pub latency: LatencyHistogram,
}

/// What one master executed in one interval of about a second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Start, in seconds since the first byte.
    pub start_seconds: f64,
    /// Length in seconds; the last one is shorter.
    pub seconds: f64,
    /// The master's address.
    pub master: String,
    /// Keys executed.
    pub keys: u64,
    /// Bytes of their keys and values.
    pub payload_bytes: u64,
    /// Pipelines that ended in it, in microseconds; none where they are not known master by master.
    pub latency_us: Latency,
}

/// The least, the middle and the most of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// The middle one; the mean of the middle two of an even number.
    pub median: f64,
    /// The most.
    pub max: f64,
}

impl Spread {
    /// The spread of some values; zeros if there are none.
    pub fn of(values: &mut [f64]) -> Self {
        values.sort_by(f64::total_cmp);
        let (Some(&min), Some(&max)) = (values.first(), values.last()) else {
            return Self::default();
        };
        let upper = values.len() / 2;
        let lower = (values.len() - 1) / 2;
        Self { min, median: f64::midpoint(values[lower], values[upper]), max }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_takes_the_middle_of_an_odd_and_of_an_even_number() {
        assert_eq!(Spread::of(&mut []), Spread::default());
        assert_eq!(Spread::of(&mut [3.0, 1.0, 2.0]), Spread { min: 1.0, median: 2.0, max: 3.0 });
        assert_eq!(Spread::of(&mut [4.0, 1.0, 2.0, 3.0]).median, 2.5);
    }
}

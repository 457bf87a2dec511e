//! Pairs of runs, compared within: Wilcoxon's signed-rank test (1945), exact, ties included; the estimate of
//! Hodges and Lehmann (1963) that goes with it; and the interval that holds every change which the test does
//! not reject. All of them on logarithms of ratios, so that twice as fast is as far from equal as half.

use super::mann_whitney::normal_tail;

/// Beyond so many pairs, the normal distribution is as good, or a little stricter, and counting takes long.
const EXACT_PAIRS_MAX: usize = 100;

/// The two-sided p-value, 0 to 1, of the logarithms of new to base: how likely so one-sided a set of them is,
/// or a more one-sided one, if each could as well have had the other sign. Pairs that are equal say nothing.
pub(super) fn p_value(log_ratios: &[f64]) -> f64 {
    if log_ratios.len() > EXACT_PAIRS_MAX {
        return normal_tail(z(log_ratios).abs());
    }
    let signs = Signs::of(log_ratios);
    let (counts, all) = arrangements(&signs.doubled_ranks);
    let (low, high) = (signs.doubled_sum, counts.len() - 1 - signs.doubled_sum);
    let tail: f64 = counts[low.max(high)..].iter().sum();
    (2.0 * tail / all).min(1.0)
}

/// The least p-value that so many pairs can have: all have changed the same way.
pub(super) fn least_p_value(pairs: usize) -> f64 {
    (2.0 * 0.5_f64.powi(pairs.min(1000) as i32)).min(1.0)
}

/// How many standard deviations the statistic is from its mean; below zero where the new runs mostly have less.
pub(super) fn z(log_ratios: &[f64]) -> f64 {
    let signs = Signs::of(log_ratios);
    let ranks = || signs.doubled_ranks.iter().map(|&rank| rank as f64 / 2.0);
    let variance = ranks().map(|rank| rank * rank).sum::<f64>() / 4.0;
    let mean = ranks().sum::<f64>() / 2.0;
    if variance > 0.0 { (signs.doubled_sum as f64 / 2.0 - mean) / variance.sqrt() } else { 0.0 }
}

/// What the changes of all pairs, and of every two of them together, tell of the change. Walsh averages are the
/// means of every two logarithms, and of each with itself. They are counted and never held: of ten thousand pairs,
/// there are fifty millions.
pub(super) struct Changes {
    /// The logarithms of new to base, in order.
    sorted: Vec<f64>,
}

impl Changes {
    pub(super) fn of(log_ratios: &[f64]) -> Self {
        let mut sorted = log_ratios.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        Self { sorted }
    }

    /// The change in percent, the median of all averages; `None` of no pairs.
    pub(super) fn percent(&self) -> Option<f64> {
        let last = self.averages().checked_sub(1)?;
        let (low, high) = (self.average(last / 2), self.average(last.div_ceil(2)));
        Some(percent(f64::midpoint(low, high)))
    }

    /// From where to where the change is, in percent, and wrong about that no more often than `significance`;
    /// `None` where so few pairs cannot tell.
    pub(super) fn interval_percent(&self, significance: f64) -> Option<(f64, f64)> {
        // How many of the averages at either end are too far out.
        let is_exact = self.sorted.len() <= EXACT_PAIRS_MAX;
        let outside = if is_exact { outside } else { outside_about }(self.sorted.len(), significance);
        let first = outside.checked_sub(1)?;
        let last = self.averages().checked_sub(outside).filter(|last| *last >= first)?;
        Some((percent(self.average(first)), percent(self.average(last))))
    }

    /// How many averages there are.
    fn averages(&self) -> usize {
        self.sorted.len() * (self.sorted.len() + 1) / 2
    }

    /// The average that so many others come before in order: the least number which enough of them are not above,
    /// found by halving all numbers from the least logarithm to the greatest, 64 times at most.
    fn average(&self, place: usize) -> f64 {
        let (Some(&first), Some(&last)) = (self.sorted.first(), self.sorted.last()) else { return f64::NAN };
        let (mut low, mut high) = (ordinal(first), ordinal(last));
        while low < high {
            let middle = ((i128::from(low) + i128::from(high)) >> 1) as i64;
            if self.not_above(number(middle)) > place { high = middle } else { low = middle + 1 }
        }
        number(low)
    }

    /// How many averages are not above a bound, in one walk: the greater one logarithm, the fewer others can go
    /// with it.
    fn not_above(&self, bound: f64) -> usize {
        let (mut count, mut end) = (0, self.sorted.len());
        for (place, &one) in self.sorted.iter().enumerate() {
            while end > place && f64::midpoint(one, self.sorted[end - 1]) > bound {
                end -= 1;
            }
            // From here on, each is above it even with itself.
            if end <= place {
                break;
            }
            count += end - place;
        }
        count
    }
}

/// The place of a number among all numbers, in the order of [`f64::total_cmp`].
fn ordinal(number: f64) -> i64 {
    let bits = number.to_bits() as i64;
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

/// The number at a place.
fn number(ordinal: i64) -> f64 {
    let bits = if ordinal < 0 { ordinal ^ i64::MAX } else { ordinal };
    f64::from_bits(bits as u64)
}

/// How many sums of positive ranks, from 0 on, are too small for chance.
fn outside(pairs: usize, significance: f64) -> usize {
    let ranks: Vec<_> = (1..=pairs).collect();
    let (counts, all) = arrangements(&ranks);
    let mut sum = 0.0;
    let within = |count: &&f64| {
        sum += **count;
        sum / all <= significance / 2.0
    };
    counts.iter().take_while(within).count()
}

/// The same by the normal distribution, whose bound is found by halving.
fn outside_about(pairs: usize, significance: f64) -> usize {
    let (mut low, mut high) = (0.0, 8.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if normal_tail(middle) > significance { low = middle } else { high = middle }
    }
    let pairs = pairs as f64;
    let mean = pairs * (pairs + 1.0) / 4.0;
    let variance = mean * (2.0 * pairs + 1.0) / 6.0;
    (mean - high * variance.sqrt() + 0.5).max(0.0) as usize
}

/// Ranks of the changes by size, doubled so that those of ties are whole, and the sum of the positive ones'.
struct Signs {
    doubled_ranks: Vec<usize>,
    doubled_sum: usize,
}

impl Signs {
    fn of(log_ratios: &[f64]) -> Self {
        let mut changes: Vec<_> = log_ratios.iter().copied().filter(|change| *change != 0.0).collect();
        changes.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()));
        let mut signs = Self { doubled_ranks: Vec::with_capacity(changes.len()), doubled_sum: 0 };
        for ties in changes.chunk_by(|a, b| a.abs() == b.abs()) {
            // The mean of the ranks that they share.
            let doubled_rank = 2 * signs.doubled_ranks.len() + ties.len() + 1;
            signs.doubled_sum += doubled_rank * ties.iter().filter(|change| **change > 0.0).count();
            signs.doubled_ranks.extend(ties.iter().map(|_| doubled_rank));
        }
        signs
    }
}

/// In how many of all arrangements of signs the positive ranks sum up to 0, 1, 2 …, and how many those are.
fn arrangements(ranks: &[usize]) -> (Vec<f64>, f64) {
    let mut counts = vec![1.0];
    for &rank in ranks {
        let before = counts.clone();
        counts.resize(before.len() + rank, 0.0);
        for (count, more) in counts[rank..].iter_mut().zip(before) {
            *count += more;
        }
    }
    (counts, 2.0_f64.powi(ranks.len() as i32))
}

fn percent(log_ratio: f64) -> f64 {
    100.0 * log_ratio.exp_m1()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::compare::median;

    /// As `scipy.stats.wilcoxon(x, method="exact")` has it, and R's `wilcox.test(x, conf.int = TRUE)`.
    #[test]
    fn a_textbook_sample_has_its_p_value() {
        // Hollander and Wolfe's depression scale factors, the differences of nine patients.
        let differences = [-0.952, 0.147, -1.022, -0.430, -0.620, -0.590, -0.490, 0.080, -0.010];
        assert!((p_value(&differences) - 0.039_062_5).abs() < 1e-12, "{}", p_value(&differences));
        let estimate = Changes::of(&differences).percent().unwrap();
        assert!(((estimate / 100.0).ln_1p() - -0.46).abs() < 1e-9, "{estimate}");
        let (low, high) = Changes::of(&differences).interval_percent(0.05).unwrap();
        let [low, high] = [low, high].map(|percent| (percent / 100.0).ln_1p());
        assert!((low - -0.786).abs() < 1e-9 && (high - -0.010).abs() < 1e-9, "{low} {high}");
    }

    #[test]
    fn signs_alone_bound_what_can_be_told() {
        let same = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
        assert!((p_value(&same) - least_p_value(6)).abs() < 1e-15);
        assert!((p_value(&same.map(|change| -change)) - 2.0 / 64.0).abs() < 1e-15);
        assert_eq!([p_value(&[]), p_value(&[0.0, 0.0]), p_value(&[0.3])], [1.0; 3]);
        assert_eq!(Changes::of(&same[..5]).interval_percent(0.05), None);
        let (low, high) = Changes::of(&same).interval_percent(0.05).unwrap();
        assert_eq!((low, high), (percent(0.1), percent(0.6)));
        assert_eq!(Changes::of(&[]).percent(), None);
        assert!(Changes::of(&[]).interval_percent(0.05).is_none());
    }

    #[test]
    fn ties_share_their_ranks() {
        // Signs of 1, 1, 2, 2: ranks 1.5, 1.5, 3.5, 3.5; 8.5 or more of 10 in 2 of 16 arrangements + 1 of 10.
        let p = p_value(&[1.0, -1.0, 2.0, 2.0]);
        assert!((p - 2.0 * 3.0 / 16.0).abs() < 1e-15, "{p}");
    }

    #[test]
    fn the_interval_holds_nothing_that_the_test_rejects() {
        let changes = [0.011, -0.004, 0.023, 0.008, 0.017, 0.002, 0.031, -0.012, 0.014, 0.009];
        let (low, high) = Changes::of(&changes).interval_percent(0.05).unwrap();
        let shifted = |percent: f64| changes.map(|change| change - (percent / 100.0).ln_1p());
        for (outside, inside) in [(low - 1e-6, low + 1e-6), (high + 1e-6, high - 1e-6)] {
            assert!(p_value(&shifted(outside)) <= 0.05, "{outside}");
            assert!(p_value(&shifted(inside)) > 0.05, "{inside}");
        }
        assert!(z(&changes) > 1.5 && z(&changes.map(|change| -change)) < -1.5);
        assert_eq!(z(&[]), 0.0);
    }

    #[test]
    fn many_pairs_are_as_good_as_counted() {
        for (pairs, significance) in [(60, 0.05), (100, 0.05), (100, 0.01), (100, 0.002)] {
            let (counted, about) = (outside(pairs, significance), outside_about(pairs, significance));
            // Whoever leaves out fewer averages has the wider interval, and raises no false alarm.
            assert!(
                about <= counted + 1 && counted <= about + 12,
                "{pairs} {significance}: {counted} {about}"
            );
        }
        let log_ratios: Vec<_> =
            (0..EXACT_PAIRS_MAX).map(|place| ((place * 7919) % 100) as f64 - 42.5).collect();
        let (counted, about) = (p_value(&log_ratios), normal_tail(z(&log_ratios).abs()));
        assert!(counted < 0.05 && (counted / about - 1.0).abs() < 0.1, "{counted} {about}");
        // Counting all arrangements of the signs of so many would leave the range of numbers.
        let many: Vec<_> = (0..2000).map(|place| if place % 5 == 0 { -0.01 } else { 0.02 }).collect();
        let (low, high) = Changes::of(&many).interval_percent(0.05).unwrap();
        assert!(p_value(&many) < 1e-12 && low > 0.0 && high < 2.1, "{low} {high}");
    }

    /// All averages, in order.
    fn averages(log_ratios: &[f64]) -> Vec<f64> {
        let from =
            |place: usize| log_ratios[place..].iter().map(move |b| f64::midpoint(log_ratios[place], *b));
        let mut averages: Vec<_> = (0..log_ratios.len()).flat_map(from).collect();
        averages.sort_unstable_by(f64::total_cmp);
        averages
    }

    #[test]
    fn numbers_are_in_order() {
        let numbers = [f64::MIN, -1.0, -f64::MIN_POSITIVE, -5e-324, -0.0, 0.0, 5e-324, 0.1, 1.0, f64::MAX];
        assert!(numbers.windows(2).all(|two| ordinal(two[0]) < ordinal(two[1])));
        assert!(numbers.iter().all(|one| number(ordinal(*one)).to_bits() == one.to_bits()));
        assert_eq!((ordinal(-0.0), ordinal(0.0)), (-1, 0));
    }

    #[test]
    fn ten_thousand_pairs_are_no_matter() {
        let many: Vec<_> = (0..10_000).map(|place| f64::from((place * 7919) % 10_007) / 1e4 - 0.4).collect();
        let changes = Changes::of(&many);
        let (low, high) = changes.interval_percent(0.01).unwrap();
        let change = changes.percent().unwrap();
        assert!(low < change && change < high && high - low < 2.5, "{low} {change} {high}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        /// To the last bit, with ties, zeros and numbers of any size.
        #[test]
        fn averages_that_are_counted_are_those_that_are_sorted(
            coarse in prop::collection::vec(-3..4_i32, 0..10),
            fine in prop::collection::vec(-0.5..0.5_f64, 0..10),
            large in prop::collection::vec(-1e9..1e9_f64, 0..3),
        ) {
            let mut log_ratios: Vec<_> = coarse.into_iter().map(|one| f64::from(one) / 8.0).collect();
            log_ratios.extend(fine.into_iter().chain(large));
            let (sorted, changes) = (averages(&log_ratios), Changes::of(&log_ratios));
            prop_assert_eq!(changes.averages(), sorted.len());
            for (place, average) in sorted.iter().enumerate() {
                prop_assert_eq!(changes.average(place), *average);
            }
            let expected = (!sorted.is_empty()).then(|| percent(median(&sorted)));
            prop_assert_eq!(changes.percent(), expected);
        }
    }
}

//! Pairs of runs, compared within: Wilcoxon's signed-rank test (1945), exact, ties included; the estimate of
//! Hodges and Lehmann (1963) that goes with it; and the interval that holds every change which the test does
//! not reject. All of them on logarithms of ratios, so that twice as fast is as far from equal as half.

use super::mann_whitney::normal_tail;

/// Beyond so many pairs, the normal distribution is as good, and counting takes long.
const EXACT_PAIRS_MAX: usize = 200;

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

/// What the changes of all pairs, and of every two of them together, tell of the change.
pub(super) struct Changes {
    /// Walsh averages: the mean of every two logarithms, and of each with itself; sorted.
    averages: Vec<f64>,
    pairs: usize,
}

impl Changes {
    pub(super) fn of(log_ratios: &[f64]) -> Self {
        let from =
            |place: usize| log_ratios[place..].iter().map(move |b| f64::midpoint(log_ratios[place], *b));
        let mut averages: Vec<_> = (0..log_ratios.len()).flat_map(from).collect();
        averages.sort_unstable_by(f64::total_cmp);
        Self { averages, pairs: log_ratios.len() }
    }

    /// The change in percent; `None` of no pairs.
    pub(super) fn percent(&self) -> Option<f64> {
        (self.pairs > 0).then(|| percent(super::median(&self.averages)))
    }

    /// From where to where the change is, in percent, and wrong about that no more often than `significance`;
    /// `None` where so few pairs cannot tell.
    pub(super) fn interval_percent(&self, significance: f64) -> Option<(f64, f64)> {
        // How many of the averages at either end are too far out.
        let is_exact = self.pairs <= EXACT_PAIRS_MAX;
        let outside = if is_exact { outside } else { outside_about }(self.pairs, significance);
        let first = outside.checked_sub(1)?;
        let last = (self.averages.len() - 1).checked_sub(first).filter(|last| *last >= first)?;
        Some((percent(self.averages[first]), percent(self.averages[last])))
    }
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
    use super::*;

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
        for pairs in [60, 200] {
            let (counted, about) = (outside(pairs, 0.05), outside_about(pairs, 0.05));
            assert!(counted.abs_diff(about) <= 2, "{pairs}: {counted} {about}");
        }
        let log_ratios: Vec<_> =
            (0..EXACT_PAIRS_MAX).map(|place| ((place * 7919) % 200) as f64 - 85.0).collect();
        let (counted, about) = (p_value(&log_ratios), normal_tail(z(&log_ratios).abs()));
        assert!(counted < 0.05 && (counted / about - 1.0).abs() < 0.1, "{counted} {about}");
        // Counting all arrangements of the signs of so many would leave the range of numbers.
        let many: Vec<_> = (0..2000).map(|place| if place % 5 == 0 { -0.01 } else { 0.02 }).collect();
        let (low, high) = Changes::of(&many).interval_percent(0.05).unwrap();
        assert!(p_value(&many) < 1e-12 && low > 0.0 && high < 2.1, "{low} {high}");
    }
}

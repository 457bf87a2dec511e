//! The Mann-Whitney U test, two-sided: how likely two sets of independent runs are to lie as far apart as
//! these do, or further, if nothing has changed. After Mann and Whitney (1947), as `scipy.stats.mannwhitneyu`
//! computes it, and with ties exact as well, which `tests/compare/reference.rs` compares with.

use std::f64::consts::PI;

/// Up to so many values, all arrangements are counted; beyond, the normal distribution is as good.
const EXACT_VALUES_MAX: usize = 100;

/// The p-value, 0 to 1.
pub fn p_value(base: &[f64], new: &[f64]) -> f64 {
    if base.is_empty() || new.is_empty() {
        return 1.0;
    }
    let ranks = Ranks::of(base, new);
    if base.len() + new.len() <= EXACT_VALUES_MAX { ranks.exact() } else { normal_tail(ranks.z(0.5)) }
}

/// How many standard deviations the statistic is from its mean; below zero where the new values are mostly
/// less than the base's.
pub(super) fn z(base: &[f64], new: &[f64]) -> f64 {
    let ranks = Ranks::of(base, new);
    if ranks.surplus() > 0.0 { -ranks.z(0.0) } else { ranks.z(0.0) }
}

/// The least p-value that so many values can have: that of two sets that do not overlap.
pub fn least_p_value(base: usize, new: usize) -> f64 {
    if base == 0 || new == 0 {
        return 1.0;
    }
    let arrangements = (1..=base).map(|place| (new + place) as f64 / place as f64).product::<f64>();
    (2.0 / arrangements).min(1.0)
}

/// Both tails of the normal distribution beyond `z`, by the series of Marsaglia (2004), to 1e-15.
pub(super) fn normal_tail(z: f64) -> f64 {
    let z = z.max(0.0);
    if z > 8.0 {
        return 0.0;
    }
    let (mut term, mut sum) = (z, z);
    let mut divisor = 1.0;
    while term > sum * 1e-17 {
        divisor += 2.0;
        term *= z * z / divisor;
        sum += term;
    }
    let density = (-z * z / 2.0).exp() / (2.0 * PI).sqrt();
    (1.0 - 2.0 * density * sum).clamp(0.0, 1.0)
}

/// What the order of all values together tells.
struct Ranks {
    /// Of all values, doubled so that those of ties are whole.
    doubled: Vec<usize>,
    /// Sum of the base's.
    doubled_sum: usize,
    base: usize,
    new: usize,
    /// Sum of t³ − t over all groups of t equal values.
    ties: f64,
}

impl Ranks {
    fn of(base: &[f64], new: &[f64]) -> Self {
        let mut all: Vec<_> = base.iter().map(|&value| (value, true)).collect();
        all.extend(new.iter().map(|&value| (value, false)));
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let doubled = Vec::with_capacity(all.len());
        let mut ranks = Self { doubled, doubled_sum: 0, base: base.len(), new: new.len(), ties: 0.0 };
        for equal in all.chunk_by(|a, b| a.0 == b.0) {
            // The mean of the ranks that they share.
            let doubled = 2 * ranks.doubled.len() + equal.len() + 1;
            ranks.doubled_sum += doubled * equal.iter().filter(|(_, is_base)| *is_base).count();
            ranks.doubled.extend(equal.iter().map(|_| doubled));
            let count = equal.len() as f64;
            ranks.ties += count.powi(3) - count;
        }
        ranks
    }

    /// Pairs of a base's and a new value in which the base's is greater, less half of all pairs; equal ones count
    /// half.
    fn surplus(&self) -> f64 {
        let (base, new) = (self.base as f64, self.new as f64);
        self.doubled_sum as f64 / 2.0 - base * (base + 1.0) / 2.0 - base * new / 2.0
    }

    /// Zero where all values are equal, and nothing can be told.
    fn z(&self, continuity: f64) -> f64 {
        let (all, pairs) = ((self.base + self.new) as f64, self.base as f64 * self.new as f64);
        let variance = pairs / 12.0 * (all + 1.0 - self.ties / (all * (all - 1.0)));
        if variance <= 0.0 { 0.0 } else { (self.surplus().abs() - continuity).max(0.0) / variance.sqrt() }
    }

    /// Twice the share of all arrangements whose rank sum is as far out on the same side, or further.
    fn exact(&self) -> f64 {
        // Of the smaller side, whose arrangements are fewer to go through.
        let chosen = self.base.min(self.new);
        let all: usize = self.doubled.iter().sum();
        let sum = if chosen == self.base { self.doubled_sum } else { all - self.doubled_sum };
        let most: usize = self.doubled.iter().rev().take(chosen).sum();
        // In how many ways so many of the values can be chosen that their ranks sum up to this: one value after
        // another is left out, or taken.
        let mut ways = vec![vec![0.0; most + 1]; chosen + 1];
        ways[0][0] = 1.0;
        for &rank in &self.doubled {
            for count in (1..=chosen).rev() {
                let (fewer, more) = ways.split_at_mut(count);
                for (with, without) in more[0].iter_mut().skip(rank).zip(&fewer[count - 1]) {
                    *with += without;
                }
            }
        }
        let ways = &ways[chosen];
        let [low, high]: [f64; 2] = [ways[..=sum].iter().sum(), ways[sum..].iter().sum()];
        (2.0 * low.min(high) / ways.iter().sum::<f64>()).min(1.0)
    }
}

/// Corrects p-values for how many they are, after Holm (1979): the chance that any of them is below a bound
/// by accident is then at most that bound.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<_> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut corrected = vec![0.0; p_values.len()];
    let mut least = 0.0_f64;
    for (place, &index) in order.iter().enumerate() {
        least = least.max((p_values.len() - place) as f64 * p_values[index]).min(1.0);
        corrected[index] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_against_three_can_never_tell() {
        assert!((least_p_value(3, 3) - 0.1).abs() < 1e-12);
        assert!((least_p_value(4, 4) - 2.0 / 70.0).abs() < 1e-12);
        assert_eq!((least_p_value(1, 1), least_p_value(0, 9)), (1.0, 1.0));
        for (base, new) in [(3, 3), (4, 4), (4, 9), (7, 7), (1, 30)] {
            let low: Vec<_> = (0..base).map(f64::from).collect();
            let high: Vec<_> = (100..100 + new).map(f64::from).collect();
            let least = least_p_value(low.len(), high.len());
            assert!((p_value(&low, &high) - least).abs() < 1e-12, "{base} {new}");
            assert!((p_value(&high, &low) - least).abs() < 1e-12, "{base} {new}");
        }
    }

    #[test]
    fn equal_values_tell_nothing() {
        assert_eq!(p_value(&[5.0; 7], &[5.0; 7]), 1.0);
        assert_eq!(p_value(&[], &[1.0]), 1.0);
        assert_eq!(p_value(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), 1.0);
    }

    /// The share of all choices of so many of the values whose ranks sum up to something as far out, one choice
    /// after the other.
    fn one_by_one(base: &[f64], new: &[f64]) -> f64 {
        let ranks = Ranks::of(base, new);
        let all = ranks.doubled.len();
        let sums =
            (0..1_u32 << all).filter(|choice| choice.count_ones() as usize == base.len()).map(|choice| {
                let taken = (0..all).filter(|place| choice >> place & 1 == 1);
                taken.map(|place| ranks.doubled[place]).sum::<usize>()
            });
        let sums: Vec<_> = sums.collect();
        let share = |is_so: &dyn Fn(usize) -> bool| {
            sums.iter().filter(|sum| is_so(**sum)).count() as f64 / sums.len() as f64
        };
        let sum = ranks.doubled_sum;
        (2.0 * share(&|other| other <= sum).min(share(&|other| other >= sum))).min(1.0)
    }

    #[test]
    fn ties_are_counted_and_not_approximated() {
        // The normal distribution has 0.0067 here.
        let (base, new) = ([100.0, 100.0, 100.0, 100.0, 100.0, 90.0], [90.0; 6]);
        assert!((p_value(&base, &new) - 14.0 / 924.0).abs() < 1e-12, "{}", p_value(&base, &new));
        for seed in 0..40_u64 {
            let value = |place: u64| ((seed * 31 + place * 17 + place * place * seed) % 5) as f64;
            let base: Vec<_> = (0..2 + seed % 5).map(value).collect();
            let new: Vec<_> = (50..52 + seed % 4).map(value).collect();
            let (found, expected) = (p_value(&base, &new), one_by_one(&base, &new));
            assert!((found - expected).abs() < 1e-12, "{base:?} {new:?}: {found} {expected}");
        }
    }

    #[test]
    fn counting_and_the_normal_distribution_agree_where_there_are_many() {
        let base: Vec<_> = (0..40).map(|i| f64::from(i * 7 % 40)).collect();
        let new: Vec<_> = (0..40).map(|i| f64::from(i * 11 % 40) + 5.5).collect();
        let counted = p_value(&base, &new);
        let approximated = normal_tail(Ranks::of(&base, &new).z(0.5));
        assert!((counted - approximated).abs() < 0.002, "{counted} {approximated}");
    }

    #[test]
    fn the_tails_are_those_of_the_tables() {
        for (z, tail) in [(0.0, 1.0), (1.0, 0.317_310_507_862_914_2), (1.959_963_984_540_054, 0.05)] {
            assert!((normal_tail(z) - tail).abs() < 1e-14, "{z}");
        }
        assert!(normal_tail(5.0) > 0.0 && normal_tail(9.0) == 0.0);
    }

    #[test]
    fn holm_raises_the_least_most_and_keeps_the_order() {
        let corrected = holm(&[0.01, 0.04, 0.03, 0.005]);
        let expected = [0.03, 0.06, 0.06, 0.02];
        assert!(corrected.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{corrected:?}");
        assert_eq!(holm(&[0.5, 0.6]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }
}

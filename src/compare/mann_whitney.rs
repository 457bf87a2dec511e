//! The Mann-Whitney U test, two-sided: how likely two sets of independent runs are to lie as far apart as
//! these do, or further, if nothing has changed. After Mann and Whitney (1947), as `scipy.stats.mannwhitneyu`
//! computes it, which `tests/compare/reference.rs` compares with.

use std::f64::consts::PI;

/// Up to so many values without ties, all arrangements are counted; beyond, the normal distribution is as good.
const EXACT_VALUES_MAX: usize = 100;

/// The p-value, 0 to 1.
pub fn p_value(base: &[f64], new: &[f64]) -> f64 {
    if base.is_empty() || new.is_empty() {
        return 1.0;
    }
    let ranks = Ranks::of(base, new);
    if ranks.ties == 0.0 && base.len() + new.len() <= EXACT_VALUES_MAX {
        exact(base.len(), new.len(), ranks.u_max() as usize)
    } else {
        normal_tail(ranks.z(0.5))
    }
}

/// How many standard deviations the statistic is from its mean; below zero where the new values are mostly
/// less than the base's.
pub(super) fn z(base: &[f64], new: &[f64]) -> f64 {
    let ranks = Ranks::of(base, new);
    let is_less = ranks.u > ranks.base * ranks.new / 2.0;
    if is_less { -ranks.z(0.0) } else { ranks.z(0.0) }
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
    /// Pairs of a base's and a new value in which the base's is greater; equal ones count half.
    u: f64,
    base: f64,
    new: f64,
    /// Sum of t³ − t over all groups of t equal values.
    ties: f64,
}

impl Ranks {
    fn of(base: &[f64], new: &[f64]) -> Self {
        let mut all: Vec<_> = base.iter().map(|&value| (value, true)).collect();
        all.extend(new.iter().map(|&value| (value, false)));
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut rank_sum, mut ties, mut before) = (0.0, 0.0, 0.0);
        for equal in all.chunk_by(|a, b| a.0 == b.0) {
            let count = equal.len() as f64;
            let rank = before + (count + 1.0) / 2.0;
            rank_sum += rank * equal.iter().filter(|(_, is_base)| *is_base).count() as f64;
            ties += count.powi(3) - count;
            before += count;
        }
        let (base, new) = (base.len() as f64, new.len() as f64);
        Self { u: rank_sum - base * (base + 1.0) / 2.0, base, new, ties }
    }

    fn u_max(&self) -> f64 {
        self.u.max(self.base * self.new - self.u)
    }

    /// Zero where all values are equal, and nothing can be told.
    fn z(&self, continuity: f64) -> f64 {
        let all = self.base + self.new;
        let pairs = self.base * self.new;
        let variance = pairs / 12.0 * (all + 1.0 - self.ties / (all * (all - 1.0)));
        if variance <= 0.0 {
            0.0
        } else {
            (self.u_max() - pairs / 2.0 - continuity).max(0.0) / variance.sqrt()
        }
    }
}

/// Twice the share of all arrangements whose statistic is `u` or more. `counts[u]` are the arrangements of
/// so many values on each side with the statistic u, one more value at a time.
fn exact(base: usize, new: usize, u: usize) -> f64 {
    // By the recurrence of Mann and Whitney: the greatest of all values is the base's, and then exceeds all
    // new ones, or it is a new one, and exceeds none that counts.
    let mut counts: Vec<Vec<f64>> = vec![vec![1.0]; new + 1];
    for base in 1..=base {
        let mut next: Vec<Vec<f64>> = vec![vec![1.0]];
        for new in 1..=new {
            let mut sum = vec![0.0; base * new + 1];
            for (place, count) in counts[new].iter().enumerate() {
                sum[place + new] += count;
            }
            for (place, count) in next[new - 1].iter().enumerate() {
                sum[place] += count;
            }
            next.push(sum);
        }
        counts = next;
    }
    let counts = &counts[new];
    let tail: f64 = counts[u.min(counts.len() - 1)..].iter().sum();
    (2.0 * tail / counts.iter().sum::<f64>()).min(1.0)
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

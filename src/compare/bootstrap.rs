//! How far the ratio of two medians may be off, by resampling the runs: Efron's percentile interval.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Always the same: who compares the same runs again is told the same.
pub const SEED: u64 = 20_261_121;

/// The middle value, or between the two middle ones. `NaN` if there is none.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    median_of_sorted(&values)
}

fn median_of_sorted(values: &[f64]) -> f64 {
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[odd / 2],
        even => f64::midpoint(values[even / 2 - 1], values[even / 2]),
    }
}

/// By how much the new median is more than the base's, in percent of that; `None` where that is not above 0.
pub fn change_percent(base: &[f64], new: &[f64]) -> Option<f64> {
    let (base, new) = (median(base), median(new));
    (base > 0.0 && new.is_finite()).then(|| percent(new / base))
}

/// From where to where the change is, in percent, after so many resamples of each side, and wrong about that as
/// often as `significance`; `None` where [`change_percent`] is, or one of the base's runs has nothing to divide by.
pub fn interval_percent(base: &[f64], new: &[f64], resamples: u64, significance: f64) -> Option<(f64, f64)> {
    let divisible = base.iter().all(|&value| value > 0.0);
    if base.is_empty() || new.is_empty() || !divisible {
        return None;
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut drawn = Vec::with_capacity(base.len().max(new.len()));
    let mut of = |values: &[f64]| {
        drawn.clear();
        drawn.extend(values.iter().map(|_| values[below(&mut random, values.len())]));
        drawn.sort_unstable_by(f64::total_cmp);
        median_of_sorted(&drawn)
    };
    let mut ratios: Vec<_> = (0..resamples)
        .map(|_| {
            let base = of(base);
            of(new) / base
        })
        .collect();
    ratios.sort_unstable_by(f64::total_cmp);
    let tail = significance / 2.0;
    Some((percent(quantile(&ratios, tail)), percent(quantile(&ratios, 1.0 - tail))))
}

/// Which of so many, each as likely.
fn below(random: &mut Xoshiro256PlusPlus, count: usize) -> usize {
    ((u128::from(random.next_u64()) * count as u128) >> 64) as usize
}

/// Between the two nearest of sorted values, as numpy has it.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    low + (high - low) * place.fract()
}

fn percent(ratio: f64) -> f64 {
    100.0 * (ratio - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!([median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0, 2.0, 3.0])], [2.0, 2.5]);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn equal_runs_have_an_interval_of_nothing() {
        assert_eq!(change_percent(&[5.0; 5], &[5.0; 4]), Some(0.0));
        assert_eq!(interval_percent(&[5.0; 5], &[5.0; 4], 100, 0.01), Some((0.0, 0.0)));
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(change_percent(&[0.0; 3], &[1.0; 3]), None);
        assert_eq!(interval_percent(&[0.0, 0.0, 1.0], &[1.0; 3], 100, 0.01), None);
        assert_eq!((change_percent(&[], &[1.0]), interval_percent(&[1.0], &[], 9, 0.01)), (None, None));
    }

    #[test]
    fn the_same_runs_have_the_same_interval() {
        let (base, new) = ([10.0, 11.0, 9.0, 10.5, 9.5], [12.0, 12.5, 11.5, 12.2, 11.8]);
        let first = interval_percent(&base, &new, 1000, 0.01).unwrap();
        assert_eq!(interval_percent(&base, &new, 1000, 0.01).unwrap(), first);
        let change = change_percent(&base, &new).unwrap();
        assert!(first.0 < change && change < first.1, "{first:?} {change}");
    }

    #[test]
    fn quantiles_lie_between_values() {
        assert_eq!([0.0, 0.25, 1.0].map(|share| quantile(&[1.0, 2.0, 4.0], share)), [1.0, 1.5, 4.0]);
    }
}

//! The two ways to tell a change from chance: runs that are independent of each other, and runs that were made
//! in turns, each of which is compared with the one beside it.

use super::bootstrap::{change_percent, interval_percent, median};
use super::signed_rank::{self, Changes};
use super::verdict::SIGNIFICANCE;
use super::{Metric, mann_whitney};
use crate::results::{MetricChange, PercentInterval};

/// How the figures of two sides are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// As independent of each other: medians, the Mann-Whitney test, and a bootstrap interval.
    Independent {
        /// What the interval is made of.
        resamples: u64,
    },
    /// Each with the one beside it: the signed-rank test on the ratios within pairs, with its estimate and interval.
    Paired,
}

/// What a test says of the figures of two sides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Test {
    /// Two-sided, 0 to 1.
    pub(super) p_value: f64,
    /// Standard deviations that its statistic is from the mean; below zero where the new side has mostly less.
    pub(super) z: f64,
}

impl Method {
    /// The test on the figures of the base, and the new ones.
    pub(super) fn test(self, base: &[f64], new: &[f64]) -> Test {
        match self {
            Self::Independent { .. } => {
                Test { p_value: mann_whitney::p_value(base, new), z: mann_whitney::z(base, new) }
            }
            Self::Paired => {
                let ratios = log_ratios(base, new).unwrap_or_default();
                Test { p_value: signed_rank::p_value(&ratios), z: signed_rank::z(&ratios) }
            }
        }
    }

    /// The least p-value that so many figures of either side can have, whatever they are.
    pub(super) fn least_p_value(self, base: usize, new: usize) -> f64 {
        match self {
            Self::Independent { .. } => mann_whitney::least_p_value(base, new),
            Self::Paired => signed_rank::least_p_value(base.min(new)),
        }
    }

    /// The fewest figures of either side that can tell anything, where p-values are multiplied by `correction`.
    pub(super) fn fewest(self, correction: f64) -> usize {
        let tells = |count: &usize| self.least_p_value(*count, *count) * correction < SIGNIFICANCE;
        (1..usize::MAX).find(tells).unwrap_or(usize::MAX)
    }

    /// How a metric has changed, and from where to where that is but for `significance`.
    pub(super) fn change(self, metric: Metric, base: &[f64], new: &[f64], significance: f64) -> MetricChange {
        let (change_percent, interval) = match self {
            Self::Independent { resamples } => {
                (change_percent(base, new), interval_percent(base, new, resamples, significance))
            }
            Self::Paired => {
                let changes = log_ratios(base, new).map(|ratios| Changes::of(&ratios));
                let interval = changes.as_ref().and_then(|changes| changes.interval_percent(significance));
                (changes.as_ref().and_then(Changes::percent), interval)
            }
        };
        MetricChange {
            name: metric.name().into(),
            higher_is_better: metric.higher_is_better(),
            base_median: median(base),
            new_median: median(new),
            change_percent,
            interval_percent: interval.map(|(low, high)| PercentInterval { low, high }),
        }
    }
}

/// `None` where there is nothing to divide.
fn log_ratios(base: &[f64], new: &[f64]) -> Option<Vec<f64>> {
    let is_above_zero = |value: &f64| *value > 0.0;
    let all = base.iter().all(is_above_zero) && new.iter().all(is_above_zero);
    all.then(|| base.iter().zip(new).map(|(base, new)| (new / base).ln()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEPENDENT: Method = Method::Independent { resamples: 1000 };

    #[test]
    fn a_drift_is_in_both_of_a_pair() {
        let drifting: Vec<_> = (0..20).map(|place| 100.0 * 1.05_f64.powi(place)).collect();
        let slower: Vec<_> = drifting.iter().map(|figure| 0.95 * figure).collect();
        let of = |method: Method| {
            let change = method.change(Metric::KeysPerSecond, &drifting, &slower, 0.01);
            let interval = change.interval_percent.unwrap();
            (method.test(&drifting, &slower), interval.high - interval.low)
        };
        let ((of_pairs, width_of_pairs), (of_all, width)) = (of(Method::Paired), of(INDEPENDENT));
        assert!(of_pairs.p_value < 1e-5 && of_all.p_value > 0.1, "{of_pairs:?} {of_all:?}");
        assert!(width_of_pairs < 1e-6 && width > 10.0, "{width_of_pairs} {width}");
        assert!(of_pairs.z < -3.0, "{of_pairs:?}");
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        let change = Method::Paired.change(Metric::KeysPerSecond, &[0.0, 1.0], &[1.0, 1.0], 0.01);
        assert_eq!((change.change_percent, change.interval_percent), (None, None));
        assert!(Method::Paired.test(&[0.0, 1.0], &[1.0, 1.0]).p_value >= 1.0);
    }

    /// So few runs of each side, all of one above all of the other's, are below the level by a hair, and one less
    /// never are.
    #[test]
    fn each_method_has_its_fewest_runs() {
        for (method, correction, fewest) in [
            (INDEPENDENT, 1.0, 5),
            (INDEPENDENT, 2.0, 6),
            (INDEPENDENT, 10.0, 7),
            (Method::Paired, 1.0, 8),
            (Method::Paired, 2.0, 9),
            (Method::Paired, 5.0, 10),
        ] {
            assert_eq!(method.fewest(correction), fewest, "{method:?} {correction}");
            let p_value = |count: usize| {
                let base: Vec<_> = (0..count).map(|place| 100.0 + place as f64).collect();
                let new: Vec<_> = base.iter().map(|figure| figure / 3.0).collect();
                method.test(&base, &new).p_value * correction
            };
            let (enough, too_few) = (p_value(fewest), p_value(fewest - 1));
            assert!(enough < SIGNIFICANCE && too_few >= SIGNIFICANCE, "{method:?}: {enough} {too_few}");
        }
    }
}

//! The two ways to tell a change from chance: runs that are independent of each other, and runs that were made
//! in turns, each of which is compared with the one beside it.

use super::bootstrap::{change_percent, interval_percent, median};
use super::points::Point;
use super::signed_rank::{self, Changes};
use super::verdict::SIGNIFICANCE;
use super::{CompareError, Metric, Run, mann_whitney};
use crate::results::{MetricChange, PercentInterval};

/// What is computed of the figures of a point: those of the base, and the new ones.
pub(super) struct Method {
    pub(super) p_value: fn(&[f64], &[f64]) -> f64,
    /// The least that so many runs of each side can have.
    pub(super) least_p_value: fn(usize, usize) -> f64,
    /// The same where both sides have as many.
    pub(super) least_p_value_of_equal: fn(usize) -> f64,
    /// Below zero where the new runs have mostly less.
    pub(super) z: fn(&[f64], &[f64]) -> f64,
    /// By how much the new figures are more, in percent, and from where to where that is, of so many resamples.
    change: fn(&[f64], &[f64], u64) -> Change,
}

/// A change in percent, and from where to where it is.
type Change = (Option<f64>, Option<(f64, f64)>);

/// Medians, a bootstrap interval, and the Mann-Whitney test.
pub(super) const INDEPENDENT: Method = Method {
    p_value: mann_whitney::p_value,
    least_p_value: mann_whitney::least_p_value,
    least_p_value_of_equal: |runs| mann_whitney::least_p_value(runs, runs),
    z: mann_whitney::z,
    change: |base, new, resamples| (change_percent(base, new), interval_percent(base, new, resamples)),
};

/// The signed-rank test on the ratios within pairs, with its estimate and interval.
pub(super) const PAIRED: Method = Method {
    p_value: |base, new| log_ratios(base, new).map_or(1.0, |ratios| signed_rank::p_value(&ratios)),
    least_p_value: |base, new| signed_rank::least_p_value(base.min(new)),
    least_p_value_of_equal: signed_rank::least_p_value,
    z: |base, new| log_ratios(base, new).map_or(0.0, |ratios| signed_rank::z(&ratios)),
    change: |base, new, _| {
        let changes = log_ratios(base, new).map(|ratios| Changes::of(&ratios));
        let interval = changes.as_ref().and_then(|changes| changes.interval_percent(SIGNIFICANCE));
        (changes.as_ref().and_then(Changes::percent), interval)
    },
};

impl Method {
    /// How a metric has changed.
    pub(super) fn change(&self, metric: Metric, base: &[f64], new: &[f64], resamples: u64) -> MetricChange {
        let (change_percent, interval) = (self.change)(base, new, resamples);
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

/// Puts the runs of a point into the order in which they were made, so that the first of either side make a pair,
/// and the second, and so on.
///
/// # Errors
/// [`CompareError::NotInPairs`] if they were not made so.
pub(super) fn put_in_pairs(point: &mut Point<'_>) -> Result<(), CompareError> {
    let not = |text| Err(CompareError::NotInPairs(text));
    // RFC 3339 with as many digits in all of them: their order is that of time.
    point.base.sort_by(|a, b| a.started_at.cmp(&b.started_at));
    point.new.sort_by(|a, b| a.started_at.cmp(&b.started_at));
    let (base, new) = (point.base.len(), point.new.len());
    if base != new {
        return not(format!("the base has {base} runs of a point, and the new side {new}"));
    }
    let pairs: Vec<_> = point.base.iter().zip(&point.new).map(|(&base, &new)| in_order(base, new)).collect();
    match pairs.windows(2).find(|two| two[1].0.started_at < two[0].1.started_at) {
        None => Ok(()),
        Some(two) => not(format!("{} began before {}, of an earlier pair", two[1].0.place, two[0].1.place)),
    }
}

/// The earlier run first.
fn in_order<'a>(base: &'a Run, new: &'a Run) -> (&'a Run, &'a Run) {
    if base.started_at <= new.started_at { (base, new) } else { (new, base) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests::run;

    fn at(id: &str, second: u32, figure: f64) -> Run {
        Run { started_at: format!("2026-11-22T02:10:{second:02}.000Z"), ..run(id, figure) }
    }

    fn put<'a>(base: &'a [Run], new: &'a [Run]) -> Result<Point<'a>, CompareError> {
        let (base, new) = (base.iter().collect(), new.iter().collect());
        let mut point = Point { parameters: run("a", 1.0).parameters, base, new };
        put_in_pairs(&mut point).map(|()| point)
    }

    #[test]
    fn pairs_are_those_of_time() {
        let base = [at("b2", 4, 1.0), at("b1", 1, 1.0)];
        let new = [at("n1", 2, 1.0), at("n2", 3, 1.0)];
        let point = put(&base, &new).unwrap();
        let ids = |runs: &[&Run]| -> Vec<_> { runs.iter().map(|run| run.id.clone()).collect() };
        assert_eq!(
            (ids(&point.base), ids(&point.new)),
            (vec!["b1".into(), "b2".into()], vec!["n1".into(), "n2".into()])
        );
    }

    #[test]
    fn runs_that_were_not_made_in_turns_are_refused() {
        let base = [at("b1", 1, 1.0), at("b2", 2, 1.0)];
        let new = [at("n1", 3, 1.0), at("n2", 4, 1.0)];
        let told = |base: &[Run], new: &[Run]| put(base, new).unwrap_err().to_string();
        assert!(told(&base, &new).contains("b2/run.json began before n1/run.json"), "{}", told(&base, &new));
        assert!(told(&base, &new[..1]).contains("2 runs of a point, and the new side 1"));
    }

    #[test]
    fn a_drift_is_in_both_of_a_pair() {
        let drifting: Vec<_> = (0..20).map(|place| 100.0 * 1.05_f64.powi(place)).collect();
        let slower: Vec<_> = drifting.iter().map(|figure| 0.95 * figure).collect();
        let of = |method: &Method| {
            let change = method.change(Metric::KeysPerSecond, &drifting, &slower, 1000);
            let interval = change.interval_percent.unwrap();
            ((method.p_value)(&drifting, &slower), interval.high - interval.low)
        };
        let ((p_of_pairs, width_of_pairs), (p, width)) = (of(&PAIRED), of(&INDEPENDENT));
        assert!(p_of_pairs < 1e-5 && p > 0.1, "{p_of_pairs} {p}");
        assert!(width_of_pairs < 1e-6 && width > 10.0, "{width_of_pairs} {width}");
        assert!((PAIRED.z)(&drifting, &slower) < -3.0);
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        let change = PAIRED.change(Metric::KeysPerSecond, &[0.0, 1.0], &[1.0, 1.0], 1000);
        assert_eq!((change.change_percent, change.interval_percent), (None, None));
        assert!((PAIRED.p_value)(&[0.0, 1.0], &[1.0, 1.0]) >= 1.0);
    }
}

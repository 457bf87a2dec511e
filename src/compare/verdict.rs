//! What follows from one point's statistics, and how many runs it would take where nothing does.

use super::mann_whitney::normal_tail;
use crate::results::{ComparedPoint, ComparisonVerdict, PercentInterval};

/// Corrected p-values below this are told from chance. A gate is asked every day, of servers that are mostly alike:
/// with one in twenty it would cry wolf every month, and nobody would come.
pub const SIGNIFICANCE: f64 = 0.01;

/// Nobody is told to make more runs than this, or than ten times those that were made.
const REPEATS_MAX: usize = 100;

/// Runs of a side whose spread says nothing of the noise.
const TOO_FEW_TO_SEE_NOISE: usize = 2;

/// Everything that a verdict rests on.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    /// Runs of the side that has fewer.
    pub(super) runs: usize,
    /// Change of the median and where it is, in percent; `None` if the base has nothing to compare with.
    pub(super) change: Option<(f64, PercentInterval)>,
    pub(super) higher_is_better: bool,
    /// Standard deviations that the test's statistic is from its mean; below zero where the new runs have
    /// mostly less.
    pub(super) z: f64,
    /// The test's p-value, corrected for the number of points.
    pub(super) p_value: f64,
    /// The least that so many runs can have.
    pub(super) p_value_least: f64,
    /// The same before it is corrected, of any number of runs of each side.
    pub(super) least_p_value: fn(usize) -> f64,
    /// What the correction multiplies that by.
    pub(super) correction: f64,
    pub(super) threshold_percent: f64,
    /// Corrected p-values below this are told from chance.
    pub(super) significance: f64,
}

/// The most runs of each side that [`Evidence::repeats_needed`] thinks of, where there are so many now.
fn repeats_max(runs: usize) -> usize {
    REPEATS_MAX.max(runs.saturating_mul(10))
}

/// A change in the direction that is worse, and its interval.
struct Worse {
    by: f64,
    low: f64,
    high: f64,
}

impl Evidence {
    /// The verdict, and why.
    pub(super) fn verdict(&self) -> (ComparisonVerdict, String) {
        let inconclusive = |reason| (ComparisonVerdict::Inconclusive, reason);
        if self.p_value_least >= self.significance {
            return inconclusive(format!(
                "too few runs: whatever they measure, p cannot be below {:.4}, and has to be below {}",
                self.p_value_least, self.significance
            ));
        }
        let Some(Worse { by, low, high }) = self.worse() else {
            return inconclusive("the base has figures of 0: there is no change in percent".into());
        };
        let threshold = self.threshold_percent;
        if -threshold <= low && high <= threshold {
            return (ComparisonVerdict::NoChange, format!("the whole interval lies within ±{threshold} %"));
        }
        let is_beyond = low > 0.0 || high < 0.0;
        if by.abs() < threshold {
            return inconclusive(match is_beyond {
                true => format!("it has changed, by less than {threshold} % or by more"),
                false => format!("too noisy: the interval holds 0 and reaches beyond ±{threshold} %"),
            });
        }
        if !is_beyond {
            return inconclusive(format!("too noisy: the change is {threshold} % or more, and may be 0"));
        }
        if !self.ranks_agree() {
            return inconclusive(
                "too noisy: the medians have changed one way, and most runs the other".into(),
            );
        }
        if self.p_value >= self.significance {
            return inconclusive(format!(
                "too noisy: p is {:.4}, and not below {}",
                self.p_value, self.significance
            ));
        }
        let reason =
            format!("the change is {threshold} % or more, and no accident (p is {:.1e})", self.p_value);
        let verdict = if by > 0.0 { ComparisonVerdict::Regression } else { ComparisonVerdict::Better };
        (verdict, reason)
    }

    /// Runs of each side that would settle it if they were as noisy as these: intervals shrink, and
    /// statistics grow, with the square root of their number. Where noise cannot be seen yet, the fewest that
    /// could.
    pub(super) fn repeats_needed(&self) -> Option<u64> {
        let is_enough = |p_value: f64| p_value * self.correction < self.significance;
        let more = self.runs + 1..=repeats_max(self.runs);
        let Some(Worse { by, low, high }) = self.worse() else {
            // So few pairs have no interval, and nobody knows how noisy they are: so many can tell at all.
            let are_too_few = self.p_value_least >= self.significance;
            let found = more.into_iter().find(|&runs| is_enough((self.least_p_value)(runs)));
            return found.filter(|_| are_too_few).map(|runs| runs as u64);
        };
        let is_settled_by = |runs: usize| {
            let narrower = (self.runs as f64 / runs as f64).sqrt();
            let (down, up) = ((by - low).max(0.0) * narrower, (high - by).max(0.0) * narrower);
            let is_same = by - down >= -self.threshold_percent && by + up <= self.threshold_percent;
            let is_beyond = by - down > 0.0 || by + up < 0.0;
            let is_other = by.abs() >= self.threshold_percent
                && is_beyond
                && self.ranks_agree()
                && is_enough(normal_tail(self.z.abs() / narrower));
            let is_known = self.runs > TOO_FEW_TO_SEE_NOISE;
            is_enough((self.least_p_value)(runs)) && (is_same || is_other || !is_known)
        };
        more.into_iter().find(|&runs| is_settled_by(runs)).map(|runs| runs as u64)
    }

    /// Whether the test tells of a change in the direction in which the median has changed.
    fn ranks_agree(&self) -> bool {
        self.change.is_some_and(|(change, _)| change * self.z > 0.0)
    }

    fn worse(&self) -> Option<Worse> {
        let (by, PercentInterval { low, high }) = self.change?;
        Some(match self.higher_is_better {
            true => Worse { by: -by, low: -high, high: -low },
            false => Worse { by, low, high },
        })
    }
}

/// The verdict over all points: the worst that is known, and nothing is known of none. What the new side lacks
/// may be worse than all that it has.
pub(super) fn overall(points: &[ComparedPoint], lacking: bool) -> ComparisonVerdict {
    use ComparisonVerdict::{Better, Inconclusive, NoChange, Regression};
    let any = |wanted| points.iter().any(|point| point.verdict == wanted);
    match points {
        [] => Inconclusive,
        _ if any(Regression) => Regression,
        _ if lacking || any(Inconclusive) => Inconclusive,
        _ if any(Better) => Better,
        _ => NoChange,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Throughputs of seven runs of each side, of one point.
    fn evidence(change: f64, interval: (f64, f64), p_value: f64) -> Evidence {
        let (low, high) = interval;
        Evidence {
            runs: 7,
            change: Some((change, PercentInterval { low, high })),
            higher_is_better: true,
            z: 3.0_f64.copysign(change),
            p_value,
            p_value_least: 0.0006,
            least_p_value: |runs| crate::compare::least_p_value(runs, runs),
            correction: 1.0,
            threshold_percent: 3.0,
            significance: SIGNIFICANCE,
        }
    }

    #[test]
    fn each_condition_has_to_be_met() {
        use ComparisonVerdict::{Better, Inconclusive, NoChange, Regression};
        for (change, interval, p_value, verdict, says) in [
            (-10.0, (-12.0, -8.0), 0.001, Regression, "no accident"),
            (10.0, (8.0, 12.0), 0.001, Better, "no accident"),
            (-2.5, (-2.9, -2.1), 0.001, NoChange, "within ±3 %"),
            (-2.5, (-3.1, -2.1), 0.001, Inconclusive, "by less than 3 % or by more"),
            (-2.5, (-8.0, 3.0), 0.001, Inconclusive, "holds 0 and reaches beyond ±3 %"),
            (-10.0, (-21.0, 1.0), 0.001, Inconclusive, "may be 0"),
            (10.0, (-1.0, 21.0), 0.001, Inconclusive, "may be 0"),
            (-10.0, (-12.0, -8.0), 0.0104, Inconclusive, "p is 0.0104"),
        ] {
            let found = evidence(change, interval, p_value).verdict();
            assert_eq!(found.0, verdict, "{change} {interval:?} {p_value}");
            assert!(found.1.contains(says), "{says:?} is not in {:?}", found.1);
        }
        let nothing = Evidence { change: None, ..evidence(1.0, (0.0, 2.0), 0.5) };
        assert_eq!((nothing.verdict().0, nothing.repeats_needed()), (Inconclusive, None));
        let least_p_value = crate::compare::signed_rank::least_p_value;
        let few = Evidence { runs: 4, p_value_least: 0.125, least_p_value, ..nothing };
        assert!(few.verdict().1.contains("too few runs"), "{:?}", few.verdict());
        assert_eq!(few.repeats_needed(), Some(8));
    }

    #[test]
    fn where_there_are_many_runs_more_are_thought_of() {
        let many = Evidence { runs: 150, ..evidence(-1.0, (-4.0, 2.0), 0.5) };
        assert_eq!(many.repeats_needed(), Some(338));
    }

    #[test]
    fn what_is_noisier_wants_more_runs() {
        let repeats = |noise: f64| evidence(-1.0, (-1.0 - noise, -1.0 + noise), 0.5).repeats_needed();
        assert_eq!([3.0, 5.0, 9.0].map(repeats), [Some(16), Some(44), None]);
    }
}

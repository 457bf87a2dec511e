//! What follows from one point's statistics, and how many runs it would take where nothing does.

use super::mann_whitney::normal_tail;
use super::method::Method;
use super::pairs::not_drawn;
use crate::results::{ComparedPoint, ComparisonVerdict, PercentInterval};

/// How often chance may find a difference where there is none, over all points and looks of a comparison. A gate is
/// asked every day, of servers that are mostly alike: with one in twenty it would cry wolf every month, and nobody
/// would come.
pub const SIGNIFICANCE: f64 = 0.01;

/// Nobody is told to make more runs than this, or than ten times those that were made.
const REPEATS_MAX: usize = 100;

/// Runs of a side whose spread says nothing of the noise.
const TOO_FEW_TO_SEE_NOISE: usize = 2;

/// A p-value below this is told as that.
const P_VALUE_SHOWN: f64 = 1e-9;

/// Everything that a verdict rests on.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    pub(super) method: Method,
    /// Figures of the side that has fewer.
    pub(super) figures: usize,
    /// Runs that each of them stands for.
    pub(super) runs_each: usize,
    /// Change of the median and where it is, in percent; `None` if the base has nothing to compare with.
    pub(super) change: Option<(f64, PercentInterval)>,
    pub(super) higher_is_better: bool,
    /// Standard deviations that the test's statistic is from its mean; below zero where the new figures are
    /// mostly less.
    pub(super) z: f64,
    /// The test's p-value, corrected for the number of points and looks.
    pub(super) p_value: f64,
    /// The least that so many figures can have.
    pub(super) p_value_least: f64,
    /// What the correction multiplies that by.
    pub(super) correction: f64,
    pub(super) threshold_percent: f64,
    /// In how many pairs the base's run was first, where that may not have been left to chance.
    pub(super) base_first: Option<usize>,
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
        let noisy = |what: &str| {
            let even = match self.repeats_needed() {
                Some(_) => String::new(),
                None => {
                    format!("; even {} runs of each side would not settle it", self.runs(self.figures_max()))
                }
            };
            inconclusive(format!("{what}{even}"))
        };
        if self.is_too_few() {
            return inconclusive(format!(
                "too few runs: whatever they measure, p cannot be below {:.4}, and has to be below {SIGNIFICANCE}, \
                 which takes {} runs of each side at least",
                self.p_value_least,
                self.runs(self.method.fewest(self.correction))
            ));
        }
        if let Some(reason) = self.base_first.and_then(|base_first| not_drawn(base_first, self.figures)) {
            return inconclusive(reason);
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
            return noisy(&match is_beyond {
                true => format!("it has changed, by less than {threshold} % or by more"),
                false => format!("too noisy: the interval holds 0 and reaches beyond ±{threshold} %"),
            });
        }
        if !is_beyond {
            return noisy(&format!("too noisy: the change is {threshold} % or more, and may be 0"));
        }
        if !self.ranks_agree() {
            return noisy("too noisy: the medians have changed one way, and most runs the other");
        }
        if self.p_value >= SIGNIFICANCE {
            return noisy(&format!("too noisy: p is {:.4}, and not below {SIGNIFICANCE}", self.p_value));
        }
        let p = match self.p_value {
            least if least < P_VALUE_SHOWN => format!("below {P_VALUE_SHOWN:e}"),
            p => format!("{p:.1e}"),
        };
        let reason = format!("the change is {threshold} % or more, and no accident (p is {p})");
        let verdict = if by > 0.0 { ComparisonVerdict::Regression } else { ComparisonVerdict::Better };
        (verdict, reason)
    }

    /// Runs of each side that would settle it if they were as noisy as these: intervals shrink, and
    /// statistics grow, with the square root of their number. Where noise cannot be seen yet, the fewest that
    /// could; `None` where more of them settle nothing.
    pub(super) fn repeats_needed(&self) -> Option<u64> {
        let fewest = self.method.fewest(self.correction);
        let Some(Worse { by, low, high }) = self.worse() else {
            // So few pairs have no interval, and nobody knows how noisy they are.
            return self.is_too_few().then(|| self.runs(fewest));
        };
        if self.base_first.is_some_and(|base_first| not_drawn(base_first, self.figures).is_some()) {
            return None;
        }
        let is_settled_by = |figures: usize| {
            let narrower = (self.figures as f64 / figures as f64).sqrt();
            let (down, up) = ((by - low).max(0.0) * narrower, (high - by).max(0.0) * narrower);
            let is_same = by - down >= -self.threshold_percent && by + up <= self.threshold_percent;
            let is_beyond = by - down > 0.0 || by + up < 0.0;
            let is_other = by.abs() >= self.threshold_percent
                && is_beyond
                && self.ranks_agree()
                && normal_tail(self.z.abs() / narrower) * self.correction < SIGNIFICANCE;
            is_same || is_other || self.figures <= TOO_FEW_TO_SEE_NOISE
        };
        let mut more = fewest.max(self.figures + 1)..=self.figures_max();
        more.find(|&figures| is_settled_by(figures)).map(|figures| self.runs(figures))
    }

    /// Whether p can be below the level at all.
    fn is_too_few(&self) -> bool {
        self.p_value_least >= SIGNIFICANCE
    }

    /// The most figures of each side that [`Self::repeats_needed`] thinks of, where there are so many now.
    fn figures_max(&self) -> usize {
        REPEATS_MAX.max(self.figures.saturating_mul(10))
    }

    fn runs(&self, figures: usize) -> u64 {
        figures.saturating_mul(self.runs_each) as u64
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

    const INDEPENDENT: Method = Method::Independent { resamples: 1000 };

    /// Throughputs of seven runs of each side, of one point.
    fn evidence(change: f64, interval: (f64, f64), p_value: f64) -> Evidence {
        let (low, high) = interval;
        Evidence {
            method: INDEPENDENT,
            figures: 7,
            runs_each: 1,
            change: Some((change, PercentInterval { low, high })),
            higher_is_better: true,
            z: 3.0_f64.copysign(change),
            p_value,
            p_value_least: 0.0006,
            correction: 1.0,
            threshold_percent: 3.0,
            base_first: None,
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
        let none = evidence(-10.0, (-12.0, -8.0), 1e-17).verdict().1;
        assert!(none.contains("(p is below 1e-9)"), "{none}");
    }

    #[test]
    fn too_few_runs_are_told_with_those_that_it_takes() {
        let change = Some((-50.0, PercentInterval { low: -51.0, high: -49.0 }));
        for (method, change, figures, runs_each, says, needed) in [
            (INDEPENDENT, change, 3, 1, "takes 5 runs of each side at least", 6),
            (INDEPENDENT, change, 1, 1, "takes 5 runs of each side at least", 5),
            (Method::Paired, None, 4, 1, "takes 8 runs of each side at least", 8),
            (Method::Paired, None, 4, 5, "takes 40 runs of each side at least", 40),
        ] {
            let p_value_least = method.least_p_value(figures, figures);
            let few = Evidence {
                method,
                change,
                figures,
                runs_each,
                p_value_least,
                ..evidence(1.0, (0.0, 2.0), 0.5)
            };
            let few = Evidence { z: -1.96, ..few };
            let (verdict, reason) = few.verdict();
            assert_eq!(
                (verdict, few.repeats_needed()),
                (ComparisonVerdict::Inconclusive, Some(needed)),
                "{reason}"
            );
            assert!(reason.starts_with("too few runs") && reason.ends_with(says), "{reason}");
        }
    }

    /// Whatever else they say, and however many more there were.
    #[test]
    fn pairs_in_an_order_of_their_own_settle_nothing() {
        for (interval, change) in [((-12.0, -8.0), -10.0), ((-1.0, 1.0), 0.0)] {
            let pairs = Evidence { method: Method::Paired, figures: 12, ..evidence(change, interval, 0.001) };
            let drawn = Evidence { base_first: Some(7), ..pairs.clone() };
            assert_ne!(drawn.verdict().0, ComparisonVerdict::Inconclusive);
            let always = Evidence { base_first: Some(12), ..pairs };
            let (verdict, reason) = always.verdict();
            assert_eq!((verdict, always.repeats_needed()), (ComparisonVerdict::Inconclusive, None));
            assert!(reason.contains("the base side was run first in 12 of 12 pairs"), "{reason}");
        }
    }

    #[test]
    fn where_there_are_many_runs_more_are_thought_of() {
        let many = Evidence { figures: 150, ..evidence(-1.0, (-4.0, 2.0), 0.5) };
        assert_eq!(many.repeats_needed(), Some(338));
    }

    #[test]
    fn what_is_noisier_wants_more_runs() {
        let repeats = |noise: f64| evidence(-1.0, (-1.0 - noise, -1.0 + noise), 0.5).repeats_needed();
        assert_eq!([3.0, 5.0, 9.0].map(repeats), [Some(16), Some(44), None]);
        let reason = evidence(-1.0, (-10.0, 8.0), 0.5).verdict().1;
        assert!(reason.ends_with("; even 100 runs of each side would not settle it"), "{reason}");
    }
}

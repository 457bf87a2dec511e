//! What follows from pairs of runs, each of which counts once: the ratio of its two figures.

use super::design::SIGNIFICANCE;
use super::state::LiveOptions;
use crate::compare::comparison::SHOWN;
use crate::compare::signed_rank::{Changes, least_p_value, p_value, z};
use crate::compare::verdict::Evidence;
use crate::compare::{Metric, Run, median};
use crate::results::{ComparedPoint, ComparisonVerdict, LiveLook, MetricChange, PercentInterval};

/// Two runs, one after the other, one of each side.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) base: Run,
    pub(super) new: Run,
    /// Which one was first.
    pub(super) base_first: bool,
}

impl Pair {
    /// The logarithm of new to base; `None` where there is nothing to divide.
    fn log_ratio(&self, metric: Metric) -> Option<f64> {
        let (base, new) = (self.base.figure(metric)?, self.new.figure(metric)?);
        (base > 0.0 && new > 0.0).then(|| (new / base).ln())
    }

    /// By how much the new figure is more than the base's, in percent of that.
    pub(super) fn change_percent(&self, metric: Metric) -> Option<f64> {
        self.log_ratio(metric).map(|log_ratio| 100.0 * log_ratio.exp_m1())
    }
}

/// The verdict on all pairs, as if a look were due.
pub(super) fn judge(pairs: &[Pair], options: &LiveOptions) -> ComparedPoint {
    let (asked, design) = (&options.compare, &options.design);
    let log_ratios = log_ratios(pairs, asked.metric).unwrap_or_default();
    let decisive = change(pairs, asked.metric, design.significance());
    let p = p_value(&log_ratios);
    let correction = design.correction();
    let [p_value_corrected, p_value_least] =
        [p, least_p_value(pairs.len())].map(|p_value| (p_value * correction).min(1.0));
    let evidence = Evidence {
        runs: pairs.len(),
        change: decisive.change_percent.zip(decisive.interval_percent),
        higher_is_better: asked.metric.higher_is_better(),
        z: z(&log_ratios),
        p_value: p_value_corrected,
        p_value_least,
        least_p_value,
        correction,
        threshold_percent: asked.threshold_percent,
        significance: SIGNIFICANCE,
    };
    let (verdict, reason) = evidence.verdict();
    let is_open = verdict == ComparisonVerdict::Inconclusive;
    let shown = SHOWN.into_iter().filter(|metric| *metric != asked.metric);
    let runs = || pairs.iter().flat_map(|pair| [&pair.base, &pair.new]);
    let known = shown.filter(|metric| runs().all(|run| run.figure(*metric).is_some()));
    let others = known.map(|metric| change(pairs, metric, design.significance()));
    ComparedPoint {
        parameters: pairs.first().map(|pair| pair.base.parameters.clone()).unwrap_or_default(),
        base_runs: pairs.len() as u64,
        new_runs: pairs.len() as u64,
        metrics: std::iter::once(decisive).chain(others).collect(),
        p_value: p,
        p_value_corrected,
        p_value_least,
        verdict,
        reason,
        repeats_needed: if is_open { evidence.repeats_needed() } else { None },
    }
}

/// How a metric has changed; an interval is there only where there are pairs enough for one at a look.
pub(super) fn change(pairs: &[Pair], metric: Metric, significance: f64) -> MetricChange {
    let of = |side: fn(&Pair) -> &Run| -> f64 {
        let figures: Vec<_> = pairs.iter().filter_map(|pair| side(pair).figure(metric)).collect();
        median(&figures)
    };
    let changes = log_ratios(pairs, metric).map(|log_ratios| Changes::of(&log_ratios));
    let interval = changes.as_ref().and_then(|changes| changes.interval_percent(significance));
    MetricChange {
        name: metric.name().into(),
        higher_is_better: metric.higher_is_better(),
        base_median: of(|pair| &pair.base),
        new_median: of(|pair| &pair.new),
        change_percent: changes.as_ref().and_then(Changes::percent),
        interval_percent: interval.map(|(low, high)| PercentInterval { low, high }),
    }
}

/// What a look has come to.
pub(super) fn look(pairs: &[Pair], point: &ComparedPoint) -> LiveLook {
    let decisive = point.metrics.first();
    LiveLook {
        pairs: pairs.len() as u64,
        change_percent: decisive.and_then(|one| one.change_percent),
        interval_percent: decisive.and_then(|one| one.interval_percent),
        p_value_corrected: point.p_value_corrected,
        verdict: point.verdict,
    }
}

/// `None` if one of the pairs has none.
fn log_ratios(pairs: &[Pair], metric: Metric) -> Option<Vec<f64>> {
    pairs.iter().map(|pair| pair.log_ratio(metric)).collect()
}

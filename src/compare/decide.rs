//! The one place where figures become verdicts, whether the runs were there or are made meanwhile: each point by the
//! same method, all of them together at one level.

use super::Metric;
use super::comparison::CompareOptions;
use super::mann_whitney::holm;
use super::verdict::{Evidence, SIGNIFICANCE};
use crate::results::{ComparedPoint, ComparisonVerdict, MetricChange, PointParameters};

/// Shown beside the metric that decides.
const SHOWN: [Metric; 6] = [
    Metric::KeysPerSecond,
    Metric::LatencyUsP50,
    Metric::LatencyUsP99,
    Metric::LatencyUsP99_9,
    Metric::ClientCpuSecondsPerGb,
    Metric::ServersCpuSecondsPerGb,
];

/// What a run has measured, in the order of [`Metric::ALL`].
pub(super) type Figures = [Option<f64>; Metric::ALL.len()];

/// The runs of one point, of which the figures are all that matters here.
pub(super) struct Sides<'a> {
    pub(super) parameters: &'a PointParameters,
    pub(super) base: Vec<&'a Figures>,
    pub(super) new: Vec<&'a Figures>,
    /// Runs that each of these stands for.
    pub(super) runs_each: usize,
    /// In how many pairs the base's run was first, where that may not have been left to chance.
    pub(super) base_first: Option<usize>,
}

impl Sides<'_> {
    /// A metric's figures of the base, and the new ones.
    fn of(&self, metric: Metric) -> (Vec<f64>, Vec<f64>) {
        let place = Metric::ALL.iter().position(|one| *one == metric).unwrap_or_default();
        let of = |side: &[&Figures]| side.iter().filter_map(|figures| figures[place]).collect();
        (of(&self.base), of(&self.new))
    }

    /// How a metric has changed.
    pub(super) fn change(&self, metric: Metric, options: &CompareOptions, looks: usize) -> MetricChange {
        let (base, new) = self.of(metric);
        options.method.change(metric, &base, &new, SIGNIFICANCE / looks as f64)
    }

    /// How the metrics have changed that decide nothing, where all runs have them.
    fn others(&self, options: &CompareOptions, looks: usize) -> Vec<MetricChange> {
        let shown = SHOWN.into_iter().filter(|metric| *metric != options.metric);
        let is_known = |metric: &Metric| {
            let (base, new) = self.of(*metric);
            (base.len(), new.len()) == (self.base.len(), self.new.len())
        };
        shown.filter(is_known).map(|metric| self.change(metric, options, looks)).collect()
    }
}

/// Decides each point. They are looked at so many times altogether, of which this is one: every look has an equal
/// share of the chance to be wrong (Bonferroni), and of that each point what Holm's method leaves it.
pub(super) fn decide(points: &[Sides<'_>], options: &CompareOptions, looks: usize) -> Vec<ComparedPoint> {
    let method = options.method;
    let corrected = |p_values: &[f64]| -> Vec<f64> {
        holm(p_values).into_iter().map(|p_value| (p_value * looks as f64).min(1.0)).collect()
    };
    let least: Vec<_> =
        points.iter().map(|point| method.least_p_value(point.base.len(), point.new.len())).collect();
    let tests: Vec<_> = points
        .iter()
        .map(|point| {
            let (base, new) = point.of(options.metric);
            method.test(&base, &new)
        })
        .collect();
    // Where there are many values, and equal ones, the test's approximation may say less than is possible.
    let p_values: Vec<_> = tests.iter().zip(&least).map(|(test, least)| test.p_value.max(*least)).collect();
    let p_values_corrected = corrected(&p_values);
    let one = |place: usize| {
        let point = &points[place];
        let decisive = point.change(options.metric, options, looks);
        // Beside the others as they are.
        let mut otherwise = p_values.clone();
        otherwise[place] = least[place];
        let p_value_least = corrected(&otherwise)[place];
        let as_great = otherwise.iter().filter(|&&other| other >= least[place]).count();
        let evidence = Evidence {
            method,
            figures: point.base.len().min(point.new.len()),
            runs_each: point.runs_each,
            change: decisive.change_percent.zip(decisive.interval_percent),
            higher_is_better: options.metric.higher_is_better(),
            z: tests[place].z,
            p_value: p_values_corrected[place],
            p_value_least,
            correction: (as_great * looks) as f64,
            threshold_percent: options.threshold_percent,
            base_first: point.base_first,
        };
        let (verdict, reason) = evidence.verdict();
        let is_open = verdict == ComparisonVerdict::Inconclusive;
        ComparedPoint {
            parameters: point.parameters.clone(),
            base_runs: (point.base.len() * point.runs_each) as u64,
            new_runs: (point.new.len() * point.runs_each) as u64,
            metrics: std::iter::once(decisive).chain(point.others(options, looks)).collect(),
            p_value: p_values[place],
            p_value_corrected: p_values_corrected[place],
            p_value_least,
            verdict,
            reason,
            repeats_needed: if is_open { evidence.repeats_needed() } else { None },
        }
    };
    (0..points.len()).map(one).collect()
}

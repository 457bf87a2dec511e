//! What the tables of a comparison say in the same words.

use crate::report::terminal::renewed;
use crate::report::terminal::words::{micros, short};
use crate::results::{
    ComparedPoint, Comparison, ComparisonVerdict, LiveComparison, LonePoint, MetricChange, PercentInterval,
    PointParameters,
};
use crate::units::plural;

/// What a parameter is that was not given.
const UNSAID: [&str; 3] = ["auto", "none", "false"];

/// What points have in common, and what tells them apart.
pub(super) struct Names {
    /// Places in [`PointParameters::named`].
    varying: Vec<usize>,
    /// What all points have, as far as it was asked.
    pub(super) everywhere: String,
}

impl Names {
    pub(super) fn of(comparison: &Comparison) -> Self {
        let compared = comparison.points.iter().map(|point| &point.parameters);
        let lone = comparison.only_base.iter().chain(&comparison.only_new).map(|point| &point.parameters);
        let all: Vec<_> = compared.chain(lone).map(PointParameters::named).collect();
        let Some(first) = all.first() else {
            return Self { varying: Vec::new(), everywhere: String::new() };
        };
        let is_varying = |place: &usize| all.iter().any(|one| one[*place] != first[*place]);
        let (varying, same): (Vec<_>, Vec<_>) = (0..first.len()).partition(is_varying);
        let said = same.into_iter().map(|place| &first[place]);
        let said = said.filter(|(_, value)| !UNSAID.contains(&value.as_str()));
        Self { varying, everywhere: said.map(named).collect::<Vec<_>>().join(", ") }
    }

    /// What tells a point from the others; empty if there are no others.
    pub(super) fn name(&self, point: &PointParameters) -> String {
        let all = point.named();
        self.varying.iter().map(|&place| named(&all[place])).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn lone(&self, point: &LonePoint) -> String {
        format!("{} ({})", self.name(&point.parameters), runs(point.runs))
    }
}

fn named((name, value): &(&'static str, String)) -> String {
    format!("{name} {value}")
}

pub(super) fn runs(count: u64) -> String {
    plural(count, "run")
}

/// Runs of all points of each side.
pub(super) fn runs_of_sides(comparison: &Comparison) -> (u64, u64) {
    let of = |lone: &[LonePoint]| lone.iter().map(|point| point.runs).sum::<u64>();
    let (base, new) = (of(&comparison.only_base), of(&comparison.only_new));
    let points = comparison.points.iter();
    points.fold((base, new), |(base, new), point| (base + point.base_runs, new + point.new_runs))
}

/// The verdict over all points, and what it means.
pub(super) fn headline(comparison: &Comparison) -> String {
    let Comparison { points, verdict, options, .. } = comparison;
    let count = points.iter().filter(|point| point.verdict == *verdict).count();
    let places = match points.len() {
        1 => String::new(),
        all => format!(" at {count} of {all} points"),
    };
    let metric = &options.metric;
    let meaning = match verdict {
        _ if points.is_empty() => "no point is on both sides".into(),
        ComparisonVerdict::NoChange => {
            format!("whatever has changed in {metric} is less than {} %", options.threshold_percent)
        }
        ComparisonVerdict::Better => format!("{metric} is better{places}, and worse at none"),
        ComparisonVerdict::Regression => format!("{metric} is worse{places}"),
        ComparisonVerdict::Inconclusive if count == 0 => {
            let (lacking, all) = (comparison.only_base.len(), points.len() + comparison.only_base.len());
            format!("the new side lacks {lacking} of the base's {all} points")
        }
        ComparisonVerdict::Inconclusive => format!("these runs cannot tell{places}"),
    };
    format!("{}: {meaning}", word(*verdict))
}

pub(in crate::report) fn word(verdict: ComparisonVerdict) -> &'static str {
    match verdict {
        ComparisonVerdict::NoChange => "no change",
        ComparisonVerdict::Better => "better",
        ComparisonVerdict::Regression => "regression",
        ComparisonVerdict::Inconclusive => "inconclusive",
    }
}

/// How a live comparison went: when it was looked at, and what repeats it.
pub(super) fn course(live: &LiveComparison) -> String {
    let LiveComparison { planned_looks, looks, pairs, ended, renewed_after_pairs, .. } = live;
    let list = |pairs: &mut dyn Iterator<Item = u64>| {
        pairs.map(|one| one.to_string()).collect::<Vec<_>>().join(", ")
    };
    let taken = match looks.len() {
        0 => "not looked at yet".into(),
        _ => format!("looked at after {}", list(&mut looks.iter().map(|look| look.pairs))),
    };
    let servers = renewed_after_pairs
        .map_or_else(String::new, |pairs| format!("; on servers started anew {}", renewed(pairs)));
    format!(
        "{} in turns, {taken} (planned: {}), {}{servers}; in the order of --shuffle-seed {}",
        plural(pairs.len() as u64, "pair"),
        list(&mut planned_looks.iter().copied()),
        ended.words(),
        live.shuffle_seed
    )
}

/// Why a point is not settled, and what would settle it; nothing if it is.
pub(super) fn open_question(point: &ComparedPoint) -> Option<String> {
    if point.verdict != ComparisonVerdict::Inconclusive {
        return None;
    }
    // Of so few, nobody knows how noisy they are, and the reason says how many it takes at least.
    let are_few = point.base_runs.min(point.new_runs) < 3 || point.metrics[0].interval_percent.is_none();
    let reason = &point.reason;
    Some(match point.repeats_needed.filter(|_| !are_few) {
        Some(repeats) => format!("{reason}; about {repeats} runs of each side would settle it"),
        None => reason.clone(),
    })
}

/// A metric's name where there is little room.
pub(super) fn label(metric: &MetricChange) -> String {
    match metric.name.as_str() {
        "keys_per_second" => "keys/s".into(),
        "client_cpu_seconds_per_gb" => "client CPU".into(),
        "servers_cpu_seconds_per_gb" => "server CPU".into(),
        name => name.trim_start_matches("latency_us_").replace('_', "."),
    }
}

/// A figure in the metric's unit.
pub(super) fn figure(metric: &MetricChange, value: f64) -> String {
    match metric.name.as_str() {
        "keys_per_second" => short(value),
        name if name.starts_with("latency_us_") => micros(value.round() as u64),
        _ => format!("{value:.2} s/GB"),
    }
}

pub(in crate::report) fn change(metric: &MetricChange) -> String {
    metric.change_percent.map_or_else(|| "?".into(), |change| format!("{}%", signed(change)))
}

pub(in crate::report) fn interval(metric: &MetricChange) -> String {
    metric.interval_percent.map_or_else(|| "?".into(), percents)
}

/// `-3.0 to -0.8%`
pub(in crate::report) fn percents(PercentInterval { low, high }: PercentInterval) -> String {
    format!("{} to {}%", signed(low), signed(high))
}

/// What the column of the intervals is called: `99% interval`.
pub(super) fn interval_heading(comparison: &Comparison) -> String {
    format!("{}% interval", (1000.0 * comparison.method.confidence).round() / 10.0)
}

/// One digit after the point, and none where there are enough before it.
pub(in crate::report) fn signed(percent: f64) -> String {
    match percent.abs() {
        large if large >= 99.95 => format!("{percent:+.0}"),
        // No zero is negative.
        small if small < 0.05 => "+0.0".into(),
        _ => format!("{percent:+.1}"),
    }
}

pub(super) fn p_value(p_value: f64) -> String {
    if p_value < 0.0001 { "<.0001".into() } else { format!("{p_value:.4}") }
}

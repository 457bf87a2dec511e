//! The whole of a comparison: pair the points, see that they are comparable, decide each, and all.

use super::bootstrap::{CONFIDENCE, SEED};
use super::comparable::obstacles;
use super::mann_whitney::holm;
use super::method::{INDEPENDENT, Method, PAIRED, put_in_pairs};
use super::points::{Point, join_other_targets, points};
use super::verdict::{Evidence, SIGNIFICANCE, overall};
use super::{CompareError, Difference, Metric, Run, Runs};
use crate::results::{
    COMPARE_SCHEMA, CompareAsked, CompareMethod, ComparedPoint, Comparison, ComparisonVerdict, LonePoint,
    MetricChange, Program,
};

/// Resamples that each interval is made of.
pub const RESAMPLES: u64 = 10_000;

/// Shown beside the metric that decides.
pub(super) const SHOWN: [Metric; 6] = [
    Metric::KeysPerSecond,
    Metric::LatencyUsP50,
    Metric::LatencyUsP99,
    Metric::LatencyUsP99_9,
    Metric::ClientCpuSecondsPerGb,
    Metric::ServersCpuSecondsPerGb,
];

/// How to compare.
#[derive(Clone, Debug)]
pub struct CompareOptions {
    /// What decides.
    pub metric: Metric,
    /// The smallest change that matters, in percent.
    pub threshold_percent: f64,
    /// What is compared all the same.
    pub despite: Vec<Difference>,
    /// [`RESAMPLES`], unless time matters more.
    pub resamples: u64,
    /// Whether both sides were run in turns, and each run is compared with the one beside it.
    pub paired: bool,
}

/// Compares the runs of two sides.
///
/// # Errors
/// [`CompareError`] if they are not comparable.
pub fn compare(base: &Runs, new: &Runs, options: &CompareOptions) -> Result<Comparison, CompareError> {
    let twice =
        base.runs.iter().find_map(|run| Some((run, new.runs.iter().find(|other| other.id == run.id)?)));
    if let Some((run, other)) = twice {
        let [base, new] = [run, other].map(|run| run.place.clone());
        return Err(CompareError::SameRun { run: run.id.clone(), base, new });
    }
    let passed_over = base.passed_over.iter().chain(&new.passed_over);
    let mut warnings: Vec<_> = passed_over.map(|text| format!("passed over: {text}")).collect();
    let mut points = paired(base, new, options, &mut warnings)?;
    let lone = |side: fn(&Point<'_>) -> usize| -> Vec<LonePoint> {
        let lone = points.iter().filter(|point| !point.is_on_both_sides() && side(point) > 0);
        lone.map(|point| LonePoint { parameters: point.parameters.clone(), runs: side(point) as u64 })
            .collect()
    };
    let (only_base, only_new) = (lone(|point| point.base.len()), lone(|point| point.new.len()));
    points.retain(Point::is_on_both_sides);
    if options.paired {
        points.iter_mut().try_for_each(put_in_pairs)?;
    }
    warnings
        .extend(points.iter().filter_map(|point| chosen_otherwise(point.base.first()?, point.new.first()?)));
    let points = decided(&points, options);
    let lacking = !only_base.is_empty() && !options.despite.contains(&Difference::Points);
    Ok(Comparison {
        schema: COMPARE_SCHEMA.into(),
        program: Program { version: env!("CARGO_PKG_VERSION").into() },
        options: CompareAsked {
            base: base.path.clone(),
            new: new.path.clone(),
            metric: options.metric.name().into(),
            threshold_percent: options.threshold_percent,
            despite: options.despite.iter().map(|one| one.name().into()).collect(),
            paired: options.paired,
        },
        method: CompareMethod {
            confidence: CONFIDENCE,
            significance: SIGNIFICANCE,
            // The interval of pairs is that of their test.
            resamples: if options.paired { 0 } else { options.resamples },
            seed: if options.paired { 0 } else { SEED },
        },
        live: None,
        verdict: overall(&points, lacking),
        points,
        only_base,
        only_new,
        warnings,
    })
}

/// The points of all runs that can be compared.
fn paired<'a>(
    base: &'a Runs,
    new: &'a Runs,
    options: &CompareOptions,
    warnings: &mut Vec<String>,
) -> Result<Vec<Point<'a>>, CompareError> {
    let all = |side: &'a Runs| -> Vec<&'a Run> { side.runs.iter().collect() };
    let measured = |side: &'a Runs| -> Vec<&'a Run> {
        side.runs.iter().filter(|run| run.is_whole() && run.figure(options.metric).is_some()).collect()
    };
    let (of_base, of_new) = (measured(base), measured(new));
    for (side, kept) in [(base, &of_base), (new, &of_new)] {
        let name = options.metric.name();
        let mut warn = |count: usize, what: &str| {
            if count > 0 {
                warnings.push(format!("{count} of {} runs of {} {what}", side.runs.len(), side.path));
            }
        };
        warn(side.runs.len() - kept.len(), &format!("came to no end or have no {name}, and are left out"));
        let count = |is_so: fn(&Run) -> bool| kept.iter().filter(|run| is_so(run)).count();
        warn(count(|run| run.repaired > 0), "had keys written again after the fill that was measured");
        warn(
            count(|run| run.limited_by == "unknown"),
            "were too short, or told too little, to say what limited them",
        );
    }
    let mut measured = points(&of_base, &of_new);
    let joined = join_other_targets(&mut measured, &options.despite);
    let everything = points(&all(base), &all(new));
    let mut in_the_way = obstacles(&everything, &measured, options.metric, &options.despite);
    in_the_way.extend(joined.err());
    let points = measured;
    if in_the_way.is_empty() { Ok(points) } else { Err(CompareError::NotComparable(in_the_way)) }
}

/// What was left open may be chosen otherwise by another version of the client.
pub(super) fn chosen_otherwise(base: &Run, new: &Run) -> Option<String> {
    let pairs = base.chosen.iter().zip(&new.chosen).filter(|(base, new)| base != new);
    let told: Vec<_> = pairs.map(|(base, new)| format!("{} {} and {}", base.0, base.1, new.1)).collect();
    let places = format!("{} and {}", base.place, new.place);
    (!told.is_empty()).then(|| format!("the client chose otherwise in {places}: {}", told.join(", ")))
}

fn decided(points: &[Point<'_>], options: &CompareOptions) -> Vec<ComparedPoint> {
    let method = if options.paired { &PAIRED } else { &INDEPENDENT };
    let samples: Vec<_> = points.iter().map(|point| figures(point, options.metric)).collect();
    let least = |base: &[f64], new: &[f64]| (method.least_p_value)(base.len(), new.len());
    // Where values are equal, the test's approximation may say less than is possible.
    let p_values = samples.iter().map(|(base, new)| (method.p_value)(base, new).max(least(base, new)));
    let p_values: Vec<_> = p_values.collect();
    let corrected = holm(&p_values);
    let judged = points.iter().zip(&samples).zip(p_values.iter().zip(corrected)).enumerate();
    judged
        .map(|(place, ((point, (base, new)), (&p_value, p_value_corrected)))| {
            let mut otherwise = p_values.clone();
            otherwise[place] = least(base, new);
            let p_value_least = holm(&otherwise)[place];
            let decisive = method.change(options.metric, base, new, options.resamples);
            let evidence = Evidence {
                runs: base.len().min(new.len()),
                change: decisive.change_percent.zip(decisive.interval_percent),
                higher_is_better: options.metric.higher_is_better(),
                z: (method.z)(base, new),
                p_value: p_value_corrected,
                p_value_least,
                least_p_value: method.least_p_value_of_equal,
                correction: otherwise.iter().filter(|&&other| other >= otherwise[place]).count() as f64,
                threshold_percent: options.threshold_percent,
                significance: SIGNIFICANCE,
            };
            let (verdict, reason) = evidence.verdict();
            let is_open = verdict == ComparisonVerdict::Inconclusive;
            ComparedPoint {
                parameters: point.parameters.clone(),
                base_runs: base.len() as u64,
                new_runs: new.len() as u64,
                metrics: std::iter::once(decisive).chain(others(point, method, options)).collect(),
                p_value,
                p_value_corrected,
                p_value_least,
                verdict,
                reason,
                repeats_needed: if is_open { evidence.repeats_needed() } else { None },
            }
        })
        .collect()
}

/// What is shown beside, where all runs have it.
fn others(point: &Point<'_>, method: &Method, options: &CompareOptions) -> Vec<MetricChange> {
    let shown = SHOWN.into_iter().filter(|metric| *metric != options.metric);
    let known = shown.filter(|metric| point.runs().all(|run| run.figure(*metric).is_some()));
    known
        .map(|metric| {
            let (base, new) = figures(point, metric);
            method.change(metric, &base, &new, options.resamples)
        })
        .collect()
}

fn figures(point: &Point<'_>, metric: Metric) -> (Vec<f64>, Vec<f64>) {
    let of = |runs: &[&Run]| runs.iter().filter_map(|run| run.figure(metric)).collect();
    (of(&point.base), of(&point.new))
}

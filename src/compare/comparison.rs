//! The whole of a comparison of runs that are there: pair the points, see that they are comparable, decide each,
//! and all.

use std::collections::HashMap;

use super::bootstrap::SEED;
use super::comparable::obstacles;
use super::decide::{Sides, decide};
use super::method::Method;
use super::pairs::put_in_pairs;
use super::points::{Point, join_other_targets, points};
use super::verdict::{SIGNIFICANCE, overall};
use super::{CompareError, Difference, Metric, Run, Runs};
use crate::results::{
    COMPARE_SCHEMA, CompareAsked, CompareMethod, ComparedPoint, Comparison, LiveComparison, LonePoint,
    Program,
};

/// Resamples that each interval of independent runs is made of.
pub const RESAMPLES: u64 = 10_000;

/// How to compare.
#[derive(Clone, Debug)]
pub struct CompareOptions {
    /// What decides.
    pub metric: Metric,
    /// The smallest change that matters, in percent.
    pub threshold_percent: f64,
    /// What is compared all the same.
    pub despite: Vec<Difference>,
    /// Whether each run is compared with the one beside it, or all with all.
    pub method: Method,
}

/// Compares the runs of two sides.
///
/// # Errors
/// [`CompareError`] if they are not comparable.
pub fn compare(base: &Runs, new: &Runs, options: &CompareOptions) -> Result<Comparison, CompareError> {
    let of_base: HashMap<&str, &Run> = base.runs.iter().map(|run| (run.id.as_str(), run)).collect();
    let twice = new.runs.iter().find_map(|other| Some((of_base.get(other.id.as_str())?, other)));
    if let Some((run, other)) = twice {
        let [base, new] = [*run, other].map(|run| run.place.clone());
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
    let sides = points.iter_mut().map(|point| sides_of(point, options.method));
    let sides = sides.collect::<Result<Vec<_>, _>>()?;
    let decided = decide(&sides, options, 1);
    warnings
        .extend(points.iter().filter_map(|point| chosen_otherwise(point.base.first()?, point.new.first()?)));
    let lacking = !only_base.is_empty() && !options.despite.contains(&Difference::Points);
    let verdict = overall(&decided, lacking);
    let names = [base.path.clone(), new.path.clone()];
    Ok(Comparison { only_base, only_new, verdict, ..options.recorded(names, 1, decided, warnings, None) })
}

impl CompareOptions {
    /// The record of a comparison of these two, whose points are looked at so many times altogether.
    pub(super) fn recorded(
        &self,
        [base, new]: [String; 2],
        looks: usize,
        points: Vec<ComparedPoint>,
        warnings: Vec<String>,
        live: Option<LiveComparison>,
    ) -> Comparison {
        let (paired, resamples, seed) = match self.method {
            Method::Independent { resamples } => (false, resamples, SEED),
            // The interval of pairs is that of their test, and nothing is drawn for it.
            Method::Paired => (true, 0, 0),
        };
        Comparison {
            schema: COMPARE_SCHEMA.into(),
            program: Program { version: env!("CARGO_PKG_VERSION").into() },
            options: CompareAsked {
                base,
                new,
                metric: self.metric.name().into(),
                threshold_percent: self.threshold_percent,
                despite: self.despite.iter().map(|one| one.name().into()).collect(),
                paired,
            },
            method: CompareMethod {
                confidence: 1.0 - SIGNIFICANCE / looks as f64,
                significance: SIGNIFICANCE,
                resamples,
                seed,
            },
            live,
            verdict: overall(&points, false),
            points,
            only_base: Vec::new(),
            only_new: Vec::new(),
            warnings,
        }
    }
}

/// What is decided on, of a point that both sides have.
fn sides_of<'a>(point: &'a mut Point<'_>, method: Method) -> Result<Sides<'a>, CompareError> {
    let base_first = match method {
        Method::Independent { .. } => None,
        Method::Paired => Some(put_in_pairs(point)?),
    };
    let figures = |runs: &'a [&Run]| runs.iter().map(|run| &run.figures).collect();
    let Point { parameters, base, new } = point;
    Ok(Sides { parameters, base: figures(base), new: figures(new), runs_each: 1, base_first })
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

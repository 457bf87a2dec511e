//! The whole: which runs count, what they have in common, their points, and what follows.

use super::choose::choices;
use super::closer::{counterparts, courses, latencies, reference};
use super::effects::effects;
use super::parameters::{Parameters, machine};
use super::points::{counted, measured, points};
use crate::bottleneck::SHORTEST_SECONDS;
use crate::recorded::{FoundSweep, Run, Runs};
use crate::results::{Absent, Bounds, Spread, Study, Target, Unmeasured};

/// Runs that are named because no point is made of them.
const UNMEASURED_MAX: usize = 20;

/// Warnings that are told.
const WARNINGS_MAX: usize = 10;

/// Things of one kind that are listed: machines, servers, targets, programs, sweeps that lack runs.
const LISTED_MAX: usize = 10;

/// How to study.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StudyOptions {
    /// What counts as bounded and small.
    pub bounds: Bounds,
}

/// Studies runs. A run that is in several places is taken once; `sweeps` say what else was to be there.
pub fn study(sources: &[Runs], sweeps: &[FoundSweep], options: &StudyOptions) -> Study {
    let mut taken = std::collections::BTreeSet::new();
    let all = sources.iter().flat_map(|source| &source.runs);
    let runs: Vec<&Run> = all.filter(|run| taken.insert(run.id.as_str())).collect();
    let (good, bad): (Vec<&Run>, Vec<&Run>) = runs.iter().partition(|run| measured(run).is_ok());
    let parameters = Parameters::of(&good);
    let points = points(&good, &parameters);
    let choices = choices(&points, &parameters, options.bounds);
    let reference = reference(&points, &choices, &parameters);
    let counterparts = counterparts(&points, reference, &parameters);
    let of_client = good.iter().filter(|run| run.limited_by == "client").count();
    let starts = || runs.iter().map(|run| run.started_at.as_str()).filter(|at| !at.is_empty());
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Study {
        paths: sources.iter().map(|source| source.path.clone()).collect(),
        runs: runs.len() as u64,
        started_at: (owned(starts().min()), owned(starts().max())),
        measured: good.len() as u64,
        fill_bytes: spread(&good, |run| {
            let parameters = &run.parameters;
            (run.facts.keys as f64) * (parameters.key_size as f64 + parameters.value_size as f64)
        }),
        fill_seconds: spread(&good, |run| run.facts.fill_seconds),
        client_limited: of_client as u64,
        too_short: good.iter().filter(|run| run.facts.fill_seconds < SHORTEST_SECONDS).count() as u64,
        compared: Vec::new(),
        unmeasured: bad.iter().take(UNMEASURED_MAX).map(|run| unmeasured(run)).collect(),
        unmeasured_left_out: bad.len().saturating_sub(UNMEASURED_MAX) as u64,
        absent: sweeps.iter().filter_map(|sweep| absent(sweep, &runs)).take(LISTED_MAX).collect(),
        passed_over: listed(sources.iter().flat_map(|source| source.passed_over.iter().cloned())),
        machines: listed(runs.iter().map(|run| machine(run))),
        servers: listed(runs.iter().map(|run| run.server.clone())),
        targets: listed(runs.iter().map(|run| target(run))),
        programs: listed(runs.iter().map(|run| run.facts.program_version.clone())),
        effects: effects(&parameters.swept, &points, reference),
        choices,
        warnings: warnings(&runs),
        latencies: latencies(&points, reference, &counterparts, &parameters),
        courses: courses(&runs, &points, &counterparts),
        reference,
        counterparts,
        points,
        swept: parameters.swept,
        everywhere: parameters.everywhere,
    }
}

fn spread(runs: &[&Run], of: impl Fn(&Run) -> f64) -> Spread {
    Spread::of(&mut runs.iter().map(|run| of(run)).collect::<Vec<_>>())
}

fn unmeasured(run: &Run) -> Unmeasured {
    let what = measured(run).err().unwrap_or_default();
    Unmeasured { place: run.place.clone(), what, why: run.facts.error.clone() }
}

/// How many runs a sweep was to have, beyond those that are in its folder; nothing if it has them all.
fn absent(found: &FoundSweep, runs: &[&Run]) -> Option<Absent> {
    let is_there = |run: &&&Run| found.folders.iter().any(|folder| run.file.starts_with(folder));
    let lacking = found.sweep.order.len().saturating_sub(runs.iter().filter(is_there).count());
    let folder = found.folders.first()?.display().to_string();
    (lacking > 0).then_some(Absent { folder, runs: lacking as u64 })
}

fn target(run: &Run) -> String {
    let parameters = &run.parameters;
    let target = Target {
        mode: parameters.target_mode.clone(),
        masters: parameters.target_masters,
        ..Target::default()
    };
    match parameters.target_mode.is_empty() {
        true => String::new(),
        false => format!("{}, {}", target.describe(), parameters.target_kind),
    }
}

/// Each text once, most frequent first, and how many more there are.
fn listed(texts: impl Iterator<Item = String>) -> Vec<String> {
    let texts: Vec<String> = texts.filter(|text| !text.trim().is_empty()).collect();
    let all = counted(texts.iter().map(String::as_str));
    let more = all.len().saturating_sub(LISTED_MAX);
    let mut listed: Vec<String> = all.into_iter().take(LISTED_MAX).map(|(text, _)| text).collect();
    if more > 0 {
        listed.push(format!("{more} more"));
    }
    listed
}

fn warnings(runs: &[&Run]) -> Vec<(String, u64)> {
    let mut all = counted(runs.iter().flat_map(|run| &run.facts.warnings).map(String::as_str));
    all.truncate(WARNINGS_MAX);
    all
}

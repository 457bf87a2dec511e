//! Runs with the same parameters, machine and servers make a point.

use std::collections::BTreeMap;

use super::parameters::Parameters;
use crate::recorded::{Metric, Run, RunFacts};
use crate::results::{IN_FLIGHT_BYTES_MAX, Spread, StudiedPoint};

/// Whether a point can be made of a run.
///
/// # Errors
/// Why not.
pub(super) fn measured(run: &Run) -> Result<(), String> {
    match run.verdict.as_str() {
        "exact" | "discarded" if run.is_resumed => {
            Err("went on from another run, and measured a part of a fill".into())
        }
        "exact" | "discarded" if run.figure(Metric::KeysPerSecond).is_none() => {
            Err("too short to be measured".into())
        }
        "exact" | "discarded" => Ok(()),
        other => Err(format!("ended as `{other}`")),
    }
}

/// All points: those of one workload together, in the order of its values, and the fastest of them first.
pub(super) fn points(runs: &[&Run], parameters: &Parameters) -> Vec<StudiedPoint> {
    let mut of: BTreeMap<Vec<usize>, Vec<&Run>> = BTreeMap::new();
    for run in runs {
        of.entry(parameters.values(run)).or_default().push(run);
    }
    let mut points: Vec<_> = of.into_iter().map(|(values, runs)| point(values, &runs)).collect();
    points.sort_by(|a, b| {
        let of_workload = |point: &StudiedPoint| workload(point, parameters);
        of_workload(a).cmp(&of_workload(b)).then(b.rate.median.total_cmp(&a.rate.median))
    });
    points
}

/// The values of what says which keys are sent, and where to.
pub(super) fn workload(point: &StudiedPoint, parameters: &Parameters) -> Vec<usize> {
    let values = point.values.iter().zip(&parameters.swept);
    values.filter(|(_, swept)| !swept.is_setting).map(|(value, _)| *value).collect()
}

fn point(values: Vec<usize>, runs: &[&Run]) -> StudiedPoint {
    let parameters = runs.first().map(|run| run.parameters.clone()).unwrap_or_default();
    let figures = |metric| runs.iter().filter_map(|run| run.figure(metric)).collect::<Vec<f64>>();
    let spread = |metric| {
        let mut figures = figures(metric);
        (!figures.is_empty()).then(|| Spread::of(&mut figures))
    };
    let keys_per_second = figures(Metric::KeysPerSecond);
    let most = |of: fn(&Run) -> u64| runs.iter().map(|run| of(run)).max().unwrap_or_default();
    let bytes_per_key = parameters.key_size.saturating_add(parameters.value_size);
    StudiedPoint {
        values,
        runs: runs.iter().map(|run| run.id.clone()).collect(),
        rate: Spread::of(&mut keys_per_second.clone()),
        keys_per_second,
        bytes_per_key,
        latency_us_p50: spread(Metric::LatencyUsP50),
        latency_us_p99: spread(Metric::LatencyUsP99),
        client_cpu_seconds_per_gb: spread(Metric::ClientCpuSecondsPerGb),
        servers_cpu_seconds_per_gb: spread(Metric::ServersCpuSecondsPerGb),
        client_peak_rss_bytes: (parameters.target_kind != "embedded")
            .then(|| most(|run| run.facts.client_peak_rss_bytes)),
        in_flight_bytes: runs
            .iter()
            .map(|run| in_flight_bytes(&run.facts, bytes_per_key))
            .max()
            .unwrap_or_default(),
        threads: most(|run| run.facts.threads),
        writers: most(|run| run.facts.writers),
        limited_by: counted(runs.iter().map(|run| run.limited_by.as_str())),
        verdicts: counted(runs.iter().map(|run| run.verdict.as_str())),
        incidents: runs.iter().map(|run| run.facts.incidents).sum(),
        parameters,
    }
}

/// What may be unanswered at a master, in bytes of keys and values.
fn in_flight_bytes(facts: &RunFacts, bytes_per_key: u64) -> u64 {
    let pipeline = facts.pipeline_depth.saturating_mul(bytes_per_key).max(1);
    // A writer begins no further pipeline beyond its part of the bound, and ends the one that it has begun.
    let most = (IN_FLIGHT_BYTES_MAX / facts.writers.max(1)).div_ceil(pipeline);
    let pipelines = facts.window.min(most.max(1)).saturating_mul(facts.writers);
    pipelines.saturating_mul(pipeline).min(facts.keys.saturating_mul(bytes_per_key))
}

/// Each word and how often it is there, most frequent first.
pub(super) fn counted<'a>(words: impl Iterator<Item = &'a str>) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    words.for_each(|word| *counts.entry(word).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().map(|(word, count)| (word.to_owned(), count)).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

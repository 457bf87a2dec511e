//! What is worth a closer look: points for their latencies, runs for their course.

use std::collections::BTreeMap;

use super::parameters::{PLACES, Parameters};
use super::points::workload;
use crate::recorded::Run;
use crate::results::{Aim, Choices, CourseOf, CourseWhy, StudiedPoint};

/// Points whose latencies are looked at.
const LATENCIES_MAX: usize = 6;

/// So many runs or fewer are all looked at.
const FEW: usize = 3;

/// Places whose points are held against each other.
const COUNTERPARTS_MAX: usize = 4;

/// Runs that are looked at for what happened in them.
const EVENTFUL_MAX: usize = 2;

/// The point that the grid is looked at from: that of the best settings, at the workload with the most points;
/// among equals, at one in the middle. Where settings were not compared, it is that workload's fastest.
pub(super) fn reference(
    points: &[StudiedPoint],
    choices: &[Choices],
    parameters: &Parameters,
) -> Option<usize> {
    let mut workloads: BTreeMap<(u64, Vec<usize>), Vec<usize>> = BTreeMap::new();
    for (place, point) in points.iter().enumerate() {
        workloads.entry((point.bytes_per_key, workload(point, parameters))).or_default().push(place);
    }
    let most = workloads.values().map(Vec::len).max()?;
    let equal: Vec<_> = workloads.into_values().filter(|points| points.len() == most).collect();
    let middle = equal.get((equal.len() - 1) / 2)?;
    let best = choices.iter().flat_map(|choices| &choices.choices);
    let best = best.filter(|choice| choice.aim == Aim::Throughput).filter_map(|choice| choice.best.as_ref());
    let of_best = best.flat_map(|best| &best.points).find(|place| middle.contains(place));
    // The fastest stands first.
    of_best.or(middle.first()).copied()
}

/// The reference, and the points that differ from it in nothing but where they were sent.
pub(super) fn counterparts(
    points: &[StudiedPoint],
    reference: Option<usize>,
    parameters: &Parameters,
) -> Vec<usize> {
    let Some(reference) = reference else { return Vec::new() };
    let is_like = |place: &usize| {
        let pairs = points[*place].values.iter().zip(&points[reference].values).zip(&parameters.swept);
        pairs.into_iter().all(|((own, other), swept)| own == other || PLACES.contains(&swept.name.as_str()))
    };
    (0..points.len()).filter(is_like).take(COUNTERPARTS_MAX).collect()
}

/// The points whose latencies are worth a look: all if they are few; the counterparts if there are several; else, of
/// the reference's workload, the fastest and the slowest, those with the lowest and the highest 99th percentile, and
/// the reference itself.
pub(super) fn latencies(
    points: &[StudiedPoint],
    reference: Option<usize>,
    counterparts: &[usize],
    parameters: &Parameters,
) -> Vec<usize> {
    if points.len() <= LATENCIES_MAX {
        return (0..points.len()).collect();
    }
    if counterparts.len() > 1 {
        return counterparts.to_vec();
    }
    let Some(reference) = reference else { return Vec::new() };
    let own = workload(&points[reference], parameters);
    let mut alike: Vec<usize> =
        (0..points.len()).filter(|&place| workload(&points[place], parameters) == own).collect();
    if alike.len() == 1 {
        // Only the workloads differ.
        alike = (0..points.len()).collect();
    }
    if alike.len() <= LATENCIES_MAX {
        return alike;
    }
    let mut by_p99 = alike.clone();
    by_p99.retain(|&place| points[place].latency_us_p99.is_some());
    let p99 = |place: usize| points[place].latency_us_p99.map_or(0.0, |spread| spread.median);
    by_p99.sort_by(|a, b| p99(*a).total_cmp(&p99(*b)));
    let ends = [alike.first(), alike.last()].into_iter();
    let of_p99 = [by_p99.first(), by_p99.get(1), by_p99.last()].into_iter();
    let mut chosen: Vec<usize> = ends.chain(of_p99).flatten().copied().chain([reference]).collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// The runs whose course is worth a look: all if they are few; else the middle run of the reference point and of each
/// of its counterparts, and those to whose masters most happened.
pub(super) fn courses(runs: &[&Run], points: &[StudiedPoint], counterparts: &[usize]) -> Vec<CourseOf> {
    let point_of: BTreeMap<&str, usize> = points
        .iter()
        .enumerate()
        .flat_map(|(place, point)| point.runs.iter().map(move |run| (run.as_str(), place)))
        .collect();
    let course = |run: &str, why| CourseOf { run: run.into(), point: point_of.get(run).copied(), why };
    if runs.len() <= FEW {
        return runs.iter().map(|run| course(&run.id, CourseWhy::Few)).collect();
    }
    let mut courses = Vec::new();
    for middle in counterparts.iter().filter_map(|&place| middle_run(&points[place])) {
        courses.push(course(middle, CourseWhy::Typical));
    }
    let mut eventful: Vec<_> = runs.iter().filter(|run| run.facts.incidents > 0).collect();
    eventful.sort_by_key(|run| std::cmp::Reverse(run.facts.incidents));
    for run in eventful.into_iter().take(EVENTFUL_MAX) {
        if courses.iter().all(|known| known.run != run.id) {
            courses.push(course(&run.id, CourseWhy::Incidents));
        }
    }
    courses
}

/// The run whose rate is nearest to the median.
fn middle_run(point: &StudiedPoint) -> Option<&str> {
    let distance = |place: usize| (point.keys_per_second[place] - point.rate.median).abs();
    let middle = (0..point.runs.len()).min_by(|a, b| distance(*a).total_cmp(&distance(*b)));
    middle.map(|place| point.runs[place].as_str())
}

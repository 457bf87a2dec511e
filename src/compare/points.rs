//! Runs with the same parameters make a point; points are paired over the two sides.

use super::{Difference, Obstacle, Run};
use crate::results::PointParameters;

/// Runs with the same parameters.
#[derive(Clone, Debug)]
pub(super) struct Point<'a> {
    /// Those of the first of them.
    pub(super) parameters: PointParameters,
    pub(super) base: Vec<&'a Run>,
    pub(super) new: Vec<&'a Run>,
}

impl<'a> Point<'a> {
    pub(super) fn is_on_both_sides(&self) -> bool {
        !self.base.is_empty() && !self.new.is_empty()
    }

    pub(super) fn runs(&self) -> impl Iterator<Item = &'a Run> {
        self.base.iter().chain(&self.new).copied()
    }

    fn is_like(&self, other: &Self) -> bool {
        self.parameters.without_target() == other.parameters.without_target()
    }
}

/// All points, in the order in which their first runs come.
pub(super) fn points<'a>(base: &[&'a Run], new: &[&'a Run]) -> Vec<Point<'a>> {
    let mut points: Vec<Point<'a>> = Vec::new();
    let sides = base.iter().map(|run| (*run, true)).chain(new.iter().map(|run| (*run, false)));
    for (run, is_base) in sides {
        let place = points.iter().position(|point| point.parameters == run.parameters);
        let place = place.unwrap_or_else(|| {
            let parameters = run.parameters.clone();
            points.push(Point { parameters, base: Vec::new(), new: Vec::new() });
            points.len() - 1
        });
        let point = &mut points[place];
        if is_base { point.base.push(run) } else { point.new.push(run) }
    }
    points
}

/// Points of one side each that differ in nothing but where they were sent are joined if that is meant so,
/// and are in the way if not. Where there is more than one to choose from, they stay apart.
///
/// # Errors
/// The first such pair.
pub(super) fn join_other_targets(
    points: &mut Vec<Point<'_>>,
    despite: &[Difference],
) -> Result<(), Obstacle> {
    let mut place = 0;
    while place < points.len() {
        let is_lone = |point: &Point<'_>| !point.is_on_both_sides();
        let like = |side: fn(&Point<'_>) -> bool| -> Vec<usize> {
            let all = points.iter().enumerate();
            let found =
                all.filter(|(_, point)| is_lone(point) && side(point) && point.is_like(&points[place]));
            found.map(|(place, _)| place).collect()
        };
        let (of_base, of_new) = (like(|point| !point.base.is_empty()), like(|point| !point.new.is_empty()));
        place += 1;
        let (Some(&base), Some(&new)) = (of_base.first(), of_new.first()) else { continue };
        if !despite.contains(&Difference::Target) {
            let (base, new) = (&points[base], &points[new]);
            let text = format!("{}, and {}", told(base), told(new));
            return Err(Obstacle { difference: Difference::Target, text });
        }
        if (of_base.len(), of_new.len()) == (1, 1) {
            let runs = std::mem::take(&mut points[new].new);
            points[base].new = runs;
            points.retain(|point| point.runs().next().is_some());
            // What stood before may have moved up.
            place = 0;
        }
    }
    Ok(())
}

fn told(point: &Point<'_>) -> String {
    let PointParameters { target_kind, target_mode, target_masters, .. } = &point.parameters;
    let place = point.runs().next().map_or("", |run| run.place.as_str());
    let masters = if *target_masters == 1 { "1 master".into() } else { format!("{target_masters} masters") };
    match target_kind.is_empty() || target_mode.is_empty() {
        true => format!("{place} reached no target"),
        false => format!("{place} was sent to {masters} ({target_kind} {target_mode})"),
    }
}

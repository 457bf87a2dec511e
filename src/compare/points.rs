//! Runs with the same parameters make a point; points are paired over the two sides.

use super::{Difference, Obstacle, Run};
use crate::results::PointParameters;
use crate::units::plural;

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
    let mut likeness: Vec<_> = points.iter().map(|point| point.parameters.without_target()).collect();
    let mut place = 0;
    // Whatever the base has stands before what the new side alone has.
    while place < points.len() && !points[place].base.is_empty() {
        let is_like = |(other, point): &(usize, &Point<'_>)| {
            !point.is_on_both_sides() && likeness[*other] == likeness[place]
        };
        let like: Vec<usize> = points.iter().enumerate().filter(is_like).map(|(other, _)| other).collect();
        let (of_base, of_new): (Vec<usize>, Vec<usize>) =
            like.into_iter().partition(|&other| !points[other].base.is_empty());
        let base = place;
        place += 1;
        let Some(&new) = of_new.first().filter(|_| of_base.contains(&base)) else { continue };
        if !despite.contains(&Difference::Target) {
            let text = format!("{}, and {}", told(&points[base]), told(&points[new]));
            return Err(Obstacle { difference: Difference::Target, text });
        }
        if (of_base.len(), of_new.len()) == (1, 1) {
            points[base].new = points.remove(new).new;
            likeness.remove(new);
        }
    }
    Ok(())
}

fn told(point: &Point<'_>) -> String {
    let PointParameters { target_kind, target_mode, target_masters, .. } = &point.parameters;
    let place = point.runs().next().map_or("", |run| run.place.as_str());
    let masters = plural(*target_masters, "master");
    match target_kind.is_empty() || target_mode.is_empty() {
        true => format!("{place} reached no target"),
        false => format!("{place} was sent to {masters} ({target_kind} {target_mode})"),
    }
}

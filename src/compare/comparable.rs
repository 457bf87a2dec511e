//! What has to be the same so that a difference in speed says something about the servers.

use super::points::Point;
use super::{Metric, Obstacle, Run};
use crate::units::plural;

/// What may be told to be passed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// The servers' name or version.
    Server,
    /// The machine that sent the runs.
    Machine,
    /// The kind of target, its mode, how many nodes it has, or the host that it is on.
    Target,
    /// Points of the base that the new side lacks.
    Points,
    /// Runs that did not end exact.
    Verdict,
    /// Runs that the client limited; of runs that are made in turns, also those that were over too soon to tell.
    Client,
    /// Runs that `--rate` limited, where speed decides.
    Rate,
    /// Runs that went on from others.
    Resumed,
}

impl Difference {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::Server,
        Self::Machine,
        Self::Target,
        Self::Points,
        Self::Verdict,
        Self::Client,
        Self::Rate,
        Self::Resumed,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Machine => "machine",
            Self::Target => "target",
            Self::Points => "points",
            Self::Verdict => "verdict",
            Self::Client => "client",
            Self::Rate => "rate",
            Self::Resumed => "resumed",
        }
    }

    /// The one with a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// What would make it go away.
    pub(super) fn cure(self) -> &'static str {
        match self {
            Self::Server => "run both sides with the same server",
            Self::Machine => "run both sides on the same machine",
            Self::Target => "run both sides against the same kind of target, on the same host",
            Self::Points => "run what the new side lacks",
            Self::Verdict => "repeat the runs that did not end well",
            Self::Client => "fill more, with more --threads, or from a machine of its own",
            Self::Rate => "run without --rate, or compare latencies",
            Self::Resumed => "take runs that were not cut off",
        }
    }
}

/// What is in the way at any of the points, each kind once, but for what is passed by. Among `all` are those of
/// runs that measured nothing.
pub(super) fn obstacles(
    all: &[Point<'_>],
    points: &[Point<'_>],
    metric: Metric,
    despite: &[Difference],
) -> Vec<Obstacle> {
    let mut found = Vec::new();
    for difference in Difference::ALL.into_iter().filter(|one| !despite.contains(one)) {
        let text = match difference {
            Difference::Server => other(points, |a, b| a.server == b.server, |run| run.server.clone()),
            Difference::Machine => {
                other(points, |a, b| a.machine.is_like(&b.machine), |run| run.machine.describe())
            }
            // Points that differ by the rest of it are told by whoever pairs them.
            Difference::Target => {
                other(points, |a, b| (&a.host, a.replicas) == (&b.host, b.replicas), shown_target)
            }
            // They are no reason not to look at the others.
            Difference::Points => None,
            // One that reached no server is alone with its parameters, and is not to be passed by for that.
            Difference::Verdict => some(all.iter(), |run| run.verdict != "exact")
                .map(|(run, rest)| format!("{} ended as `{}`{rest}", run.place, run.verdict)),
            Difference::Client => {
                some(compared(points), |run| run.limited_by == "client").map(|(run, rest)| {
                    format!("{} was limited by the client, and says nothing of the servers{rest}", run.place)
                })
            }
            Difference::Rate if metric != Metric::KeysPerSecond => None,
            Difference::Rate => some(compared(points), |run| run.limited_by == "rate").map(|(run, rest)| {
                format!("{} was limited by --rate, and says nothing of the servers' speed{rest}", run.place)
            }),
            Difference::Resumed => some(compared(points), |run| run.is_resumed).map(|(run, rest)| {
                format!("{} went on from another, and measured a part of a fill{rest}", run.place)
            }),
        };
        found.extend(text.map(|text| Obstacle { difference, text }));
    }
    found
}

/// The first pair of runs of one point that are not the same in something.
fn other(
    points: &[Point<'_>],
    is_same: impl Fn(&Run, &Run) -> bool,
    shown: impl Fn(&Run) -> String,
) -> Option<String> {
    compared(points).find_map(|point| {
        let first = point.runs().next()?;
        let other = point.runs().find(|run| !is_same(first, run))?;
        Some(format!(
            "{} was run with {}, and {} with {}",
            first.place,
            shown(first),
            other.place,
            shown(other)
        ))
    })
}

fn compared<'a, 'b>(points: &'b [Point<'a>]) -> impl Iterator<Item = &'b Point<'a>> {
    points.iter().filter(|point| point.is_on_both_sides())
}

/// The first run that is so, and how many more are.
fn some<'a: 'b, 'b>(
    points: impl Iterator<Item = &'b Point<'a>>,
    is_so: impl Fn(&Run) -> bool,
) -> Option<(&'a Run, String)> {
    let mut found = points.flat_map(Point::runs).filter(|run| is_so(run));
    let first = found.next()?;
    let rest = match found.count() {
        0 => String::new(),
        1 => "; 1 more likewise".into(),
        more => format!("; {more} more likewise"),
    };
    Some((first, rest))
}

fn shown_target(run: &Run) -> String {
    let host = if run.host.is_empty() { "servers of its own" } else { &run.host };
    format!("{host} and {}", plural(run.replicas, "replica"))
}

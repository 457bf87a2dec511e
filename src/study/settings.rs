//! Settings: what says how keys are sent, over all workloads that they were run with. Throughput of
//! different workloads is no common measure, so it is taken as a share of each workload's fastest point.

use std::collections::BTreeMap;

use super::parameters::{PLACES, Parameters};
use super::ranks::RankSum;
use crate::results::{PointParameters, Spread, StudiedPoint};
use crate::text::{printable, shell_option};

/// Swept parameters and their values, by their places.
type Values = Vec<(usize, usize)>;

/// One combination of settings in one place.
pub(super) struct Settings {
    /// Of each setting that is swept.
    pub(super) values: Values,
    /// Its point at each workload, which are in the same order for all.
    pub(super) points: Vec<usize>,
    /// The rate of each as a share of the workload's fastest.
    pub(super) share: Spread,
    /// The geometric mean of these.
    pub(super) score: f64,
}

/// What settings there are in one place.
pub(super) struct Contest {
    /// Those that were run with every workload that counts, best first.
    pub(super) settings: Vec<Settings>,
    /// Workloads that count.
    pub(super) workloads: usize,
    /// Workloads that some settings were not run with.
    pub(super) workloads_left_out: usize,
}

/// The places that runs were sent to, each with its points.
pub(super) fn places(points: &[StudiedPoint], parameters: &Parameters) -> Vec<(Values, Vec<usize>)> {
    let mut places: BTreeMap<Values, Vec<usize>> = BTreeMap::new();
    for (place, point) in points.iter().enumerate() {
        let is_place = |name: &str| PLACES.contains(&name);
        let of = values(point, parameters, |swept, name| !swept && is_place(name));
        places.entry(of).or_default().push(place);
    }
    places.into_iter().collect()
}

/// Parameters and values of a point, of those that are wanted: whether it is a setting, and its name.
fn values(point: &StudiedPoint, parameters: &Parameters, is_wanted: impl Fn(bool, &str) -> bool) -> Values {
    let all = point.values.iter().copied().enumerate();
    all.filter(|(place, _)| {
        let swept = &parameters.swept[*place];
        is_wanted(swept.is_setting, &swept.name)
    })
    .collect()
}

impl Contest {
    /// Of the points of one place.
    pub(super) fn of(all: &[StudiedPoint], places: &[usize], parameters: &Parameters) -> Self {
        let mut by_workload: BTreeMap<Values, BTreeMap<Values, usize>> = BTreeMap::new();
        for &place in places {
            let workload = values(&all[place], parameters, |is_setting, _| !is_setting);
            let settings = values(&all[place], parameters, |is_setting, _| is_setting);
            by_workload.entry(workload).or_default().insert(settings, place);
        }
        let whole = by_workload.len();
        // What was run with few settings says nothing of the others.
        let most = by_workload.values().map(BTreeMap::len).max().unwrap_or_default();
        by_workload.retain(|_, settings| settings.len() == most);
        let mut common: Vec<Values> =
            by_workload.values().next().map_or_else(Vec::new, |settings| settings.keys().cloned().collect());
        common.retain(|settings| by_workload.values().all(|points| points.contains_key(settings)));
        let fastest = |points: &BTreeMap<Values, usize>| {
            points.values().map(|&place| all[place].rate.median).fold(0.0, f64::max)
        };
        let workloads: Vec<_> = by_workload.values().map(|points| (points, fastest(points))).collect();
        let mut settings: Vec<_> = common
            .into_iter()
            .map(|values| {
                let points: Vec<usize> = workloads.iter().map(|(points, _)| points[&values]).collect();
                let pairs = points.iter().zip(&workloads);
                let mut shares: Vec<f64> =
                    pairs.map(|(&place, (_, fastest))| all[place].rate.median / fastest).collect();
                let logs: f64 = shares.iter().map(|share| share.ln()).sum();
                let score = (logs / shares.len().max(1) as f64).exp();
                Settings { values, points, share: Spread::of(&mut shares), score }
            })
            .collect();
        settings.sort_by(|a, b| b.score.total_cmp(&a.score));
        Self { settings, workloads: workloads.len(), workloads_left_out: whole - workloads.len() }
    }
}

impl Settings {
    /// Their runs held against those of other settings, workload by workload.
    pub(super) fn against(&self, other: &Self, all: &[StudiedPoint]) -> RankSum {
        let mut ranks = RankSum::default();
        for (&own, &other) in self.points.iter().zip(&other.points) {
            ranks.add(&all[own].keys_per_second, &all[other].keys_per_second);
        }
        ranks
    }
}

/// The options of a fill that send as a point was sent, as a shell takes them. What is left open, or is so anyway,
/// is not said.
pub(super) fn flags(asked: &PointParameters) -> String {
    let mut flags = Vec::new();
    let mut say = |name: &str, value: &str, unsaid: &str| {
        if value != unsaid && !value.is_empty() {
            // What a table holds may be anything, and this will be copied.
            flags.push(shell_option(&format!("--{name}"), &printable(value)));
        }
    };
    say("command", &asked.command, "auto");
    say("order", &asked.order, "slot");
    say("reply", &asked.reply, "off");
    let numbers = [("writers", asked.writers), ("window", asked.window), ("threads", asked.threads)];
    say("pipeline-depth", &asked.asked_depth().map_or_else(String::new, |depth| depth.to_string()), "");
    for (name, number) in numbers {
        say(name, &number.map_or_else(String::new, |number| number.to_string()), "");
    }
    if asked.serial {
        flags.push("--serial".into());
    }
    flags.join(" ")
}

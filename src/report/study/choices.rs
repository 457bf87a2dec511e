//! The best settings in words: the rule by which they were chosen, the options to copy, and the evidence.

use serde::Serialize;

use super::words::{counts, per_gb, plural, rate_with_range, settings, share};
use crate::results::{Aim, Choice, Choices, Chosen, Study};
use crate::units::show_bytes;

/// The choices for one place.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PlaceOfChoices {
    /// Empty if there is one place only.
    pub(super) place: String,
    /// How many settings were compared, and over what.
    pub(super) intro: String,
    pub(super) cards: Vec<Card>,
}

/// One choice.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Card {
    pub(super) aim: &'static str,
    pub(super) rule: String,
    /// What was chosen; empty if nothing could be.
    pub(super) settings: String,
    /// Options to copy; empty if everything is left open.
    pub(super) flags: String,
    pub(super) evidence: Vec<String>,
}

/// All choices.
pub(super) fn shown(study: &Study) -> Vec<PlaceOfChoices> {
    study.choices.iter().map(|choices| of_place(study, choices)).collect()
}

/// Why there are none.
pub(super) fn none(study: &Study) -> String {
    match study.points.len() {
        0 => "There is nothing to choose from.".into(),
        1 => String::new(),
        _ => "All runs were sent by the same settings, or too few workloads were run with several: there \
        is nothing to choose from. fillbench sweep tries several."
            .into(),
    }
}

fn of_place(study: &Study, choices: &Choices) -> PlaceOfChoices {
    let over = match choices.workloads {
        1 => String::new(),
        workloads => format!(
            ", each run with {workloads} workloads. At each workload, the fastest counts as 100 %; \
             settings are ranked by the geometric mean of that"
        ),
    };
    let left_out = match choices.workloads_left_out {
        0 => String::new(),
        more => format!(" {} that not all settings were run with do not count.", plural(more, "workload")),
    };
    let chance = match choices.is_repeated {
        true => " Settings cannot be told apart where, at half of the workloads or more, their runs overlap.",
        false => {
            " Not every point was run twice, so nobody knows how much of a difference is chance: --repeat \
             3 or more tells."
        }
    };
    PlaceOfChoices {
        place: choices.place.replace('_', " "),
        intro: format!("{} were compared{over}.{left_out}{chance}", plural(choices.settings, "setting")),
        cards: choices.choices.iter().map(|choice| card(study, choices, choice)).collect(),
    }
}

fn card(study: &Study, choices: &Choices, choice: &Choice) -> Card {
    let (aim, rule) = rule(choices, choice);
    let Some(best) = &choice.best else {
        return Card { aim, rule, settings: String::new(), flags: String::new(), evidence: Vec::new() };
    };
    Card {
        aim,
        rule,
        settings: settings(study, &best.values),
        flags: best.flags.clone(),
        evidence: evidence(study, choices, choice.aim, best),
    }
}

fn rule(choices: &Choices, choice: &Choice) -> (&'static str, String) {
    let bounds = &choices.bounds;
    let of = format!("{} of {} settings are", choice.candidates, choices.settings);
    match choice.aim {
        Aim::Throughput => ("Most throughput", "The highest median.".into()),
        Aim::BoundedMemory => (
            "Most throughput in bounded memory",
            format!(
                "The highest median among settings with at most {} in flight to each master and, where \
                 servers are not in the client's process, at most {} resident in the client. {of} within \
                 that.",
                show_bytes(bounds.in_flight_bytes),
                show_bytes(bounds.rss_bytes)
            ),
        ),
        Aim::SmallFootprint => (
            "Small footprint",
            format!(
                "Among settings at most {} % slower than the fastest: the fewest threads, then the least \
                 client processor time (to a tenth), then the fewest connections, then the least in \
                 flight. {of} so fast.",
                bounds.within_percent
            ),
        ),
    }
}

fn evidence(study: &Study, choices: &Choices, aim: Aim, best: &Chosen) -> Vec<String> {
    let mut lines = Vec::new();
    match best.points.as_slice() {
        [only] => {
            let point = &study.points[*only];
            let of_fastest = match aim {
                Aim::Throughput => String::new(),
                _ => format!(", {} of the fastest", share(best.score)),
            };
            lines.push(format!("{}{of_fastest}", rate_with_range(study, point)));
            lines.push(format!("limited by: {}", counts(&point.limited_by)));
        }
        several => lines.push(format!(
            "{} of the fastest on average over {} workloads, {} at worst; {}",
            share(best.score),
            several.len(),
            share(best.share.min),
            plural(several.iter().map(|&place| study.points[place].runs.len() as u64).sum(), "run")
        )),
    }
    let rss = best.rss_bytes.map_or_else(String::new, |bytes| format!(", {} resident", show_bytes(bytes)));
    lines.push(format!(
        "{}, {} to each master, {} in flight to each at most{rss}, client {}",
        plural(best.threads, "thread"),
        plural(best.writers, "connection"),
        show_bytes(best.in_flight_bytes),
        per_gb(best.client_cpu_seconds_per_gb)
    ));
    if best.client_limited > 0 {
        lines.push(format!("the client limited {} of it", plural(best.client_limited, "run")));
    }
    if aim != Aim::SmallFootprint && choices.is_repeated {
        lines.push(alike(study, best));
    }
    lines
}

fn alike(study: &Study, best: &Chosen) -> String {
    if best.alike.is_empty() {
        return "all other settings are slower beyond the spread of these runs".into();
    }
    let told =
        best.alike.iter().map(|(values, score)| format!("{} ({})", settings(study, values), share(*score)));
    let told: Vec<_> = told.collect();
    let more =
        if best.alike_left_out > 0 { format!("; and {} more", best.alike_left_out) } else { String::new() };
    format!("cannot be told from it by these runs: {}{more}", told.join("; "))
}

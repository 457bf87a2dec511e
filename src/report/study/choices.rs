//! The best settings in words: the rule by which they were chosen, the options to copy, and the evidence.

use serde::Serialize;

use super::words::{bytes, counts, per_gb, plural, rate_with_range, settings, share, short_settings};
use crate::results::{Aim, Choice, Choices, Chosen, Study};

/// The choices for one place.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PlaceOfChoices {
    /// Empty if there is one place only.
    pub(super) place: String,
    /// How many settings were compared, and over what.
    pub(super) intro: String,
    /// How many workloads do not count, if any: a part of `intro`.
    pub(super) left_out: String,
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
            ", each run with {workloads} workloads. At each workload, the fastest counts as 100%; \
             settings are ranked by the geometric mean of that"
        ),
    };
    let left_out = match choices.workloads_left_out {
        0 => String::new(),
        more => format!("{} that not all settings were run with do not count.", plural(more, "workload")),
    };
    let chance = match choices.can_tell {
        true => {
            " Settings are told apart where chance alone would make their runs differ as clearly once in twenty \
             times at most."
        }
        false => {
            " There are too few runs to say how much of a difference is chance: three runs of each point tell \
             (--repeat 3)."
        }
    };
    PlaceOfChoices {
        place: choices.place.replace('_', " "),
        intro: format!(
            "{} were compared{over}.{}{left_out}{chance}",
            plural(choices.settings, "setting"),
            if left_out.is_empty() { "" } else { " " }
        ),
        left_out,
        cards: choices.choices.iter().map(|choice| card(study, choices, choice)).collect(),
    }
}

fn card(study: &Study, choices: &Choices, choice: &Choice) -> Card {
    let (aim, rule) = rule(study, choices, choice);
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

fn rule(study: &Study, choices: &Choices, choice: &Choice) -> (&'static str, String) {
    let bounds = &choices.bounds;
    let candidates = format!("{} of {} settings", choice.candidates, choices.settings);
    match choice.aim {
        Aim::Throughput if choices.workloads == 1 => ("Most throughput", "The highest median.".into()),
        Aim::Throughput => {
            ("Most throughput", "The fastest by medians, on average over the workloads.".into())
        }
        Aim::BoundedMemory => {
            let embedded = match study.points.iter().all(|point| point.client_peak_rss_bytes.is_some()) {
                true => "",
                false => ", where servers are not a part of it",
            };
            let rule = format!(
                "The fastest of those with at most {} in flight to each master, and at most {} resident in the \
                 client{embedded}: {candidates}.",
                bytes(bounds.in_flight_bytes),
                bytes(bounds.rss_bytes)
            );
            ("Most throughput in bounded memory", rule)
        }
        Aim::SmallFootprint => {
            let rule = format!(
                "Of those that are within the same bounds, and at most {}% slower than the fastest of all \
                 ({candidates}): the fewest threads; of these the least processor time of the client, to a \
                 tenth; then the fewest connections, and the least in flight.",
                bounds.within_percent
            );
            ("Small footprint", rule)
        }
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
    let rss = best.rss_bytes.map_or_else(String::new, |rss| format!(", {} resident", bytes(rss)));
    lines.push(format!(
        "{}, {} to each master, {} in flight to each at most{rss}, client CPU {}",
        plural(best.threads, "thread"),
        plural(best.writers, "connection"),
        bytes(best.in_flight_bytes),
        per_gb(best.client_cpu_seconds_per_gb)
    ));
    if best.client_limited > 0 {
        lines.push(format!("the client limited {} of these runs", best.client_limited));
    }
    if aim != Aim::SmallFootprint && choices.can_tell {
        lines.push(alike(study, best));
    }
    lines
}

fn alike(study: &Study, best: &Chosen) -> String {
    if best.alike.is_empty() {
        return "all others are slower, more clearly than by chance".into();
    }
    let told = best
        .alike
        .iter()
        .map(|(values, score)| format!("{} ({})", short_settings(study, values), share(*score)));
    let told: Vec<_> = told.collect();
    let more =
        if best.alike_left_out > 0 { format!("; and {} more", best.alike_left_out) } else { String::new() };
    format!("these runs do not tell it from: {}{more}", told.join("; "))
}

//! The verdict's reason and cure, in words with figures.

use super::facts::Facts;
use super::judge::{Finding, is_full};
use super::loads::Loads;
use crate::units::plural;

/// What a longer fill would tell.
pub(super) const LONGER: &str = "a longer fill: more --data, or --keys";

/// Why a run that is too short says nothing.
pub(super) fn too_short(seconds: f64) -> String {
    format!("it took {:.0} ms, which is too short to say", 1000.0 * seconds)
}

/// Why the finding is believed.
pub(super) fn because(finding: Finding, facts: &Facts, loads: &Loads) -> String {
    let (client, masters) = (client(facts, loads), masters(facts, loads));
    let waited = format!("writers waited for answers for {} of it", percent(facts.client.waiting_share));
    match finding {
        Finding::Rate => {
            let reached = facts.rate_share.map_or_else(String::new, |share| {
                format!("{} of what it allows was reached, and ", percent(share))
            });
            format!("{reached}writers waited for it for {} of the time", percent(facts.client.pacing_share))
        }
        Finding::ClientBusy => format!("{client}; {masters}"),
        Finding::ClientDelayed => {
            let wanted = percent(loads.client_wanted.unwrap_or_default());
            format!("{client}, had work for {wanted}, and waited for a processor in between; {masters}")
        }
        Finding::MasterBusy => format!("{masters}; {client}"),
        Finding::MasterHeldUp => format!("{masters}; {}; {client}", held_up(facts, loads)),
        Finding::WireFull(place) => {
            let (wire, share) = (&facts.wires[place], loads.wire.map_or(0.0, |(_, share)| share));
            let speed = bits(wire.bytes_per_second_max);
            format!("{} carried {} of its {speed}; {client}; {masters}", wire.interface, percent(share))
        }
        Finding::Window => format!(
            "with so little unanswered at a time, and the way there and back, it was {} of what is possible; {waited}",
            percent(facts.window_share.unwrap_or_default())
        ),
        Finding::CrowdedByClient | Finding::CrowdedByMasters | Finding::CrowdedByOthers => format!(
            "this client and the servers share {}, which were too few: {}",
            plural(facts.machine.cpus, "processor"),
            takers(loads)
        ),
        Finding::Between => format!("nobody was busy, and {waited}: {client}; {masters}"),
        Finding::Undecided => format!("nobody was busy all the time: {client}; {masters}; {waited}"),
        Finding::Untold => format!("{client}; {masters}"),
    }
}

/// What would lift the limit, to be read behind `try`.
pub(super) fn cure(finding: Finding, facts: &Facts, loads: &Loads) -> Option<String> {
    let (client, machine) = (&facts.client, &facts.machine);
    let has_room = client.threads < machine.cpus && !is_full(machine);
    let each_has_one = client.connections <= client.threads;
    let text = match finding {
        Finding::ClientBusy if each_has_one && has_room => {
            "more --writers with more --threads: one connection keeps one thread busy at a time"
        }
        Finding::ClientBusy if each_has_one && client.threads > 1 => {
            "more --writers: one connection keeps one thread busy at a time"
        }
        Finding::ClientBusy if has_room && !machine.has_masters => "more --threads",
        Finding::ClientBusy if has_room => {
            "more --threads, or a machine of its own for this client, or fewer servers on this one"
        }
        Finding::ClientBusy | Finding::ClientDelayed | Finding::CrowdedByClient if machine.has_masters => {
            "a machine of its own for this client, or fewer servers on this one"
        }
        Finding::ClientBusy => "a faster machine, or one with more processors and --threads",
        Finding::ClientDelayed | Finding::CrowdedByClient => "a machine that does nothing else",
        Finding::Window => "a larger --pipeline-depth or --window",
        Finding::CrowdedByOthers => "the same again when the other programs have ended",
        Finding::Between if machine.has_masters && loads.loops_are_told => {
            "a larger --pipeline-depth or --window: each may have waited for the other"
        }
        Finding::Between if machine.has_masters => {
            "a look at the servers' disks: these servers do not tell what held them up"
        }
        Finding::Between if loads.loops_are_told => "a look at the network: it is far, or carries no more",
        Finding::Between => {
            "a look at the network, and at the servers' disks: these servers do not tell what held them up"
        }
        Finding::Undecided => LONGER,
        Finding::Rate
        | Finding::MasterBusy
        | Finding::MasterHeldUp
        | Finding::WireFull(_)
        | Finding::CrowdedByMasters
        | Finding::Untold => return None,
    };
    Some(text.into())
}

/// What the client did.
fn client(facts: &Facts, loads: &Loads) -> String {
    let threads = facts.client.threads;
    let Some(share) = loads.client else {
        return "this client's processor time cannot be told from that of its servers".into();
    };
    let (who, average) = match (threads, loads.is_of_thread) {
        (1, _) => ("this client's one thread".into(), ""),
        (_, true) => (format!("the busiest of this client's {threads} threads"), ""),
        (_, false) => (format!("each of this client's {threads} threads"), ", on average"),
    };
    let encrypts = if facts.client.encrypts { ", encrypting" } else { "" };
    format!("{who} was busy for {} of the time{average}{encrypts}", percent(share))
}

/// What the masters did, the busiest by name.
fn masters(facts: &Facts, loads: &Loads) -> String {
    let Some((place, share)) = loads.master_wanted else {
        return match facts.ended_before_asking {
            true => "the run ended before the servers were asked how busy they were".into(),
            false => "not all servers told how busy they were".into(),
        };
    };
    let (name, share) = (&facts.masters[place].address, percent(share));
    match (facts.masters.len(), loads.others_wanted) {
        (2, Some(other)) => {
            format!("{name} was busy for {share}, and the other master for {}", percent(other))
        }
        (_, Some(others)) => {
            format!("{name} was busy for {share}, and the other masters for {} each", percent(others))
        }
        (_, None) => format!("{name} was busy for {share}"),
    }
}

/// What kept the busiest master from its work.
fn held_up(facts: &Facts, loads: &Loads) -> String {
    let who = if facts.masters.len() > 1 { "the first" } else { "it" };
    let had = percent(loads.master_had.unwrap_or_default());
    let waited = loads.master_delayed.map(|share| format!(" and waited for one for {}", percent(share)));
    let by = match loads.waits_for_processors() {
        Some(true) => "",
        Some(false) => ": something else held it up, like its disk",
        None => ": something else held it up, like its disk, or other programs there",
    };
    format!("{who} had a processor for {had}{}{by}", waited.unwrap_or_default())
}

/// Who took how much of the processors.
fn takers(loads: &Loads) -> String {
    let told = |cpus: Option<f64>| cpus.map_or_else(|| "an unknown share".into(), percent);
    let others = loads.others_cpus.map_or_else(String::new, |cpus| format!(", all else {}", percent(cpus)));
    let (masters, client) = (told(loads.masters_cpus), told(loads.client_cpus));
    format!("the servers took {masters} of one, this client {client}{others}")
}

fn percent(share: f64) -> String {
    format!("{:.0}%", 100.0 * share)
}

/// `10 Gbit/s`
fn bits(bytes_per_second: f64) -> String {
    let mega = bytes_per_second * 8.0 / 1e6;
    if mega >= 1000.0 { format!("{} Gbit/s", mega / 1000.0) } else { format!("{mega} Mbit/s") }
}

//! Incidents in words: one by one as they happen, and the first few of them afterwards.

use super::words::{clock, keys, span, wrap};
use crate::results::{Incident, Record};
use crate::units::show_count;

/// So many are listed after a run.
const LISTED: usize = 5;

/// What is said when an incident begins.
pub(super) fn begun(incident: &Incident) -> String {
    wrap("incident: ", 10, &Trouble::of(incident).line(""))
}

/// What is said when what happened to a master is over.
pub(super) fn over(incidents: &[Incident]) -> String {
    let Some(mut trouble) = incidents.iter().map(Trouble::of).reduce(|one, other| one.and(&other)) else {
        return String::new();
    };
    // They were told when it began.
    (trouble.suspect_keys, trouble.text) = (0, "");
    let after = trouble.lasted().map_or_else(String::new, |span| format!(", after {span}"));
    wrap("    over: ", 10, &trouble.line(&after))
}

/// A line or more for each of the first few, and how many more there are; nothing if there are none. What
/// happened to a master while something else did is told together with that.
pub(super) fn listed(record: &Record) -> Option<String> {
    let mut troubles: Vec<Trouble> = Vec::new();
    for incident in record.incidents.iter().map(Trouble::of) {
        match troubles.iter().rposition(|trouble| trouble.goes_on_in(&incident)) {
            Some(place) => troubles[place] = troubles[place].clone().and(&incident),
            None => troubles.push(incident),
        }
    }
    let all = record.incidents.len() as u64 + record.incidents_left_out;
    let told: usize = troubles.iter().take(LISTED).map(|trouble| trouble.incidents).sum();
    let mut lines: Vec<String> = troubles.iter().take(LISTED).map(Trouble::told_afterwards).collect();
    if all > told as u64 {
        lines.push(format!("and {} more: see run.json, or --json", show_count(all - told as u64)));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// One incident, or several that happened to a master at a time.
#[derive(Clone)]
struct Trouble<'a> {
    incidents: usize,
    at_seconds: f64,
    /// `None` if one of them was never over.
    end_seconds: Option<f64>,
    master: &'a str,
    /// `connection lost, master restarted`
    kinds: String,
    times: u64,
    suspect_keys: u64,
    /// That of the first which has one.
    text: &'a str,
}

impl<'a> Trouble<'a> {
    fn of(incident: &'a Incident) -> Self {
        // An error names its master first, which the line does already.
        let text = &incident.text;
        Self {
            incidents: 1,
            at_seconds: incident.at_seconds,
            end_seconds: incident.recovered_seconds.map(|seconds| incident.at_seconds + seconds),
            master: &incident.master,
            kinds: incident.kind.name().replace('_', " "),
            times: incident.times,
            suspect_keys: incident.suspect_keys,
            text: text.strip_prefix(&incident.master).map_or(text.as_str(), str::trim_start),
        }
    }

    fn goes_on_in(&self, later: &Self) -> bool {
        self.master == later.master && self.end_seconds.is_none_or(|end| later.at_seconds < end)
    }

    fn and(self, other: &Self) -> Self {
        Self {
            incidents: self.incidents + other.incidents,
            at_seconds: self.at_seconds.min(other.at_seconds),
            end_seconds: self.end_seconds.zip(other.end_seconds).map(|(one, other)| one.max(other)),
            master: self.master,
            kinds: match self.kinds.split(", ").any(|kind| kind == other.kinds) {
                true => self.kinds,
                false => format!("{}, {}", self.kinds, other.kinds),
            },
            times: self.times.max(other.times),
            suspect_keys: self.suspect_keys.max(other.suspect_keys),
            text: if self.text.is_empty() { other.text } else { self.text },
        }
    }

    /// Nothing if it was over at once, as for a node that joins.
    fn lasted(&self) -> Option<String> {
        let seconds = self.end_seconds? - self.at_seconds;
        (seconds > 0.0).then(|| span(seconds))
    }

    /// `0:01 slots moved at 127.0.0.1:7001, over after 4.50 s, 3 times, 12,800 keys suspect: its text`
    fn told_afterwards(&self) -> String {
        let end = match (self.end_seconds, self.lasted()) {
            (None, _) => ", not over".into(),
            (Some(_), Some(span)) => format!(", over after {span}"),
            (Some(_), None) => String::new(),
        };
        let times = match self.times {
            0 | 1 => String::new(),
            many => format!(", {} times", show_count(many)),
        };
        format!("{} {}", clock(self.at_seconds), self.line(&(end + &times)))
    }

    fn line(&self, more: &str) -> String {
        let Self { kinds, master, text, .. } = self;
        let place = if master.is_empty() { String::new() } else { format!(" at {master}") };
        let suspect = match self.suspect_keys {
            0 => String::new(),
            some => format!(", {} suspect", keys(some)),
        };
        let text = if text.is_empty() { String::new() } else { format!(": {text}") };
        format!("{kinds}{place}{more}{suspect}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::WIDTH;
    use super::*;
    use crate::results::{IncidentKind, example};

    #[test]
    fn each_is_told_as_it_begins_and_ends() {
        let mut incident = example::incident(IncidentKind::MasterRestarted, "its run id is another");
        let mut told = begun(&incident) + &over(std::slice::from_ref(&incident));
        incident.text = "127.0.0.1:7001 hung up on a writer: connection reset".into();
        told += &begun(&incident);
        let lost = Incident { kind: IncidentKind::ConnectionLost, at_seconds: 1.0, ..incident.clone() };
        told += &over(&[lost, incident.clone()]);
        (incident.kind, incident.master) = (IncidentKind::JournalFailed, String::new());
        incident.text = "no space left on device".into();
        incident.suspect_keys = 0;
        told += &begun(&incident);
        told += &over(std::slice::from_ref(&incident));
        insta::assert_snapshot!(told);
    }

    #[test]
    fn the_first_few_are_listed_and_the_others_counted() {
        let mut record = example::exact();
        record.incidents.clear();
        assert_eq!(listed(&record), None);
        for (kind, port) in IncidentKind::ALL.into_iter().zip(7001..) {
            let incident = example::incident(kind, "OOM command not allowed when used memory > 'maxmemory'.");
            record.incidents.push(Incident { master: format!("127.0.0.1:{port}"), ..incident });
        }
        record.incidents[1].recovered_seconds = None;
        record.incidents[2].recovered_seconds = Some(0.0);
        record.incidents_left_out = 1200;
        insta::assert_snapshot!(wrap("  incidents  ", 13, &listed(&record).unwrap()));
        record.incidents.truncate(LISTED);
        record.incidents_left_out = 0;
        assert!(!listed(&record).unwrap().contains("more"));
    }

    #[test]
    fn what_happens_to_a_master_at_a_time_is_told_together() {
        let mut record = example::exact();
        let lost = example::incident(IncidentKind::ConnectionLost, "127.0.0.1:7001 hung up: end of stream");
        let then = |kind, at_seconds| Incident {
            at_seconds,
            suspect_keys: 20_000,
            ..example::incident(kind, "it was restarted")
        };
        let elsewhere = Incident { master: "127.0.0.1:7002".into(), ..then(IncidentKind::RoleChanged, 2.0) };
        let (again, later) = (then(IncidentKind::ConnectionLost, 7.0), then(IncidentKind::Silent, 11.6));
        record.incidents = vec![lost, elsewhere, then(IncidentKind::MasterRestarted, 3.0), again, later];
        insta::assert_snapshot!(wrap("  incidents  ", 13, &listed(&record).unwrap()));
    }

    #[test]
    fn no_line_is_too_wide() {
        let incident = example::incident(IncidentKind::Refused, &"many words ".repeat(30));
        assert!(begun(&incident).lines().all(|line| line.chars().count() <= WIDTH));
    }
}

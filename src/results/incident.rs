//! What happened to the servers while they were filled: each incident once, however often it was
//! noticed, with how long it lasted. Engines report here; whoever observes is told at once.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tracing::debug;

use super::{Event, Observer, Record};
use crate::text::printable;

/// A record lists so many incidents; the rest is counted.
pub const MAX_INCIDENTS: usize = 1000;
/// Letters of an incident's text that are kept.
const MAX_TEXT: usize = 300;
/// An incident that comes back this soon had not ended.
const CALM: Duration = Duration::from_secs(5);

/// One thing that happened to a master.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// When it was noticed first, in seconds since the fill began.
    pub at_seconds: f64,
    /// The master's address; empty where it is no master's matter.
    pub master: String,
    /// What it was.
    pub kind: IncidentKind,
    /// The same in a line, in the server's words where it has any.
    pub text: String,
    /// How often it was noticed before it was over.
    pub times: u64,
    /// The most keys that it put in question at a time: executed, and perhaps not there.
    pub suspect_keys: u64,
    /// How long it lasted, in seconds; `null` if it was never over.
    pub recovered_seconds: Option<f64>,
}

/// What can happen. The names in the record are a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// Slots have another owner than before.
    SlotsMoved,
    /// The process is another one than before.
    MasterRestarted,
    /// A master became a replica, or follows another.
    RoleChanged,
    /// A connection ended that was still needed.
    ConnectionLost,
    /// Nothing was taken or answered for too long.
    Silent,
    /// A write or a barrier was answered with an error.
    Refused,
    /// Counters went backwards.
    CountersReset,
    /// Errors were counted, whoever caused them.
    ErrorsCounted,
    /// Keys were thrown away for want of memory.
    Evicted,
    /// Somebody emptied a database.
    Flushed,
    /// A node owns slots that owned none before.
    Joined,
    /// No connection could be made.
    Unreachable,
    /// What was executed could not be written to disk.
    JournalFailed,
    /// Fewer replicas than asked for had everything in time.
    ReplicasBehind,
}

impl IncidentKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::SlotsMoved,
        Self::MasterRestarted,
        Self::RoleChanged,
        Self::ConnectionLost,
        Self::Silent,
        Self::Refused,
        Self::CountersReset,
        Self::ErrorsCounted,
        Self::Evicted,
        Self::Flushed,
        Self::Joined,
        Self::Unreachable,
        Self::JournalFailed,
        Self::ReplicasBehind,
    ];

    /// The name in the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::SlotsMoved => "slots_moved",
            Self::MasterRestarted => "master_restarted",
            Self::RoleChanged => "role_changed",
            Self::ConnectionLost => "connection_lost",
            Self::Silent => "silent",
            Self::Refused => "refused",
            Self::CountersReset => "counters_reset",
            Self::ErrorsCounted => "errors_counted",
            Self::Evicted => "evicted",
            Self::Flushed => "flushed",
            Self::Joined => "joined",
            Self::Unreachable => "unreachable",
            Self::JournalFailed => "journal_failed",
            Self::ReplicasBehind => "replicas_behind",
        }
    }
}

/// Writes incidents down, and tells the observer of each when it begins and when it is over. Shared by
/// all who may notice something; a storm of the same thing is one incident.
pub struct Incidents {
    began: Instant,
    observer: Arc<dyn Observer>,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    entries: Vec<Entry>,
    left_out: u64,
}

struct Entry {
    incident: Incident,
    began: Instant,
    /// When it was over, if it is.
    over: Option<Instant>,
    told_over: bool,
}

impl Incidents {
    /// None yet. `began` is when the fill did.
    pub fn new(began: Instant, observer: Arc<dyn Observer>) -> Self {
        Self { began, observer, book: Mutex::default() }
    }

    /// Something happened to `master` (empty where it is no master's matter). `text` says what in a line,
    /// and `suspect_keys` how many keys it puts in question now. While the same kind is open at the same
    /// master, this is one time more and no other incident.
    pub fn report(&self, master: &dyn Display, kind: IncidentKind, text: &str, suspect_keys: u64) {
        self.report_at(Instant::now(), master.to_string(), kind, text, suspect_keys);
    }

    /// All is well with `master` again: its incidents are over.
    pub fn recovered(&self, master: &dyn Display) {
        let master = master.to_string();
        self.recovered_at(Instant::now(), |incident| incident.master == master);
    }

    /// One kind of incident at `master` is over, whatever else is not.
    pub fn recovered_from(&self, master: &dyn Display, kind: IncidentKind) {
        let master = master.to_string();
        self.recovered_at(Instant::now(), |incident| incident.master == master && incident.kind == kind);
    }

    /// Every key is proven: whatever happened is over.
    pub fn all_recovered(&self) {
        self.recovered_at(Instant::now(), |_| true);
    }

    /// Whether something at `master` is not over yet.
    pub fn is_open(&self, master: &dyn Display) -> bool {
        let master = master.to_string();
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.entries.iter().any(|entry| entry.over.is_none() && entry.incident.master == master)
    }

    /// Enters everything so far into a record.
    pub fn enter(&self, record: &mut Record) {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        record.incidents = book.entries.iter().map(|entry| entry.incident.clone()).collect();
        record.incidents_left_out = book.left_out;
    }

    fn report_at(&self, now: Instant, master: String, kind: IncidentKind, text: &str, suspect_keys: u64) {
        let begun = {
            let incident = Incident {
                at_seconds: (now - self.began).as_secs_f64(),
                master,
                kind,
                text: printable(text).chars().take(MAX_TEXT).collect(),
                times: 1,
                suspect_keys,
                // It asks for nothing to be done.
                recovered_seconds: (kind == IncidentKind::Joined).then_some(0.0),
            };
            self.book.lock().unwrap_or_else(PoisonError::into_inner).report(now, incident)
        };
        // Told outside of the lock: an observer may take its time.
        match begun {
            Some(incident) => self.observer.event(&Event::Incident(incident)),
            None => debug!(kind = kind.name(), text, suspect_keys, "the same incident again"),
        }
    }

    fn recovered_at(&self, now: Instant, which: impl Fn(&Incident) -> bool) {
        let mut over = BTreeMap::<String, Vec<Incident>>::new();
        {
            let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
            for entry in &mut book.entries {
                if entry.over.is_none() && which(&entry.incident) {
                    entry.over = Some(now);
                    entry.incident.recovered_seconds = Some((now - entry.began).as_secs_f64());
                    if !std::mem::replace(&mut entry.told_over, true) {
                        let master = entry.incident.master.clone();
                        over.entry(master).or_default().push(entry.incident.clone());
                    }
                }
            }
        }
        over.into_values().for_each(|incidents| self.observer.event(&Event::Recovered(incidents)));
    }
}

impl Book {
    /// Enters an incident, and returns it if it is another one than those that are known.
    fn report(&mut self, now: Instant, incident: Incident) -> Option<Incident> {
        // Whatever matches stands near the end.
        let same = self.entries.iter_mut().rev().find(|entry| entry.goes_on(now, &incident));
        if let Some(entry) = same {
            let known = &mut entry.incident;
            known.times += 1;
            known.suspect_keys = known.suspect_keys.max(incident.suspect_keys);
            (entry.over, known.recovered_seconds) = (None, None);
            return None;
        }
        if self.entries.len() == MAX_INCIDENTS {
            self.left_out += 1;
            return None;
        }
        let over = incident.recovered_seconds.map(|_| now);
        self.entries.push(Entry { incident: incident.clone(), began: now, over, told_over: over.is_some() });
        Some(incident)
    }
}

impl Entry {
    /// Whether what is reported now is this one, not over yet or come back.
    fn goes_on(&self, now: Instant, reported: &Incident) -> bool {
        let is_same = self.incident.kind == reported.kind && self.incident.master == reported.master;
        is_same
            && reported.recovered_seconds.is_none()
            && self.over.is_none_or(|over| now.saturating_duration_since(over) < CALM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps `begun KIND MASTER` and `over KIND KIND MASTER` of each event.
    #[derive(Default)]
    struct Witness(Mutex<Vec<String>>);

    impl Observer for Witness {
        fn event(&self, event: &Event) {
            let (what, incidents) = match event {
                Event::Incident(incident) => ("begun", std::slice::from_ref(incident)),
                Event::Recovered(incidents) => ("over", incidents.as_slice()),
                other => panic!("{other:?}"),
            };
            assert!(incidents.iter().all(|incident| incident.master == incidents[0].master), "{event:?}");
            let kinds: Vec<_> = incidents.iter().map(|incident| incident.kind.name()).collect();
            self.0.lock().unwrap().push(format!("{what} {} {}", kinds.join(" "), incidents[0].master));
        }
    }

    struct Scene {
        began: Instant,
        witness: Arc<Witness>,
        incidents: Incidents,
    }

    impl Scene {
        fn new() -> Self {
            let (began, witness) = (Instant::now(), Arc::<Witness>::default());
            Self { began, witness: witness.clone(), incidents: Incidents::new(began, witness) }
        }

        fn at(&self, seconds: f64) -> Instant {
            self.began + Duration::from_secs_f64(seconds)
        }

        fn report(&self, seconds: f64, master: &str, kind: IncidentKind, suspect_keys: u64) {
            self.incidents.report_at(self.at(seconds), master.into(), kind, "its words", suspect_keys);
        }

        fn recovered(&self, seconds: f64, master: &str) {
            self.incidents.recovered_at(self.at(seconds), |incident| incident.master == master);
        }

        fn told(&self) -> Vec<String> {
            std::mem::take(&mut self.witness.0.lock().unwrap())
        }

        fn record(&self) -> Record {
            let mut record = Record::new(String::new(), String::new(), crate::results::Options::default());
            self.incidents.enter(&mut record);
            record
        }

        /// Seconds, master, times, keys, and how long it lasted.
        fn entered(&self) -> Vec<(f64, String, u64, u64, Option<f64>)> {
            let list = self.record().incidents.into_iter();
            list.map(|i| (i.at_seconds, i.master, i.times, i.suspect_keys, i.recovered_seconds)).collect()
        }
    }

    use IncidentKind::{ConnectionLost, Joined, MasterRestarted, Refused};

    #[test]
    fn a_storm_is_one_incident_until_it_is_over() {
        let scene = Scene::new();
        scene.report(1.0, "a:1", Refused, 10);
        scene.report(1.5, "b:2", Refused, 0);
        (0..100).for_each(|tenth| scene.report(2.0 + f64::from(tenth) / 10.0, "a:1", Refused, 366));
        scene.report(12.0, "a:1", MasterRestarted, 5000);
        assert_eq!(scene.told(), ["begun refused a:1", "begun refused b:2", "begun master_restarted a:1"]);
        assert!(scene.incidents.is_open(&"a:1") && !scene.incidents.is_open(&"c:3"));
        scene.recovered(13.0, "a:1");
        assert_eq!(scene.told(), ["over refused master_restarted a:1"]);
        assert!(!scene.incidents.is_open(&"a:1"));
        scene.report(14.0, "c:3", Refused, 0);
        let expected = [
            (1.0, "a:1".to_owned(), 101, 366, Some(12.0)),
            (1.5, "b:2".to_owned(), 1, 0, None),
            (12.0, "a:1".to_owned(), 1, 5000, Some(1.0)),
            (14.0, "c:3".to_owned(), 1, 0, None),
        ];
        assert_eq!(scene.entered(), expected);
        scene.incidents.all_recovered();
        assert_eq!(scene.told(), ["begun refused c:3", "over refused b:2", "over refused c:3"]);
    }

    #[test]
    fn what_comes_back_at_once_was_never_over() {
        let scene = Scene::new();
        for round in 0..50 {
            scene.report(f64::from(round), "a:1", ConnectionLost, 7);
            scene.recovered(f64::from(round) + 0.5, "a:1");
        }
        assert_eq!(scene.told(), ["begun connection_lost a:1", "over connection_lost a:1"]);
        assert_eq!(scene.entered(), [(0.0, "a:1".to_owned(), 50, 7, Some(49.5))]);
        scene.report(49.5 + CALM.as_secs_f64(), "a:1", ConnectionLost, 1);
        assert_eq!(scene.told(), ["begun connection_lost a:1"]);
        assert_eq!(scene.entered().len(), 2);
    }

    #[test]
    fn one_kind_can_be_over_while_another_is_not() {
        let scene = Scene::new();
        scene.report(1.0, "a:1", ConnectionLost, 7);
        scene.report(1.0, "a:1", MasterRestarted, 7);
        scene.incidents.recovered_from(&"a:1", ConnectionLost);
        let over: Vec<bool> = scene.entered().iter().map(|incident| incident.4.is_some()).collect();
        assert_eq!((over, scene.incidents.is_open(&"a:1")), (vec![true, false], true));
    }

    #[test]
    fn who_joins_recovers_from_nothing() {
        let scene = Scene::new();
        scene.report(1.0, "a:1", Joined, 0);
        scene.report(1.5, "a:1", Joined, 0);
        scene.recovered(2.0, "a:1");
        assert_eq!(scene.told(), ["begun joined a:1", "begun joined a:1"]);
        assert!(scene.entered().iter().all(|incident| incident.4 == Some(0.0)));
    }

    #[test]
    fn the_list_and_its_texts_are_bounded() {
        let scene = Scene::new();
        for master in 0..MAX_INCIDENTS + 5 {
            scene.report(1.0, &format!("a:{master}"), Refused, 0);
        }
        let record = scene.record();
        assert_eq!((record.incidents.len(), record.incidents_left_out), (MAX_INCIDENTS, 5));
        assert_eq!(scene.told().len(), MAX_INCIDENTS);

        let scene = Scene::new();
        scene.incidents.report(&"a:1", Refused, &format!("\x1b[2J\n{}", "long".repeat(1000)), 0);
        let text = scene.record().incidents.remove(0).text;
        assert!(text.starts_with("?[2J long") && text.chars().count() == MAX_TEXT, "{text}");
    }

    #[test]
    fn kinds_are_named_as_the_record_has_them() {
        for kind in IncidentKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }

    #[test]
    fn every_kind_stands_in_the_guarantees() {
        let guarantees = include_str!("../../docs/guarantees.md");
        let untold = IncidentKind::ALL.map(IncidentKind::name).into_iter();
        let untold: Vec<_> = untold.filter(|kind| !guarantees.contains(&format!("`{kind}`"))).collect();
        assert!(untold.is_empty(), "{untold:?}");
    }
}

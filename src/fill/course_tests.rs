//! What follows from what, without servers: two masters with half of the slots each.

use std::sync::Arc;

use super::*;
use crate::cluster::{Epochs, Info, Master, Mode, Topology, View};
use crate::dataset::{Amount, Request, Spec};
use crate::net::NetError;
use crate::results::{Event, Observer, Record};
use crate::write::{Order, Walk};

/// Keys in each slot.
const EACH: u64 = 4;
/// The first slot of the second master.
const HALF: u16 = 8192;

struct Nobody;

impl Observer for Nobody {
    fn event(&self, _: &Event) {}
}

fn address(number: u16) -> Address {
    Address::tcp("h", 7000 + number)
}

/// A cluster in which the second master begins at a slot.
fn topology(second_from: u16) -> Topology {
    let master = |number: u16, slots| Master {
        announced: address(number),
        address: address(number),
        node: number.to_string(),
        slots: vec![slots],
        replicas: vec![address(number + 10)],
    };
    let masters = vec![master(1, 0..=second_from - 1), master(2, second_from..=SLOTS - 1)];
    Topology { mode: Mode::Cluster, masters }
}

fn info(text: &str) -> Info {
    Info::parse(&format!("run_id:a\nrole:master\ncmdstat_mset:calls=9,rejected_calls=0\n{text}"))
}

struct Scene {
    spec: Arc<Spec>,
    incidents: Arc<Incidents>,
    course: Course,
    parts: Vec<Part>,
}

impl Scene {
    fn new(recovery: Duration) -> Self {
        let amount = Amount::Keys(u64::from(SLOTS) * EACH);
        let request = Request { amount, key_size: 32, value_size: 8, prefix: String::new(), seed: 0 };
        let spec = Arc::new(Spec::new(&request).unwrap());
        let incidents = Arc::new(Incidents::new(Instant::now(), Arc::new(Nobody)));
        let members = Members::new(&topology(HALF), vec![Some(info("")), Some(info(""))]);
        let ledger = Ledger::new(spec.clone());
        let course = Course::new(members, ledger, "mset".into(), recovery, incidents.clone());
        Self { spec, incidents, course, parts: Vec::new() }
    }

    /// Begins a pass; returns how many keys each master is to be sent.
    fn plan(&mut self) -> [u64; 2] {
        let shares = self.course.plan(1, false);
        let starts = self.course.ledger.starts();
        let part = |share: Share| Part {
            master: share.master,
            walk: Walk::new(self.spec.clone(), &share.slots, &starts, Order::Slot),
            progress: Arc::default(),
        };
        self.parts = shares.into_iter().map(part).collect();
        let of = |master| {
            self.parts.iter().filter(|part| part.master == master).map(|part| part.walk.left()).sum()
        };
        [of(0), of(1)]
    }

    /// All writers end, and barriers have answered for everything.
    fn execute(&mut self) {
        for part in std::mem::take(&mut self.parts) {
            self.course.add(&part, part.walk.left(), true);
        }
    }

    /// A node is asked now, and answers.
    fn see(&mut self, number: u16, text: &str, second_from: u16, epochs: [u64; 2]) -> Turn {
        self.course.mark(&address(number), &self.parts);
        let by_node = [("1".into(), epochs[0]), ("2".into(), epochs[1])].into();
        let epochs = Epochs { myself: number.to_string(), by_node, open_slots: BTreeSet::new() };
        let view = Some(View { topology: topology(second_from), epochs });
        let seen = Ok(Seen { info: Some(info(text)), view });
        self.course.see(Sight { address: address(number), asked: Instant::now(), seen }, &self.parts)
    }

    fn kinds(&self) -> Vec<IncidentKind> {
        self.told().into_iter().map(|(kind, _)| kind).collect()
    }

    /// The incidents so far, each with the keys that it put in question.
    fn told(&self) -> Vec<(IncidentKind, u64)> {
        let mut record = Record::new(String::new(), String::new(), crate::results::Options::default());
        self.incidents.enter(&mut record);
        record.incidents.into_iter().map(|incident| (incident.kind, incident.suspect_keys)).collect()
    }
}

const LONG: Duration = Duration::from_secs(3600);

fn keys(slots: u16) -> u64 {
    u64::from(slots) * EACH
}

#[test]
fn all_is_sent_once_if_nothing_happens() {
    let mut scene = Scene::new(LONG);
    assert_eq!(scene.plan(), [keys(HALF), keys(HALF)]);
    assert!(matches!(scene.see(1, "", HALF, [1, 2]), Turn::GoOn));
    scene.execute();
    assert!(scene.course.is_sent());
    assert_eq!(scene.plan(), [0, 0]);
    assert_eq!(scene.kinds(), []);
}

#[test]
fn slots_that_move_are_sent_again_at_their_new_owner_as_far_as_nothing_vouches_for_them() {
    let mut scene = Scene::new(LONG);
    scene.plan();
    scene.execute();
    // The second master was looked at, and all was well.
    scene.plan();
    assert!(matches!(scene.see(2, "", HALF, [1, 2]), Turn::GoOn));
    assert!(matches!(scene.see(1, "", HALF - 100, [1, 3]), Turn::GoOn), "the taker has not said so yet");
    // The audit of the first vouched for its keys, too.
    assert!(matches!(scene.see(2, "", HALF - 100, [1, 3]), Turn::GoOn));
    assert_eq!(scene.plan(), [0, 0]);
    assert_eq!(scene.kinds(), [IncidentKind::SlotsMoved]);

    let mut scene = Scene::new(LONG);
    scene.plan();
    scene.execute();
    scene.plan();
    assert!(matches!(scene.see(2, "", HALF - 100, [1, 3]), Turn::Replan));
    assert_eq!(scene.plan(), [0, keys(100)]);
}

#[test]
fn a_master_that_was_restarted_or_emptied_gets_all_its_keys_again() {
    for (text, kind) in
        [("run_id:b", IncidentKind::MasterRestarted), ("cmdstat_flushall:calls=1", IncidentKind::Flushed)]
    {
        let mut scene = Scene::new(LONG);
        scene.plan();
        assert!(matches!(scene.see(1, "", HALF, [1, 2]), Turn::GoOn));
        scene.execute();
        scene.plan();
        assert!(matches!(scene.see(1, text, HALF, [1, 2]), Turn::Replan));
        assert_eq!(scene.plan(), [keys(HALF), 0]);
        assert_eq!(scene.told(), [(kind, keys(HALF))]);
    }
}

#[test]
fn what_is_only_suspect_is_left_to_the_proof() {
    let mut scene = Scene::new(LONG);
    scene.plan();
    scene.execute();
    scene.plan();
    assert!(matches!(scene.see(1, "cmdstat_mset:calls=9,rejected_calls=3", HALF, [1, 2]), Turn::GoOn));
    assert_eq!(scene.plan(), [0, 0]);
    assert_eq!(scene.kinds(), [IncidentKind::ErrorsCounted]);
    // No later audit can know of what was refused before: if the slots move, all is sent again.
    let same = "cmdstat_mset:calls=9,rejected_calls=3";
    assert!(matches!(scene.see(1, same, HALF, [1, 2]), Turn::GoOn));
    assert!(matches!(scene.see(2, "", HALF - 100, [1, 3]), Turn::Replan));
    assert_eq!(scene.plan(), [0, keys(100)]);
}

#[test]
fn a_master_that_refused_is_left_alone_until_it_was_seen_and_its_time_has_come() {
    let mut scene = Scene::new(LONG);
    scene.plan();
    let refused = |message: &str| Cause::Refused(message.into());
    assert!(matches!(scene.course.went_wrong(0, refused("CLUSTERDOWN it is down")), Turn::Replan));
    assert_eq!(scene.plan(), [0, keys(HALF)]);
    std::thread::sleep(Duration::from_millis(60));
    assert!(matches!(scene.course.tick(1), Turn::GoOn), "nobody has seen it");
    scene.see(1, "", HALF, [1, 2]);
    assert!(matches!(scene.course.tick(1), Turn::Replan));
    assert_eq!(scene.plan(), [keys(HALF), keys(HALF)]);
    assert!(matches!(scene.course.went_wrong(0, refused("OOM no room")), Turn::End(Ended::Failed(_))));
    assert_eq!(scene.kinds(), [IncidentKind::Refused]);
}

#[test]
fn a_slot_that_is_asked_for_elsewhere_is_left_to_the_repair_until_it_has_moved() {
    let mut scene = Scene::new(LONG);
    scene.plan();
    scene.course.went_wrong(0, Cause::Refused(format!("ASK {} h:7002", HALF - 1)));
    scene.see(1, "", HALF, [1, 2]);
    std::thread::sleep(Duration::from_millis(60));
    assert!(matches!(scene.course.tick(1), Turn::Replan));
    assert_eq!(scene.plan(), [keys(HALF - 1), keys(HALF)]);
    assert!(matches!(scene.see(2, "", HALF - 1, [1, 3]), Turn::Replan));
    assert_eq!(scene.plan(), [keys(HALF - 1), keys(HALF + 1)]);
}

#[test]
fn a_master_that_does_not_answer_makes_its_replicas_known_and_then_ends_the_run() {
    let mut scene = Scene::new(Duration::from_millis(20));
    scene.plan();
    let lost = || FillError::WriterLost { address: address(1), message: "gone".into() };
    assert!(matches!(scene.course.went_wrong(0, Cause::Lost(lost())), Turn::Replan));
    let error = NetError::Abandoned { address: address(1) };
    let seen = Err(ClusterError::from(error));
    scene.course.see(Sight { address: address(1), asked: Instant::now(), seen }, &[]);
    assert_eq!(scene.course.take_strangers(), [address(11)]);
    // As long as others get on, nobody gives up.
    assert!(matches!(scene.course.tick(1), Turn::GoOn));
    std::thread::sleep(Duration::from_millis(30));
    assert!(matches!(scene.course.tick(2), Turn::GoOn));
    std::thread::sleep(Duration::from_millis(30));
    let Turn::End(Ended::Failed(error)) = scene.course.tick(2) else { panic!("it goes on") };
    assert_eq!(error.to_string(), lost().to_string());
}

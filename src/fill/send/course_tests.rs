//! What follows from what, without servers: two masters with half of the slots each.

use std::sync::Arc;

use super::*;
use crate::cluster::{Epochs, Info, Master, Mode, Topology, View};
use crate::dataset::{Amount, Request, Spec};
use crate::net::NetError;
use crate::results::{Event, Incident, Observer, Record};
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

/// How a node sees the cluster.
fn view(number: u16, topology: Topology, epochs: [u64; 2]) -> View {
    let by_node = [("1".into(), epochs[0]), ("2".into(), epochs[1])].into();
    let epochs = Epochs { myself: number.to_string(), by_node, open_slots: BTreeSet::new() };
    View { topology, epochs }
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
        self.plan_with(1)
    }

    /// The same, with so many writers for each master.
    fn plan_with(&mut self, writers: u64) -> [u64; 2] {
        let shares = self.course.plan(writers, false);
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
        self.see_at(address(number), number, text, topology(second_from), epochs)
    }

    /// The same, and the node is at an address and sees the cluster so.
    fn see_at(&mut self, at: Address, number: u16, text: &str, sees: Topology, epochs: [u64; 2]) -> Turn {
        self.course.mark(&at, &self.parts);
        let seen = Ok(Seen { info: Some(info(text)), view: Some(view(number, sees, epochs)) });
        self.course.see(Sight { address: at, asked: Instant::now(), seen }, &self.parts)
    }

    /// The first master's writer executes so many more keys, and its own count tells of so many refusals, if anything.
    fn counts(&mut self, more: u64, refused: Option<u64>) {
        self.course.mark(&address(1), &self.parts);
        self.parts[0].progress.execute(more);
        self.parts[0].progress.count(refused);
    }

    /// Executed keys of the first half of the slots that nobody vouches for, once the writers have ended.
    fn unvouched(&mut self) -> u64 {
        let executed = self.course.executed(&self.parts);
        let mut ledger = self.course.ledger.clone();
        (0..HALF)
            .map(|slot| {
                ledger.executed(slot, executed[usize::from(slot)]);
                ledger.unvouched(slot)
            })
            .sum()
    }

    /// The incidents so far in words, each with the keys that it put in question, and how often it was noticed.
    fn texts(&self) -> Vec<(String, u64, u64)> {
        let mut record = Record::new(String::new(), String::new(), crate::results::Options::default());
        self.incidents.enter(&mut record);
        let told = |incident: Incident| (incident.text, incident.suspect_keys, incident.times);
        record.incidents.into_iter().map(told).collect()
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

#[test]
fn a_master_that_comes_back_at_another_address_is_looked_at_there() {
    let mut scene = Scene::new(LONG);
    scene.plan();
    let lost = FillError::WriterLost { address: address(1), message: "gone".into() };
    scene.course.went_wrong(0, Cause::Lost(lost));
    let mut elsewhere = topology(HALF);
    elsewhere.masters[0].announced = address(9);
    elsewhere.masters[0].address = address(9);
    assert!(matches!(scene.see_at(address(2), 2, "", elsewhere.clone(), [1, 2]), Turn::GoOn));
    assert_eq!(scene.course.take_strangers(), [address(9)]);
    // It is the same master: once it has answered there, it is written to again.
    std::thread::sleep(Duration::from_millis(60));
    assert!(matches!(scene.course.tick(1), Turn::GoOn), "nobody has seen it");
    scene.see_at(address(9), 1, "", elsewhere, [1, 2]);
    assert!(matches!(scene.course.tick(1), Turn::Replan));
    assert_eq!(scene.plan(), [keys(HALF), keys(HALF)]);
    assert!(scene.course.take_strangers().is_empty() && scene.kinds() == [IncidentKind::ConnectionLost]);
}

#[test]
fn slots_that_go_to_and_fro_do_not_renew_the_patience_for_ever() {
    const RECOVERY: Duration = Duration::from_millis(500);
    let mut scene = Scene::new(RECOVERY);
    scene.plan();
    scene.execute();
    let executed = scene.course.ledger.totals().executed;
    scene.course.tick(executed);
    let lost = || FillError::WriterLost { address: address(1), message: "gone".into() };
    scene.course.went_wrong(0, Cause::Lost(lost()));
    let mut ended = None;
    for turn in 0..10 * MOST_MOVES {
        scene.plan();
        // What was sent again at the new owner is nothing new.
        scene.execute();
        let executed = scene.course.ledger.totals().executed;
        if let Turn::End(Ended::Failed(error)) = scene.course.tick(executed) {
            ended = Some((turn, error.to_string()));
            break;
        }
        let first = if turn % 2 == 0 { HALF - 100 } else { HALF + 100 };
        let epoch = u64::from(turn) + 3;
        // Nobody shows INFO, so nothing vouches for anything.
        let seen = Ok(Seen { info: None, view: Some(view(2, topology(first), [1, epoch])) });
        scene.course.see(Sight { address: address(2), asked: Instant::now(), seen }, &[]);
        std::thread::sleep(RECOVERY / 10);
    }
    let (turns, error) = ended.expect("it goes on for ever");
    assert!(turns >= MOST_MOVES && error == lost().to_string(), "{turns} {error}");
}

/// Refusals of a master, by its statistics.
fn refusing(calls: u64) -> String {
    format!(
        "cmdstat_mset:calls=9,rejected_calls={calls}\nerrorstat_MOVED:count={calls}\nerrorstat_ERR:count=1"
    )
}

/// A scene in which the first master's writer has executed so many keys, and counts what its connection did.
fn counting(executed: u64) -> Scene {
    let mut scene = Scene::new(LONG);
    scene.plan();
    scene.counts(executed, Some(0));
    scene.see(1, "", HALF, [1, 2]);
    scene
}

#[test]
fn refusals_are_not_held_against_writers_whose_own_counts_lack_nothing() {
    let mut scene = counting(40);
    assert!(matches!(scene.see(1, &refusing(3), HALF, [1, 2]), Turn::GoOn));
    assert_eq!(scene.kinds(), []);
    // What it has reached without a count since then is vouched for by nobody.
    scene.parts[0].progress.execute(60);
    scene.see(1, &refusing(3), HALF, [1, 2]);
    assert_eq!(scene.unvouched(), 60);
    scene.counts(0, Some(0));
    scene.see(1, &refusing(3), HALF, [1, 2]);
    assert_eq!(scene.unvouched(), 0);
    // From then on, nothing is open.
    scene.parts[0].progress.execute(8);
    scene.see(1, &refusing(3), HALF, [1, 2]);
    assert_eq!((scene.unvouched(), scene.kinds()), (0, vec![]));
}

#[test]
fn a_writer_that_has_counted_to_its_end_holds_up_no_other() {
    let mut scene = Scene::new(LONG);
    scene.plan_with(2);
    let all = scene.parts[0].walk.left();
    scene.parts[1].progress.execute(8);
    scene.parts[1].progress.count(Some(0));
    scene.counts(all, Some(0));
    scene.see(1, "", HALF, [1, 2]);
    // Somebody else is refused, and the writer that goes on has counted since.
    scene.see(1, &refusing(3), HALF, [1, 2]);
    scene.course.mark(&address(1), &scene.parts);
    scene.parts[1].progress.count(Some(0));
    scene.see(1, &refusing(3), HALF, [1, 2]);
    // It is cut off without a last count: those refusals were not its.
    scene.parts[1].progress.execute(8);
    let part = scene.parts.remove(1);
    scene.course.add(&part, 16, true);
    assert_eq!(scene.kinds(), []);
}

#[test]
fn what_a_writer_was_refused_is_told_and_suspect_where_it_has_written() {
    let mut scene = counting(40);
    scene.counts(20, Some(2));
    scene.see(1, &refusing(7), HALF, [1, 2]);
    assert_eq!(scene.texts(), [("it refused 2 of our commands (MOVED 7)".into(), 20, 1)]);
    scene.counts(8, Some(0));
    scene.see(1, &refusing(7), HALF, [1, 2]);
    scene.see(1, &refusing(7), HALF, [1, 2]);
    // Slots that were not begun by then are vouched for.
    assert_eq!((scene.unvouched(), scene.kinds().len()), (20, 1));
}

#[test]
fn what_a_writer_was_refused_is_told_when_it_ends() {
    let mut scene = counting(40);
    scene.counts(20, Some(2));
    let part = scene.parts.remove(0);
    scene.course.add(&part, 60, true);
    assert_eq!(scene.texts(), [("it refused 2 of our commands".into(), 20, 1)]);
}

#[test]
fn a_writer_that_ends_without_a_last_count_may_be_the_one_that_was_refused() {
    for early in [false, true] {
        let mut scene = counting(40);
        if early {
            // Counted while all writers could tell.
            scene.see(1, &refusing(3), HALF, [1, 2]);
            assert_eq!(scene.kinds(), []);
        }
        let part = scene.parts.remove(0);
        scene.course.add(&part, 48, true);
        // What was open is told at once: there may be no look after this.
        assert_eq!(scene.texts().len(), usize::from(early));
        scene.see(1, &refusing(3), HALF, [1, 2]);
        assert_eq!(scene.texts(), [("it refused 3 mset (MOVED 3)".into(), 8, 1)]);
        // A look that began after its end is the last that is to be asked.
        scene.see(1, &refusing(4), HALF, [1, 2]);
        assert_eq!(scene.texts()[0].2, 1);
    }
}

#[test]
fn a_failed_call_and_a_count_that_ends_may_be_ours() {
    let mut scene = counting(40);
    scene.see(1, &format!("{}\ncmdstat_mset:calls=9,failed_calls=1", refusing(0)), HALF, [1, 2]);
    assert_eq!(scene.texts(), [("it refused 1 mset".into(), 0, 1)]);
    // Nothing was sent, so nothing was refused; until something was.
    let mut scene = Scene::new(LONG);
    scene.plan();
    scene.see(1, &refusing(3), HALF, [1, 2]);
    assert_eq!(scene.texts(), []);
    scene.parts[0].progress.execute(8);
    scene.see(1, &refusing(3), HALF, [1, 2]);
    assert_eq!(scene.texts(), [("it refused 3 mset (MOVED 3)".into(), 8, 1)]);
    let mut scene = counting(40);
    scene.counts(0, None);
    scene.see(1, &refusing(3), HALF, [1, 2]);
    assert_eq!(scene.texts(), [("it refused 3 mset (MOVED 3)".into(), 0, 1)]);
}

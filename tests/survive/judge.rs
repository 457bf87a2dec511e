//! The judge: reads every key of a dataset, and those of others, with the `redis` crate, from the present
//! owner of each slot, and holds the account of a run against that. Of the program's own code only the
//! dataset is trusted, which says what should be there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fillbench::results::{Record, Verdict};
use fillbench::slots::slot_of;
use redis::{Connection, Value};

use crate::common::{ask, connect};
use crate::fill::data::Data;
use crate::fill::run::{Run, Running};
use crate::fill::site::Truth;
use crate::survive::cluster::Cluster;
use crate::survive::theirs::Theirs;

/// Keys asked for at a time.
const BATCH: usize = 2_000;
/// How long a node may send readers away before it is believed that nobody has the slot.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

/// A dataset that is filled beside keys of others, and what is judged at the end.
pub(crate) struct Trial {
    pub(crate) data: Data,
    theirs: Theirs,
    /// Whether the fault itself takes keys of others away.
    theirs_may_go: bool,
}

impl Trial {
    /// A dataset, and keys of others beside where it goes.
    pub(crate) fn new(cluster: &Cluster, data: Data) -> Self {
        let theirs = Theirs::write(cluster, &data);
        Self { data, theirs, theirs_may_go: false }
    }

    /// The same, where the fault itself takes keys of others away.
    pub(crate) fn losing_theirs(cluster: &Cluster, data: Data) -> Self {
        Self { theirs_may_go: true, ..Self::new(cluster, data) }
    }

    /// Waits for the end: it was exact, by its own word and in truth.
    #[track_caller]
    pub(crate) fn survived(&self, cluster: &Cluster, running: Running) -> Record {
        let run = running.end();
        let truth = self.truth(cluster);
        let record = self.honest(&run, truth);
        let Record { verdict, error, .. } = &record;
        assert_eq!((run.code, *verdict, error), (0, Verdict::Exact, &None), "{truth:?} {run:?}");
        record
    }

    /// Waits for the end: it was exact, or it said the truth.
    #[track_caller]
    pub(crate) fn told_the_truth(&self, cluster: &Cluster, running: Running) -> (Run, Record, Truth) {
        let run = running.end();
        let truth = self.truth(cluster);
        let record = self.honest(&run, truth);
        (run, record, truth)
    }

    /// Checks that what a run said is so. What it calls suspect may be anything.
    #[track_caller]
    pub(crate) fn honest(&self, run: &Run, truth: Truth) -> Record {
        let record = run.record();
        let account = &record.account;
        let all = Truth { exact: self.data.keys, ..Truth::default() };
        assert_eq!(account.planned, self.data.keys, "{run:?}");
        match run.code {
            0 => {
                assert_eq!(truth, all, "{run:?}");
                assert_eq!((account.proven, account.suspect), (account.planned, 0), "{run:?}");
                assert_eq!((account.missing, account.wrong), (Some(0), Some(0)), "{run:?}");
                assert_eq!((record.verdict, &record.error), (Verdict::Exact, &None), "{run:?}");
            }
            3 => {
                let told = (account.proven, account.missing, account.wrong, account.suspect);
                let is = (truth.exact, Some(truth.missing), Some(truth.wrong), 0);
                assert_eq!(told, is, "{run:?}");
                assert!(truth != all, "it is all there: {run:?}");
            }
            1 => {
                let (missing, wrong) = (account.missing.unwrap_or(0), account.wrong.unwrap_or(0));
                let sum = account.proven + missing + wrong + account.suspect;
                assert_eq!(sum, account.planned, "{run:?}");
                assert!(account.suspect > 0, "nothing is open, so it is known what is missing: {run:?}");
                assert!(account.proven <= truth.exact, "{truth:?} {run:?}");
                assert!(missing <= truth.missing && wrong <= truth.wrong, "{truth:?} {run:?}");
                assert!(record.error.is_some(), "{run:?}");
            }
            code => panic!("{code}: {run:?}"),
        }
        record
    }

    /// What there is of the dataset, once the nodes agree again. Fails if anything was done to keys of others.
    #[track_caller]
    pub(crate) fn truth(&self, cluster: &Cluster) -> Truth {
        cluster.settle();
        let (spec, values, mut reader) = (self.data.spec(), self.data.values(), Reader::new(cluster));
        let positions = self.data.positions(&(0..fillbench::slots::SLOTS).collect::<Vec<_>>());
        let mut truth = Truth::default();
        for batch in positions.chunks(BATCH) {
            let keys: Vec<Vec<u8>> = batch.iter().map(|&position| spec.shape().key(position)).collect();
            for (found, &position) in reader.read(&keys).into_iter().zip(batch) {
                match found {
                    Value::Nil => truth.missing += 1,
                    Value::BulkString(found) if found == values.value(position) => truth.exact += 1,
                    _ => truth.wrong += 1,
                }
            }
        }
        let there = self.judge_theirs(&mut reader);
        // Nothing else was written, and a key that moved is not in two places.
        assert_eq!(cluster.keys() - there, truth.exact + truth.wrong, "{}: {truth:?}", cluster.kind);
        truth
    }

    /// How many keys of others are there, all as they were.
    #[track_caller]
    fn judge_theirs(&self, reader: &mut Reader) -> u64 {
        let keys: Vec<Vec<u8>> = self.theirs.pairs.keys().map(|key| key.clone().into_bytes()).collect();
        let mut there = 0;
        for (found, (key, value)) in reader.read(&keys).into_iter().zip(&self.theirs.pairs) {
            match found {
                Value::Nil => assert!(self.theirs_may_go, "{}: {key} of others is gone", reader.cluster.kind),
                found => {
                    assert_eq!(found, Value::BulkString(value.clone().into_bytes()), "{key} of others");
                    there += 1;
                }
            }
        }
        there
    }
}

/// Reads keys at the owners of their slots.
struct Reader<'a> {
    cluster: &'a Cluster,
    /// Of each slot, by the last answer to that question.
    owners: Vec<SocketAddr>,
    connections: BTreeMap<SocketAddr, Connection>,
}

impl<'a> Reader<'a> {
    fn new(cluster: &'a Cluster) -> Self {
        Self { cluster, owners: owners(cluster), connections: BTreeMap::new() }
    }

    /// The values of keys at the present owners of their slots. Who is sent on goes where it is sent.
    fn read(&mut self, keys: &[Vec<u8>]) -> Vec<Value> {
        let began = Instant::now();
        let mut found: BTreeMap<usize, Value> = BTreeMap::new();
        loop {
            let mut by_owner: BTreeMap<SocketAddr, Vec<usize>> = BTreeMap::new();
            for number in (0..keys.len()).filter(|number| !found.contains_key(number)) {
                by_owner.entry(self.owners[usize::from(slot_of(&keys[number]))]).or_default().push(number);
            }
            if by_owner.is_empty() {
                return found.into_values().collect();
            }
            let mut sent_away = None;
            for (owner, numbers) in by_owner {
                for (number, answer) in numbers.iter().zip(self.ask(owner, keys, &numbers)) {
                    let Value::ServerError(error) = answer else {
                        found.insert(*number, answer);
                        continue;
                    };
                    match (error.code(), error.details()) {
                        ("ASK", Some(to)) => {
                            found.insert(*number, ask_there(to, &keys[*number]));
                        }
                        // It is there, and is no value of ours.
                        ("WRONGTYPE", _) => {
                            found.insert(*number, Value::Okay);
                        }
                        _ => sent_away = Some(error),
                    }
                }
            }
            if let Some(error) = sent_away {
                assert!(began.elapsed() < PATIENCE, "{}: {error:?}", self.cluster.kind);
                std::thread::sleep(PAUSE);
                self.owners = owners(self.cluster);
            }
        }
    }

    /// What one node answers when it is asked for some of the keys.
    fn ask(&mut self, owner: SocketAddr, keys: &[Vec<u8>], numbers: &[usize]) -> Vec<Value> {
        let mut pipe = redis::pipe();
        pipe.ignore_errors();
        numbers.iter().for_each(|&number| {
            pipe.get(&keys[number]);
        });
        pipe.query(self.connections.entry(owner).or_insert_with(|| connect(owner))).unwrap()
    }
}

/// Reads a key at the node that imports its slot: `to` is the slot and where that is.
fn ask_there(to: &str, key: &[u8]) -> Value {
    let mut there = connect(to.split(' ').next_back().unwrap().parse().unwrap());
    redis::cmd("ASKING").exec(&mut there).unwrap();
    redis::cmd("GET").arg(key).query(&mut there).unwrap()
}

fn owners(cluster: &Cluster) -> Vec<SocketAddr> {
    let mut owners = vec![None; usize::from(fillbench::slots::SLOTS)];
    for (owner, slots) in cluster.slots_of() {
        slots.into_iter().for_each(|slot| owners[usize::from(slot)] = Some(owner));
    }
    owners.into_iter().map(Option::unwrap).collect()
}

/// Checks that a record tells of something that happened to a master.
#[track_caller]
pub(crate) fn assert_told(record: &Record) {
    let told =
        record.incidents.iter().any(|incident| !incident.master.is_empty() && !incident.text.is_empty());
    assert!(told, "nothing happened: {record:?}");
}

/// How often a node has refused a command with an error, by its own count.
pub(crate) fn refused(node: SocketAddr, error: &str) -> u64 {
    let info: String = ask(node, "INFO errorstats");
    let field = format!("errorstat_{error}:count=");
    info.lines().find_map(|line| line.strip_prefix(&field)?.trim().parse().ok()).unwrap_or(0)
}

/// The judge is judged: it finds what is not right, and believes no account that differs from what is there.
mod judged {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use redis::Commands;

    use super::*;
    use crate::survive::case::EARLY;

    /// The parts of an account that are changed one by one.
    const TOLD: [&str; 4] = ["proven", "missing", "wrong", "suspect"];

    fn fails<T>(what: impl FnOnce() -> T) -> bool {
        catch_unwind(AssertUnwindSafe(what)).is_err()
    }

    /// A filled cluster.
    fn filled() -> (Cluster, Trial, Run) {
        let cluster = Cluster::embedded(Some(3));
        let trial = Trial::new(&cluster, Data::of(20_000));
        let run = cluster.begin_at_once(cluster.master(0), &trial.data, EARLY, "").end();
        (cluster, trial, run)
    }

    /// A connection to the owner of a slot.
    fn owner(cluster: &Cluster, slot: u16) -> redis::Connection {
        connect(owners(cluster)[usize::from(slot)])
    }

    #[test]
    fn what_is_not_right_is_counted() {
        let (cluster, trial, run) = filled();
        let all = Truth { exact: trial.data.keys, ..Truth::default() };
        assert_eq!(trial.truth(&cluster), all);
        trial.honest(&run, all);
        for slot in [1, 2, 3] {
            assert_eq!(owner(&cluster, slot).del(trial.data.key_in(slot)), Ok(1));
        }
        for slot in [8_000, 16_000] {
            let other = "x".repeat(trial.data.value_size as usize);
            assert_eq!(owner(&cluster, slot).set(trial.data.key_in(slot), other), Ok(()));
        }
        let truth = trial.truth(&cluster);
        assert_eq!(truth, Truth { exact: all.exact - 5, missing: 3, wrong: 2 });
        assert!(fails(|| trial.honest(&run, truth)), "it said that all is there");
    }

    #[test]
    fn keys_that_do_not_belong_there_are_noticed() {
        let (cluster, trial, _) = filled();
        let stray = trial.data.key_in(5).replace("}:", "}stray:");
        assert_eq!(owner(&cluster, 5).set(&stray, "x"), Ok(()));
        assert!(fails(|| trial.truth(&cluster)));
        assert_eq!(owner(&cluster, 5).del(&stray), Ok(1));
        assert_eq!(trial.truth(&cluster).exact, trial.data.keys);
        let (key, value) = trial.theirs.pairs.first_key_value().unwrap();
        let mut there = owner(&cluster, slot_of(key.as_bytes()));
        for change in [true, false] {
            assert_eq!(if change { there.set(key, "ours") } else { there.del(key) }, Ok(()));
            assert!(fails(|| trial.truth(&cluster)));
            assert_eq!(there.set(key, value), Ok(()));
        }
    }

    #[test]
    fn no_account_is_believed_that_differs() {
        let (_, trial, run) = filled();
        let all = trial.data.keys;
        // What is said, and whether it is so where 4 keys are missing and 2 wrong.
        let said = |code: i32, told: [u64; 4]| {
            let mut record: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            for (name, told) in TOLD.into_iter().zip(told) {
                record["account"][name] = told.into();
            }
            record["verdict"] = if code == 1 { "failed" } else { "missing" }.into();
            record["error"] = serde_json::json!({ "message": "something", "cure": null });
            Run {
                code,
                stdout: record.to_string(),
                stderr: String::new(),
                what: String::new(),
                took: run.took,
            }
        };
        let truth = Truth { exact: all - 6, missing: 4, wrong: 2 };
        for (code, told) in
            [(3, [all - 6, 4, 2, 0]), (1, [all - 6, 3, 2, 1]), (1, [all - 60, 0, 0, 60]), (1, [0, 0, 0, all])]
        {
            trial.honest(&said(code, told), truth);
        }
        for (code, told) in [
            (0, [all, 0, 0, 0]),
            (3, [all, 0, 0, 0]),
            (3, [all - 5, 3, 2, 0]),
            (3, [all - 6, 5, 1, 0]),
            (3, [all - 6, 4, 1, 1]),
            (1, [all - 6, 4, 2, 0]),
            (1, [all - 5, 0, 0, 5]),
            (1, [all - 60, 5, 0, 55]),
            (1, [all - 60, 0, 3, 57]),
            (1, [all - 60, 0, 0, 59]),
            (130, [all - 6, 4, 2, 0]),
        ] {
            assert!(fails(|| trial.honest(&said(code, told), truth)), "{code} {told:?} is believed");
        }
    }
}

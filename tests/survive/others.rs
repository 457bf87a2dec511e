//! What other clients do to the servers meanwhile.

use std::net::SocketAddr;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use fillbench::dataset::golden;
use fillbench::results::IncidentKind;
use redis::Commands;

use crate::common::{ask, connect};
use crate::fill::data::Data;
use crate::survive::case::{Case, survive};
use crate::survive::cluster::Cluster;
use crate::survive::judge::{Trial, refused};

/// Keys of ours in the slots that one master is filled with first, at their owner.
fn first_keys(cluster: &Cluster, data: &Data, master: usize) -> (SocketAddr, Vec<String>) {
    let mut slots = cluster.slots_at(master);
    slots.sort_by_key(|&slot| golden(slot));
    (cluster.master(master), slots[..50].iter().map(|&slot| data.key_in(slot)).collect())
}

/// Another client, who sends our command to a master that has not got the slot, until what is returned is dropped.
pub(crate) fn misled(cluster: &Cluster, data: &Data, case: Case) -> Sender<()> {
    let (node, slot) = (cluster.master(case.victim), cluster.slots_at((case.victim + 1) % 3)[0]);
    let (command, key) = (case.command.to_uppercase(), data.key_in(slot));
    let (sender, dropped) = channel();
    std::thread::spawn(move || {
        let mut pipe = redis::pipe();
        pipe.ignore_errors();
        (0..20).for_each(|_| {
            pipe.cmd(&command).arg(&key).arg("theirs");
        });
        let mut connection = connect(node);
        while dropped.recv_timeout(Duration::from_millis(5)) == Err(RecvTimeoutError::Timeout) {
            let _: redis::RedisResult<Vec<redis::Value>> = pipe.query(&mut connection);
        }
    });
    sender
}

/// Whether servers count what they execute of each connection.
pub(crate) fn count_commands(cluster: &Cluster) -> bool {
    ask::<String>(cluster.master(0), "CLIENT INFO").contains(" tot-cmds=")
}

survive! {
    /// They speak against our keys only where nobody can tell whose they were.
    fn writes_of_others_that_are_refused(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let others = misled(cluster, &trial.data, case);
        let record = trial.survived(cluster, cluster.begin(&trial.data, case, ""));
        drop(others);
        assert!(refused(cluster.master(case.victim), "MOVED") > 1000);
        let told: Vec<_> = record.incidents.iter().map(|incident| incident.kind).collect();
        let expected: &[_] = if count_commands(cluster) { &[] } else { &[IncidentKind::ErrorsCounted] };
        assert_eq!(told, expected, "{record:?}");
    }

    fn a_flush_of_one_master(cluster, case) on redis, valkey, embedded {
        let trial = Trial::losing_theirs(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        ask::<String>(cluster.master(case.victim), "FLUSHALL");
        trial.survived(cluster, running);
    }

    fn a_flush_of_all_masters(cluster, case) on redis, valkey, embedded {
        let trial = Trial::losing_theirs(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        cluster.tell_masters("FLUSHDB");
        trial.survived(cluster, running);
    }

    fn counters_that_are_reset(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        cluster.tell_masters("CONFIG RESETSTAT");
        trial.survived(cluster, running);
    }

    /// The counters do not tell of the flush any more.
    fn a_flush_whose_traces_are_reset(cluster, case) on redis, valkey, embedded {
        let trial = Trial::losing_theirs(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        ask::<String>(cluster.master(case.victim), "FLUSHALL");
        ask::<String>(cluster.master(case.victim), "CONFIG RESETSTAT");
        trial.survived(cluster, running);
    }

    /// What somebody deletes or overwrites while the fill goes on, is there again at its end.
    fn keys_of_ours_that_others_delete_and_change(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let mut running = cluster.begin(&trial.data, case, "");
        let (owner, keys) = first_keys(cluster, &trial.data, case.victim);
        let mut connection = connect(owner);
        let deleted: u64 = keys.iter().step_by(2).map(|key| connection.del::<_, u64>(key).unwrap()).sum();
        let mut changed = 0;
        for (number, key) in keys.iter().skip(1).step_by(2).enumerate() {
            let value = if number % 2 == 0 { "short".into() } else { "x".repeat(trial.data.value_size as usize) };
            let was_there: Option<String> =
                redis::cmd("SET").arg(key).arg(value).arg("XX").query(&mut connection).unwrap();
            changed += u64::from(was_there.is_some());
        }
        running.until(|| true);
        let record = trial.survived(cluster, running);
        assert!(deleted > 0 && changed > 0, "{deleted} {changed}");
        assert!(record.account.repaired >= deleted + changed, "{record:?}");
    }
}

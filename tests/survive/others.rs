//! What other clients do to the servers meanwhile.

use std::net::SocketAddr;

use fillbench::dataset::golden;
use redis::Commands;

use crate::case::survive;
use crate::cluster::Cluster;
use crate::common::{ask, connect};
use crate::data::Data;
use crate::judge::Trial;

/// Keys of ours in the slots that one master is filled with first, at their owner.
fn first_keys(cluster: &Cluster, data: &Data, master: usize) -> (SocketAddr, Vec<String>) {
    let mut slots = cluster.slots_at(master);
    slots.sort_by_key(|&slot| golden(slot));
    (cluster.master(master), slots[..50].iter().map(|&slot| data.key_in(slot)).collect())
}

survive! {
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

//! Faults while the fill goes as fast as it can, with full pipelines on their way; and with other ways to
//! send than those of the other tests.

use crate::common::ask;
use crate::fill::data::Data;
use crate::fill::run::Running;
use crate::survive::case::{Case, survive};
use crate::survive::cluster::{Cluster, move_slot, sum_of_keys};
use crate::survive::judge::{Trial, assert_told};

/// So many that the first are there long before the last.
const KEYS: u64 = 150_000;
/// So fast that pipelines are full, and not so fast that it is over before anything happens to it.
const RATE: &str = "--rate 150000";

/// Begins at full speed, and waits until the first keys are there.
fn begin(cluster: &Cluster, trial: &Trial, case: Case) -> Running {
    let (masters, before) = (cluster.masters(), cluster.keys());
    let mut running = cluster.begin_at_once(cluster.master(0), &trial.data, case, RATE);
    running.until(|| sum_of_keys(&masters) - before > trial.data.keys / 20);
    running
}

survive! {
    fn a_takeover(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(KEYS));
        let running = begin(cluster, &trial, case);
        ask::<String>(cluster.replica_of(case.victim), "CLUSTER FAILOVER TAKEOVER");
        assert_told(&trial.survived(cluster, running));
    }

    fn a_master_that_dies(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(KEYS));
        let running = begin(cluster, &trial, case);
        cluster.kill(case.victim);
        trial.survived(cluster, running);
    }

    fn a_restart(cluster, case) on redis, valkey, embedded {
        let trial = Trial::losing_theirs(cluster, Data::of(KEYS));
        let running = begin(cluster, &trial, case);
        cluster.restart(case.victim);
        trial.survived(cluster, running);
    }

    fn all_connections_killed(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(KEYS));
        let running = begin(cluster, &trial, case);
        cluster.tell_masters("CLIENT KILL TYPE normal SKIPME yes");
        assert_told(&trial.survived(cluster, running));
    }

    fn slots_that_move(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(KEYS));
        let masters: Vec<_> = (0..3).map(|number| cluster.master(number)).collect();
        let slots = cluster.slots_at(case.victim);
        let mut running = begin(cluster, &trial, case);
        for (number, slot) in slots.into_iter().step_by(500).enumerate() {
            move_slot(slot, masters[case.victim], masters[(case.victim + 1) % 3], &masters);
            if number == 0 {
                running.until(|| true);
            }
        }
        trial.survived(cluster, running);
    }

    fn a_flush(cluster, case) on redis, valkey, embedded {
        let trial = Trial::losing_theirs(cluster, Data::of(KEYS));
        let running = begin(cluster, &trial, case);
        ask::<String>(cluster.master(case.victim), "FLUSHALL");
        trial.survived(cluster, running);
    }
}

/// A takeover while keys are sent in other ways than in the other tests.
fn sent_otherwise(cluster: &mut Cluster, case: Case, args: &str) {
    // These options choose the command by themselves.
    let trial = Trial::new(cluster, Data::of(30_000));
    let running = cluster.begin(&trial.data, case, args);
    let replica = cluster.replica_of(case.victim);
    ask::<String>(replica, "CLUSTER FAILOVER TAKEOVER");
    assert_told(&trial.survived(cluster, running));
}

survive! {
    fn with_replies_on(cluster, case) on valkey, embedded {
        sent_otherwise(cluster, case, "--reply on");
    }

    fn from_slot_to_slot(cluster, case) on redis, embedded {
        sent_otherwise(cluster, Case { command: "set", ..case }, "--order stride");
    }

    fn one_master_after_another(cluster, case) on valkey, embedded {
        sent_otherwise(cluster, Case { writers: 1, ..case }, "--serial");
    }

    fn keys_that_expire(cluster, case) on redis, embedded {
        sent_otherwise(cluster, Case { command: "set", ..case }, "--ttl 1h");
    }

    fn in_pipelines_of_one_key(cluster, case) on redis, embedded {
        sent_otherwise(cluster, case, "--pipeline-depth 1 --window 1");
    }
}

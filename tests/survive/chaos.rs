//! Several faults in one fill, one after the other and on top of each other.

use crate::common::ask;
use crate::fill::data::Data;
use crate::survive::case::{Case, survive};
use crate::survive::cluster::move_slot;
use crate::survive::judge::Trial;

survive! {
    fn a_restart_then_moves_then_a_takeover_and_killed_clients_throughout(cluster, case) on redis, valkey, embedded {
        let trial = Trial::losing_theirs(cluster, Data::of(120_000));
        let masters: Vec<_> = (0..3).map(|number| cluster.master(number)).collect();
        let [first, second, third] = [case.victim, (case.victim + 1) % 3, (case.victim + 2) % 3];
        let mut running = cluster.begin(&trial.data, Case { percent: 10, seconds: 8, ..case }, "");
        cluster.restart(first);
        cluster.settle();
        cluster.tell_masters("CLIENT KILL TYPE normal SKIPME yes");
        running.until(|| true);
        for slot in cluster.slots_at(second).into_iter().step_by(300) {
            move_slot(slot, masters[second], masters[first], &masters);
        }
        cluster.tell_masters("CONFIG RESETSTAT");
        running.until(|| true);
        ask::<String>(cluster.replica_of(third), "CLUSTER FAILOVER TAKEOVER");
        cluster.until_owner(cluster.replica_of(third));
        cluster.tell_masters("CLIENT KILL TYPE normal SKIPME yes");
        ask::<String>(masters[second], "FLUSHALL");
        trial.survived(cluster, running);
    }
}

//! Slots that are moved while they are filled, and masters that come and go.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use fillbench::dataset::golden;
use fillbench::target::Layout;

use crate::common::{Server, ask, eventually};
use crate::fill::data::Data;
use crate::survive::case::{Case, case_of, survive};
use crate::survive::cluster::{Cluster, give_slot, id, move_keys, move_slot, open_slot, wait_until_newer};
use crate::survive::judge::Trial;

/// The slots of a master in the order in which they are filled.
fn in_order(cluster: &Cluster, master: usize) -> Vec<u16> {
    let mut slots = cluster.slots_at(master);
    slots.sort_by_key(|&slot| golden(slot));
    slots
}

/// Slots that go there and back.
const BACK_AND_FORTH: usize = 50;

/// Moves slots with `redis-cli`, the lowest first, and waits until that is done.
fn reshard(cluster: &Cluster, from: usize, to: usize, slots: usize) {
    let [from, to] = [from, to].map(|master| id(cluster.master(master)));
    let place = cluster.master(0);
    let words = format!(
        "--cluster reshard {place} --cluster-from {from} --cluster-to {to} --cluster-slots {slots} --cluster-yes"
    );
    let mut command = Command::new("redis-cli");
    let output = command.args(words.split(' ')).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

survive! {
    fn a_reshard_there_and_back(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let slower = Case { percent: case.percent / 2, seconds: 6, ..case };
        let mut running = cluster.begin(&trial.data, slower, "");
        let other = (case.victim + 1) % 3;
        reshard(cluster, case.victim, other, BACK_AND_FORTH);
        // It refuses to begin before they agree.
        cluster.settle();
        running.until(|| true);
        reshard(cluster, other, case.victim, BACK_AND_FORTH);
        trial.survived(cluster, running);
    }

    /// By hand, as some tools do: the slots that are filled first and hold keys, and those that come last.
    fn slots_moved_one_by_one(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let masters: Vec<_> = (0..3).map(|number| cluster.master(number)).collect();
        let slots: Vec<_> = (0..3).map(|number| in_order(cluster, number)).collect();
        let mut running = cluster.begin(&trial.data, Case { percent: 10, seconds: 6, ..case }, "");
        for from in 0..3 {
            let to = (from + 1) % 3;
            wait_until_newer(masters[to], masters[from]);
            for turn in 0..8 {
                for slot in [slots[from][turn], slots[from][slots[from].len() - 1 - turn]] {
                    move_slot(slot, masters[from], masters[to], &masters);
                }
            }
            // On a busy machine, the last ones may come after its end.
            if from == 0 {
                running.until(|| true);
            }
        }
        trial.survived(cluster, running);
    }

    /// New keys go to the target one by one, with ASKING; those that are there stay at the source.
    fn slots_left_half_moved_for_longer_than_the_fill(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(100_000));
        let masters: Vec<_> = (0..3).map(|number| cluster.master(number)).collect();
        let slots = in_order(cluster, case.victim);
        let (source, target) = (masters[case.victim], masters[(case.victim + 1) % 3]);
        // Some before anything is written, some when they are full or being filled, some before their turn.
        let before: Vec<u16> = slots[..2].iter().chain(&slots[slots.len() - 2..]).copied().collect();
        before.iter().for_each(|&slot| open_slot(slot, source, target));
        let mut running = cluster.begin(&trial.data, case, "");
        let middle: Vec<u16> = slots.iter().step_by(slots.len() / 6).skip(1).copied().collect();
        for &slot in &middle {
            open_slot(slot, source, target);
            move_keys(slot, source, target, 3);
        }
        running.until(|| true);
        trial.survived(cluster, running);
        for slot in before.into_iter().chain(middle) {
            move_keys(slot, source, target, usize::MAX);
            give_slot(slot, source, target, &masters);
        }
        assert_eq!(trial.truth(cluster).exact, trial.data.keys);
    }

    /// A slot that nobody owns stops the whole cluster.
    fn a_slot_without_an_owner_for_a_while(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let slot = in_order(cluster, case.victim)[0];
        let owner = cluster.master(case.victim);
        let running = cluster.begin(&trial.data, case, "");
        ask::<String>(owner, &format!("CLUSTER DELSLOTS {slot}"));
        eventually(&true, || ask::<String>(owner, "CLUSTER INFO").contains("cluster_state:fail"));
        eventually(&true, || crate::survive::judge::refused(owner, "CLUSTERDOWN") > 0);
        ask::<String>(owner, &format!("CLUSTER ADDSLOTS {slot}"));
        trial.survived(cluster, running);
    }
}

/// Moves many slots, the last of the fill first, and so fast that hardly any is filled meanwhile.
fn move_last(cluster: &Cluster, from: usize, to: usize, share: usize, masters: &[std::net::SocketAddr]) {
    let slots = in_order(cluster, from);
    let moved = slots.len() / share;
    for &slot in slots.iter().rev().take(moved) {
        move_slot(slot, cluster.master(from), cluster.master(to), masters);
    }
}

/// A cluster whose fourth master owns nothing, and nobody but itself knows it.
fn with_a_stranger(server: &Server) -> Cluster {
    let cluster = Cluster::real(server, &Layout::shares(&[1, 1, 1, 0]), 0);
    let stranger = cluster.master(3);
    let stranger_id = id(stranger);
    for number in 0..3 {
        ask::<String>(cluster.master(number), &format!("CLUSTER FORGET {stranger_id}"));
    }
    ask::<String>(stranger, "CLUSTER RESET HARD");
    cluster
}

fn a_node_that_joins(server: &Server) {
    let told = case_of("a_node_that_joins", server.name);
    let cluster = with_a_stranger(server);
    let joined = cluster.master(3);
    // It is no part of the cluster yet, so it cannot agree with it.
    assert!(ask::<String>(joined, "CLUSTER INFO").contains("cluster_known_nodes:1\r\n"));
    let masters: Vec<_> = (0..4).map(|number| cluster.master(number)).collect();
    let trial = Trial::new(&cluster, Data::of(60_000));
    let running = cluster.begin(&trial.data, Case { percent: 10, ..told.0 }, "");
    ask::<String>(joined, &format!("CLUSTER MEET 127.0.0.1 {}", masters[0].port()));
    cluster.settle();
    for from in 0..3 {
        move_last(&cluster, from, 3, 80, &masters);
    }
    trial.survived(&cluster, running);
    let owned: BTreeSet<u16> = cluster.slots_at(3).into_iter().collect();
    assert_eq!(owned.len(), 3 * (16384 / 3 / 80), "slots of the one that joined");
    assert!(ask::<u64>(joined, "DBSIZE") > owned.len() as u64);
}

#[test]
fn a_node_that_joins_and_takes_slots_redis() {
    if let Some(server) = Server::find("redis", "a_node_that_joins_and_takes_slots_redis") {
        a_node_that_joins(&server);
    }
}

#[test]
fn a_node_that_joins_and_takes_slots_valkey() {
    if let Some(server) = Server::find("valkey", "a_node_that_joins_and_takes_slots_valkey") {
        a_node_that_joins(&server);
    }
}

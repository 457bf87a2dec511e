//! A master and its replica: the same order of commands to both clusters of two nodes.

use std::time::{Duration, Instant};

use crate::common::eventually;
use crate::conformity::pair::{Pair, Side};

/// Has node 1 copy node 0, which has all slots, and waits until it does.
fn pair_up(side: &mut Side) {
    assert!(side.ask(1, "cluster delslotsrange 8192 16383").contains("OK"));
    let mut answer = String::new();
    // A real node 0 does not know yet that they are free.
    eventually(&true, || {
        answer = side.ask(0, "cluster addslotsrange 8192 16383");
        answer.contains("OK") || answer.contains("busy")
    });
    if answer.contains("busy") {
        assert!(side.ask(0, "cluster delslotsrange 8192 16383").contains("OK"));
        assert!(side.ask(0, "cluster addslotsrange 8192 16383").contains("OK"));
        assert!(side.ask(0, "cluster bumpepoch").contains("BUMPED"));
    }
    // A real node 1 may hear that it has no slots any more, and copy node 0 by itself.
    becomes(side, 1, "cluster replicate ID0", "OK");
    is_copied(side, 0);
}

/// Asks until the answer has this in it.
#[track_caller]
fn becomes(side: &mut Side, node: usize, command: &str, wanted: &str) {
    let start = Instant::now();
    loop {
        let answer = side.ask(node, command);
        if answer.contains(wanted) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{node} {command}: {answer}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The other node has everything that this one has.
fn is_copied(side: &mut Side, master: usize) {
    becomes(side, master, "wait 1 100", "1");
    becomes(side, 1 - master, "info replication", "master_link_status:up");
    for node in [0, 1] {
        becomes(side, node, "cluster info", "cluster_state:ok");
    }
}

async fn paired(test: &str) -> Option<Pair> {
    let mut pair = Pair::start(test).await?;
    pair.agree(
        "
        1 cluster replicate ID1
        1 cluster replicate nobody
        1 cluster replicate ID0
        1 cluster replicate
        1 cluster failover
        1 cluster failover force
        1 cluster failover what
        1 cluster failover force now
        0 wait
        0 wait x 1
        0 wait 0 x
        0 wait 0 -1
        0 wait 0 1
        0 wait 1 1
        0 role
        ",
    );
    for node in [0, 1] {
        // Else it waits for more replicas before it copies to the first.
        assert!(pair.real.ask(node, "config set repl-diskless-sync-delay 0").contains("OK"));
    }
    pair_up(&mut pair.real);
    pair_up(&mut pair.embedded);
    Some(pair)
}

#[tokio::test]
async fn a_replica_answers_as_one() {
    let Some(mut pair) = paired("a_replica_answers_as_one").await else { return };
    pair.agree(
        "
        0 set a 1
        0 set b 2 ex 1000
        0 append a 2
        0 mset {c}1 x {c}2 y
        0 del {c}1
        0 wait 1 10000
        0 wait 0 0
        1 get a
        1 readonly
        1 get a
        1 ttl b
        1 mget {c}1 {c}2
        1 mget a b
        1 exists a
        1 dbsize
        1 set a 3
        1 del a
        1 flushall
        1 flushdb
        1 readwrite
        1 get a
        1 wait 0 0
        1 cluster replicate ID0
        1 cluster setslot 5 stable
        1 cluster setslot 5 node ID1
        0 cluster setslot 5 migrating ID1
        0 cluster replicate ID1
        0 cluster failover
        1 cluster failover what
        1 cluster failover force takeover
        1 cluster forget ID0
        1 cluster forget ID1
        1 cluster count-failure-reports ID0
        1 config set maxmemory 1
        1 dbsize
        1 readonly
        1 get a
        1 config set maxmemory 0
        ",
    );
    for side in [&mut pair.real, &mut pair.embedded] {
        let role = side.ask(1, "role");
        assert!(role.contains("slave") && role.contains("connected"), "{role}");
        let nodes = side.ask(0, "cluster nodes");
        assert!(nodes.contains("slave ID0") && nodes.contains("connected 0-16383"), "{nodes}");
        let told = side.ask(0, "info replication");
        assert!(told.contains("connected_slaves:1") && told.contains("state=online"), "{told}");
    }
}

#[tokio::test]
async fn a_replica_takes_over() {
    let Some(mut pair) = paired("a_replica_takes_over").await else { return };
    // Real nodes vote for a second one only after half a minute.
    for (master, how) in [(0, "cluster failover"), (1, "cluster failover takeover")] {
        for side in [&mut pair.real, &mut pair.embedded] {
            assert!(side.ask(master, &format!("set from {master}")).contains("OK"));
            is_copied(side, master);
            assert!(side.ask(1 - master, how).contains("OK"));
            becomes(side, 1 - master, "role", "master");
            becomes(side, master, "role", "slave");
            is_copied(side, 1 - master);
        }
        pair.agree(&format!(
            "
            {0} set a 1
            {1} set a 1
            {1} get from
            {0} get from
            {1} wait 1 10000
            {0} readonly
            {0} get a
            {0} get from
            {1} cluster failover
            ",
            master,
            1 - master
        ));
    }
}

#[tokio::test]
async fn a_replica_that_is_reset_has_nothing() {
    let Some(mut pair) = paired("a_replica_that_is_reset_has_nothing").await else { return };
    pair.agree(
        "
        0 set a 1
        0 wait 1 10000
        0 cluster reset
        1 cluster reset
        1 dbsize
        1 cluster replicate ID0
        1 get a
        0 get a
        ",
    );
}

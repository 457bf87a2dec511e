//! `redis-cli --cluster`, which plans, moves and mends clusters.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use redis::cluster::{ClusterClient, ClusterConnection};

use crate::common::{ask, eventually, key_counts};
use crate::judges::{Nodes, judged, said};

pub(crate) fn id(node: SocketAddr) -> String {
    ask(node, "CLUSTER MYID")
}

#[track_caller]
fn cli(words: &str) -> String {
    let words: Vec<&str> = ["--cluster"].into_iter().chain(words.split(' ')).collect();
    said("redis-cli", &words, b"")
}

/// Every slot is covered, none is open, and so many masters agree on it.
#[track_caller]
pub(crate) fn check(nodes: &[SocketAddr], masters: usize) {
    let mut told = String::new();
    // Gossip takes a moment.
    eventually(&true, || {
        let output = std::process::Command::new("redis-cli")
            .args(["--cluster", "check", &nodes[0].to_string()])
            .output()
            .unwrap();
        told = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success()
            && told.contains("[OK] All nodes agree about slots configuration.")
            && told.contains("[OK] All 16384 slots covered.")
    });
    assert!(!told.contains("[WARNING]"), "{told}");
    assert!(told.contains(&format!("keys in {masters} masters.")), "{told}");
}

pub(crate) fn client(nodes: &[SocketAddr]) -> ClusterConnection {
    let urls: Vec<_> = nodes.iter().map(|address| format!("redis://{address}")).collect();
    ClusterClient::new(urls).unwrap().get_connection().unwrap()
}

/// How many keys each master has slots for.
fn slots(node: SocketAddr) -> Vec<usize> {
    let nodes: String = ask(node, "CLUSTER NODES");
    let count = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        last.parse::<usize>().unwrap() - first.parse::<usize>().unwrap() + 1
    };
    nodes.lines().map(|line| line.split(' ').skip(8).map(count).sum()).collect()
}

const KEYS: usize = 1000;

/// Writes over and over, while something is done; then every key has what was written last.
fn writes_while(nodes: &[SocketAddr], done: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut client = client(nodes);
            let mut written = vec![0usize; KEYS];
            for round in 1.. {
                for (key, last) in written.iter_mut().enumerate() {
                    let name = format!("key:{key}");
                    let _: () =
                        redis::cmd("SET").arg(name).arg(round * KEYS + key).query(&mut client).unwrap();
                    *last = round * KEYS + key;
                    if round > 1 && stop.load(Ordering::Relaxed) {
                        return written;
                    }
                }
            }
            written
        });
        done();
        stop.store(true, Ordering::Relaxed);
        let written = writer.join().unwrap();
        let mut client = client(nodes);
        for (key, last) in written.into_iter().enumerate() {
            let found: Option<usize> =
                redis::cmd("GET").arg(format!("key:{key}")).query(&mut client).unwrap();
            assert_eq!(found, Some(last), "key:{key}");
        }
    });
    assert_eq!(key_counts(nodes).iter().sum::<u64>(), KEYS as u64);
}

judged! {
    fn slots_go_both_ways_while_a_client_writes(nodes: Some(3)) {
        let (first, second) = (id(nodes[0]), id(nodes[1]));
        writes_while(nodes, || {
            for (from, to) in [(&first, &second), (&second, &first), (&first, &second)] {
                let told = cli(&format!(
                    "reshard {} --cluster-from {from} --cluster-to {to} --cluster-slots 150 --cluster-yes", nodes[0]
                ));
                assert!(told.contains("Moving slot"), "{told}");
                check(nodes, 3);
            }
        });
        assert_eq!(slots(nodes[2]).iter().sum::<usize>(), 16384);
        let told = cli(&format!("rebalance {} --cluster-threshold 1", nodes[0]));
        assert!(told.contains("Rebalancing across 3 nodes"), "{told}");
        check(nodes, 3);
        assert!(slots(nodes[2]).iter().all(|slots| (5400..5520).contains(slots)), "{:?}", slots(nodes[2]));
        let told = cli(&format!("info {}", nodes[0]));
        assert!(told.contains(&format!("[OK] {KEYS} keys in 3 masters.")), "{told}");
    }
}

/// Most of its slots are left to nobody first, which real nodes do not tell each other.
#[test]
fn a_node_leaves_and_comes_back() {
    let servers = Nodes::embedded(Some(3));
    let nodes = servers.addresses();
    // Most of its slots go first, while they are empty.
    let _: () = ask(nodes[2], "CLUSTER DELSLOTSRANGE 10923 16183");
    let _: () = ask(nodes[0], "CLUSTER ADDSLOTSRANGE 10923 16183");
    let mut client = client(&nodes);
    for key in 0..300 {
        let _: () = redis::cmd("SET").arg(key).arg(key).query(&mut client).unwrap();
    }
    let gone = id(nodes[2]);
    cli(&format!(
        "reshard {} --cluster-from {gone} --cluster-to {} --cluster-slots 200 --cluster-yes",
        nodes[0],
        id(nodes[0])
    ));
    assert!(ask::<String>(nodes[2], "CLUSTER NODES").contains("myself,slave"));
    let told = cli(&format!("del-node {} {gone}", nodes[0]));
    assert!(told.contains("CLUSTER FORGET"), "{told}");
    check(&nodes[..2], 2);
    assert_eq!(slots(nodes[2]), [0]);
    let told = cli(&format!("add-node {} {}", nodes[2], nodes[0]));
    assert!(told.contains("[OK] New node added correctly."), "{told}");
    check(&nodes, 3);
    cli(&format!(
        "reshard {} --cluster-from {} --cluster-to {gone} --cluster-slots 100 --cluster-yes",
        nodes[0],
        id(nodes[0])
    ));
    check(&nodes, 3);
    assert!(slots(nodes[2]).contains(&100), "{:?}", slots(nodes[2]));
    assert_eq!(key_counts(&nodes).iter().sum::<u64>(), 300);
}

judged! {
    fn a_cluster_with_replicas_is_made_of_nodes_that_know_nobody(nodes: Some(6)) {
        for node in nodes {
            let _: () = ask(*node, "CLUSTER RESET HARD");
            let info: String = ask(*node, "CLUSTER INFO");
            assert!(
                info.contains("cluster_known_nodes:1\r\n") && info.contains("cluster_my_epoch:0\r\n"),
                "{info}"
            );
        }
        let all: Vec<String> = nodes.iter().map(ToString::to_string).collect();
        let told = cli(&format!("create {} --cluster-replicas 1 --cluster-yes", all.join(" ")));
        assert!(told.contains("[OK] All 16384 slots covered."), "{told}");
        check(nodes, 3);
        let mut client = client(nodes);
        for key in 0..300 {
            let _: () = redis::cmd("SET").arg(key).arg(key).query(&mut client).unwrap();
        }
        eventually(&600, || key_counts(nodes).iter().sum());
        let told = cli(&format!("check {}", nodes[0]));
        assert_eq!(told.matches("1 additional replica(s)").count(), 3, "{told}");
    }
}

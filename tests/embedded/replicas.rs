//! Replicas of the embedded cluster: what a master had, they have, and one of them takes over.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fillbench::server::{Server, ServerOptions};
use redis::cluster::{ClusterClient, ClusterConnection};

use crate::common::{ask, connect, eventually, key_counts};

fn start(masters: u16, replicas: u16) -> Server {
    let options = ServerOptions { masters: Some(masters), replicas, ..ServerOptions::default() };
    let server = Server::start(&options).unwrap();
    is_copied(server.addresses());
    server
}

fn client(nodes: &[SocketAddr]) -> ClusterConnection {
    let urls: Vec<_> = nodes.iter().map(|address| format!("redis://{address}")).collect();
    ClusterClient::builder(urls).retries(100).build().unwrap().get_connection().unwrap()
}

fn info(node: SocketAddr, field: &str) -> Option<String> {
    let info: String = ask(node, "INFO replication");
    info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':').map(Into::into))
}

pub(crate) fn is_master(node: SocketAddr) -> bool {
    info(node, "role").unwrap() == "master"
}

/// Each replica has everything, and is as far as its master.
pub(crate) fn is_copied(nodes: &[SocketAddr]) {
    for node in nodes {
        eventually(&true, || {
            if let Some(status) = info(*node, "master_link_status") {
                return status == "up";
            }
            let replicas: usize = info(*node, "connected_slaves").unwrap().parse().unwrap();
            ask::<usize>(*node, &format!("WAIT {replicas} 1000")) == replicas
        });
    }
}

/// All that a node holds: values, and when they expire.
fn held(node: SocketAddr) -> BTreeMap<String, (Option<Vec<u8>>, i64)> {
    let mut connection = connect(node);
    let _: () = redis::cmd("READONLY").query(&mut connection).unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    let mut hold = |key: String| {
        let value: Option<Vec<u8>> = redis::cmd("GET").arg(&key).query(&mut connection).unwrap();
        let expires = redis::cmd("PEXPIRETIME").arg(&key).query(&mut connection).unwrap();
        (key, (value, expires))
    };
    keys.into_iter().map(&mut hold).collect()
}

#[test]
fn a_replica_has_what_its_master_has_whatever_was_done_to_it() {
    let server = start(1, 2);
    let [master, first, second] = server.addresses()[..] else { panic!() };
    let mut connection = connect(master);
    for i in 0..2000 {
        for words in [
            format!("SET {{{i}}}a {i}"),
            format!("SET {{{i}}}soon x PX 30"),
            format!("APPEND {{{}}}a tail", i / 2),
            format!("INCRBY {{{}}}n {i}", i % 7),
            format!("MSET {{{i}}}b 1 {{{i}}}c 2"),
            format!("PEXPIRE {{{}}}a {}", i / 3, 100_000 + i),
            format!("PERSIST {{{}}}a", i / 5),
            format!("RENAME {{{i}}}b {{{i}}}d"),
            format!("GETDEL {{{}}}c", i / 2),
            format!("SETRANGE {{{i}}}d 3 xyz"),
            format!("SET {{{}}}never x XX", i + 1),
            format!("UNLINK {{{}}}d", i / 4),
        ] {
            let words: Vec<&str> = words.split(' ').collect();
            let _: redis::Value = redis::cmd(words[0]).arg(&words[1..]).query(&mut connection).unwrap();
        }
        if i == 1000 {
            // Begins again, with what there is then.
            let _: () = ask(second, "FILLBENCH FAULT restart");
        }
        if i == 100 {
            let _: () = ask(master, "FLUSHALL");
        }
    }
    is_copied(server.addresses());
    // Until the last of those that expire soon have.
    eventually(&false, || held(master).keys().any(|key| key.ends_with("soon")));
    let held_by_master = held(master);
    assert!(held_by_master.len() > 4000);
    for replica in [first, second] {
        let held = held(replica);
        let differ = |key: &&String| held.get(*key) != held_by_master.get(*key);
        let differ: Vec<_> = held_by_master.keys().chain(held.keys()).filter(differ).take(5).collect();
        assert!(differ.is_empty(), "{differ:?}");
    }
    // Expired keys of a replica are hidden until the master removes them.
    eventually(&vec![key_counts(&[master])[0]; 3], || key_counts(server.addresses()));
    let _: () = ask(master, "FLUSHALL");
    eventually(&vec![0; 3], || key_counts(server.addresses()));
}

#[test]
fn a_copy_is_right_though_a_client_writes_meanwhile() {
    let server = start(2, 0);
    let [master, other] = [server.addresses()[0], server.addresses()[1]];
    let id: String = ask(master, "CLUSTER MYID");
    let _: () = ask(other, "CLUSTER DELSLOTSRANGE 8192 16383");
    let _: () = ask(master, "CLUSTER ADDSLOTSRANGE 8192 16383");
    let mut connection = connect(master);
    let mut round = |from: usize, to: usize| {
        let mut pipe = redis::pipe();
        for i in from..to {
            pipe.cmd("SET").arg(i % 20_000).arg(format!("{i:02000}")).ignore();
            pipe.cmd("DEL").arg(i * 7 % 20_000).ignore();
        }
        let _: () = pipe.query(&mut connection).unwrap();
    };
    (0..20).for_each(|part| round(part * 1000, (part + 1) * 1000));
    let _: () = ask(other, &format!("CLUSTER REPLICATE {id}"));
    // A copy runs ahead by less than there is, so that the rest of it comes between these.
    (20..40).for_each(|part| round(part * 1000, (part + 1) * 1000));
    is_copied(server.addresses());
    let found = held(other);
    assert!(found.len() > 1000 && found == held(master));
}

#[test]
fn a_replica_that_takes_over_has_all_that_was_answered() {
    let server = start(1, 1);
    let nodes = server.addresses().to_vec();
    let mut client = client(&nodes);
    let mut written = 0u32;
    for turn in 0..6 {
        std::thread::scope(|scope| {
            let failover = scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(20));
                let replica = nodes.iter().find(|node| !is_master(**node)).unwrap();
                let _: () = ask(*replica, "CLUSTER FAILOVER");
                eventually(&true, || is_master(*replica));
            });
            while !failover.is_finished() {
                let _: () =
                    redis::cmd("SET").arg(format!("key:{written}")).arg(turn).query(&mut client).unwrap();
                written += 1;
            }
            failover.join().unwrap();
        });
        let _: () = redis::cmd("SET").arg(format!("turn:{turn}")).arg(turn).query(&mut client).unwrap();
    }
    is_copied(&nodes);
    assert_eq!(key_counts(&nodes), [u64::from(written) + 6; 2]);
    let infos: Vec<String> = nodes.iter().map(|node| ask(*node, "CLUSTER INFO")).collect();
    assert!(infos.iter().all(|info| info.contains("cluster_current_epoch:7\r\n")), "{infos:?}");
}

#[test]
fn a_crash_loses_what_was_written_last_and_nothing_else() {
    let lag = Duration::from_millis(300);
    let server = start(2, 1);
    let [master, _, replica, _] = server.addresses()[..] else { panic!() };
    let other_id: String = ask(server.addresses()[1], "CLUSTER MYID");
    let _: () = ask(master, "FILLBENCH FAULT crash=300ms@2000");
    let mut connection = connect(master);
    let mut times = Vec::new();
    let crashed = loop {
        let key = format!("{{{}}}{}", "b", times.len());
        match redis::cmd("SET").arg(key).arg("x").query::<()>(&mut connection) {
            Ok(()) => times.push(Instant::now()),
            Err(_) => break Instant::now(),
        }
        std::thread::sleep(Duration::from_micros(500));
    };
    // Two thousand writes, and as long as changes were held back.
    assert!(times.len() >= 2000, "{}", times.len());
    eventually(&true, || is_master(replica));
    let found: usize = ask(replica, "DBSIZE");
    assert!(found < times.len() && found > 0, "{found} of {}", times.len());
    // The client may have been slow to notice either.
    let (kept, lost) = (crashed - times[found - 1], crashed - times[found]);
    assert!(kept > lag / 3, "kept what was written {kept:?} before the end");
    assert!(lost < lag + Duration::from_secs(2), "lost what was written {lost:?} before the end");
    // The first ones, to the last of them.
    let mut connection = connect(replica);
    for key in 0..found {
        let value: String = redis::cmd("GET").arg(format!("{{b}}{key}")).query(&mut connection).unwrap();
        assert_eq!(value, "x");
    }
    // The others know, and nobody is there any more.
    assert!(std::net::TcpStream::connect(master).is_err());
    let nodes: String = ask(server.addresses()[1], "CLUSTER NODES");
    let of_master = nodes.lines().find(|line| line.contains(&format!("{master}@"))).unwrap();
    assert!(of_master.contains("fail") && of_master.contains("disconnected"), "{nodes}");
    assert!(
        nodes.contains(&other_id) && !ask::<String>(replica, "CLUSTER INFO").contains("cluster_state:fail")
    );
}

#[test]
fn without_a_replica_a_crash_takes_the_slots_along() {
    let server = start(2, 0);
    let [master, other] = [server.addresses()[0], server.addresses()[1]];
    let _: () = ask(master, "FILLBENCH FAULT crash");
    eventually(&true, || std::net::TcpStream::connect(master).is_err());
    let told: String = ask(other, "CLUSTER INFO");
    assert!(
        told.contains("cluster_state:fail\r\n") && told.contains("cluster_slots_fail:8192\r\n"),
        "{told}"
    );
    let refused = redis::cmd("SET").arg("foo").arg("x").query::<()>(&mut connect(other)).unwrap_err();
    assert_eq!(refused.code(), Some("CLUSTERDOWN"));
}

#[test]
fn a_node_that_is_shut_down_is_followed_by_its_replica() {
    let server = start(1, 2);
    let nodes = server.addresses().to_vec();
    let mut client = client(&nodes);
    for key in 0..500 {
        let _: () = redis::cmd("SET").arg(key).arg(key).query(&mut client).unwrap();
    }
    let _ = redis::cmd("SHUTDOWN").query::<()>(&mut connect(nodes[0]));
    eventually(&true, || nodes[1..].iter().any(|node| is_master(*node)));
    is_copied(&nodes[1..]);
    assert_eq!(key_counts(&nodes[1..]), [500; 2]);
}

#[test]
fn waiting_ends_when_replicas_have_it_or_at_its_time() {
    let server = start(1, 2);
    let [master, first, _] = server.addresses()[..] else { panic!() };
    let _: () = ask(first, "FILLBENCH FAULT stall=2s");
    let _: () = ask(master, "SET a 1");
    assert_eq!(ask::<usize>(master, "WAIT 1 0"), 1);
    let start = Instant::now();
    assert_eq!(ask::<usize>(master, "WAIT 2 100"), 1);
    assert!(start.elapsed() >= Duration::from_millis(100));
    // A client that waits holds up nobody.
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| ask::<usize>(master, "WAIT 2 0"));
        eventually(&true, || ask::<String>(master, "CLIENT LIST").contains("cmd=wait"));
        let told: String = ask(master, "PING");
        assert_eq!(told, "PONG");
        assert_eq!(waits.join().unwrap(), 2);
    });
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_replica_that_does_not_come_is_not_waited_for_and_does_not_take_over_later() {
    let server = start(1, 1);
    let [master, replica] = server.addresses()[..] else { panic!() };
    let _: () = ask(master, "SET a 1");
    // In one go, so that it stands still before it is told to take over.
    let _: () = redis::pipe()
        .cmd("CLUSTER")
        .arg("FAILOVER")
        .cmd("FILLBENCH")
        .arg(&["FAULT", "stall=7s"])
        .query(&mut connect(replica))
        .unwrap();
    let start = Instant::now();
    // Until the master has heard of it, writes do not wait.
    while start.elapsed() < Duration::from_secs(3) {
        let _: () = redis::cmd("SET").arg("a").arg(3).query(&mut connect(master)).unwrap();
    }
    assert!(start.elapsed() < Duration::from_secs(15), "writes waited {:?}", start.elapsed());
    // It comes to itself, with a write that came after it was to take over.
    is_copied(server.addresses());
    assert!(is_master(master) && !is_master(replica));
    let _: () = ask(replica, "CLUSTER FAILOVER");
    eventually(&true, || is_master(replica));
    assert_eq!(ask::<usize>(replica, "GET a"), 3);
}

#[test]
fn of_two_that_ask_one_takes_over() {
    let server = start(1, 2);
    let [master, first, second] = server.addresses()[..] else { panic!() };
    let mut client = client(server.addresses());
    for turn in 0..8 {
        let replicas: Vec<_> = [master, first, second].into_iter().filter(|node| !is_master(*node)).collect();
        std::thread::scope(|scope| {
            for replica in &replicas {
                scope.spawn(|| redis::cmd("CLUSTER").arg("FAILOVER").query::<()>(&mut connect(*replica)));
            }
        });
        let _: () = redis::cmd("SET").arg(turn).arg(turn).query(&mut client).unwrap();
        eventually(&1, || [master, first, second].iter().filter(|node| is_master(**node)).count());
        is_copied(server.addresses());
        assert_eq!(key_counts(server.addresses()), [turn + 1; 3]);
    }
}

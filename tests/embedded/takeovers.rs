//! Takeovers at bad times: what was answered is kept, and no node is held up.

use fillbench::server::{Server, ServerOptions};

use crate::common::{ask, connect, eventually, key_counts};
use crate::embedded::replicas::{is_copied, is_master};

fn start(replicas: u16) -> Server {
    let server =
        Server::start(&ServerOptions { masters: Some(1), replicas, ..ServerOptions::default() }).unwrap();
    is_copied(server.addresses());
    server
}

/// Commands in one transaction, so that nothing comes between them.
fn at_once(node: std::net::SocketAddr, commands: &[&str]) {
    let mut pipe = redis::pipe();
    pipe.atomic();
    for command in commands {
        let mut words = command.split(' ');
        pipe.cmd(words.next().unwrap()).arg(words.collect::<Vec<_>>()).ignore();
    }
    let mut connection = connect(node);
    let _: () = pipe.query(&mut connection).unwrap();
}

#[test]
fn a_replica_that_is_still_copying_does_not_take_over() {
    let server = start(1);
    let [master, replica] = server.addresses()[..] else { panic!() };
    let mut pipe = redis::pipe();
    (0..20_000).for_each(|key| {
        pipe.cmd("SET").arg(key).arg("v".repeat(2000)).ignore();
    });
    let _: () = pipe.query(&mut connect(master)).unwrap();
    let id: String = ask(master, "CLUSTER MYID");
    is_copied(server.addresses());
    let _: () = ask(replica, "CLUSTER RESET");
    let _: () = ask(replica, &format!("CLUSTER MEET {} {}", master.ip(), master.port()));
    // More than a copy runs ahead by, so that what tells it to take over comes in the middle.
    at_once(replica, &[&format!("CLUSTER REPLICATE {id}"), "CLUSTER FAILOVER", "DEBUG SLEEP 0.3"]);
    is_copied(server.addresses());
    assert_eq!(key_counts(server.addresses()), [20_000; 2]);
    assert!(is_master(master));
}

#[test]
fn what_is_answered_while_a_takeover_comes_too_late_is_kept() {
    let server = start(1);
    let [master, replica] = server.addresses()[..] else { panic!() };
    std::thread::scope(|scope| {
        // It comes to itself at about the time at which the master gives it up.
        let asks = scope.spawn(|| at_once(replica, &["CLUSTER FAILOVER", "DEBUG SLEEP 5.03"]));
        let mut connection = connect(master);
        let mut written = 0u64;
        while !asks.is_finished() {
            let mut pipe = redis::pipe();
            (written..written + 500).for_each(|key| {
                pipe.cmd("SET").arg(key).arg("x").ignore();
            });
            // The first that is sent elsewhere ends it.
            if pipe.query::<()>(&mut connection).is_err() {
                break;
            }
            written += 500;
        }
        asks.join().unwrap();
        is_copied(server.addresses());
        let kept = key_counts(server.addresses());
        assert!(kept.iter().all(|keys| *keys >= written), "{kept:?} of {written}");
    });
}

#[test]
fn who_waits_at_a_master_that_becomes_a_replica_is_told() {
    let server = start(2);
    let [master, first, second] = server.addresses()[..] else { panic!() };
    let _: () = ask(second, "FILLBENCH FAULT stall=3s");
    let _: () = ask(master, "SET a 1");
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| redis::cmd("WAIT").arg(2).arg(0).query::<usize>(&mut connect(master)));
        eventually(&true, || ask::<String>(master, "CLIENT LIST").contains("cmd=wait"));
        let _: () = ask(first, "CLUSTER FAILOVER TAKEOVER");
        assert_eq!(waits.join().unwrap().unwrap_err().code(), Some("UNBLOCKED"));
    });
    assert_eq!(ask::<String>(master, "PING"), "PONG");
}

#[test]
fn a_replica_evicts_nothing_and_keeps_nothing_when_it_is_reset() {
    let server = start(1);
    let [master, replica] = server.addresses()[..] else { panic!() };
    let mut pipe = redis::pipe();
    (0..1000).for_each(|key| {
        pipe.cmd("SET").arg(key).arg("x").ignore();
    });
    let _: () = pipe.query(&mut connect(master)).unwrap();
    is_copied(server.addresses());
    let _: () = ask(replica, "CONFIG SET maxmemory 1 maxmemory-policy allkeys-random");
    at_once(replica, &["READONLY", "RANDOMKEY", "DBSIZE"]);
    assert_eq!(key_counts(&[replica]), [1000]);
    let _: () = ask(replica, "CONFIG SET maxmemory 0");
    std::thread::scope(|scope| {
        // What comes while it stands still is on its way when it is reset.
        let resets = scope.spawn(|| at_once(replica, &["DEBUG SLEEP 0.5", "CLUSTER RESET"]));
        let mut pipe = redis::pipe();
        (1000..2000).for_each(|key| {
            pipe.cmd("SET").arg(key).arg("x").ignore();
        });
        let _: () = pipe.query(&mut connect(master)).unwrap();
        resets.join().unwrap();
    });
    assert_eq!(key_counts(server.addresses()), [2000, 0]);
}

/// A real link survives it, too.
#[test]
fn a_replica_that_its_master_forgets_still_has_everything() {
    let server = start(1);
    let [master, replica] = server.addresses()[..] else { panic!() };
    let id: String = ask(replica, "CLUSTER MYID");
    let _: () = ask(master, "SET a 1");
    let _: () = ask(master, &format!("CLUSTER FORGET {id}"));
    let _: () = ask(master, "SET b 1");
    assert_eq!(ask::<usize>(master, "WAIT 1 10000"), 1);
    let _: () = ask(master, &format!("CLUSTER MEET {} {}", replica.ip(), replica.port()));
    let _: () = ask(master, "SET c 1");
    assert_eq!(ask::<usize>(master, "WAIT 1 10000"), 1);
    assert_eq!(key_counts(server.addresses()), [3; 2]);
    // One that is reset knows its replica no more, and cannot be succeeded by it.
    let _: () = ask(master, "FLUSHALL");
    let _: () = ask(master, "CLUSTER RESET");
    let refused = redis::cmd("CLUSTER").arg(&["FAILOVER", "TAKEOVER"]).query::<()>(&mut connect(replica));
    assert!(refused.unwrap_err().to_string().contains("my master is unknown to me"));
}

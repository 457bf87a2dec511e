//! One server that is in no cluster: nobody takes over from it, and its keys are counted all together.

use std::time::{Duration, Instant};

use fillbench::target::Layout;

use crate::common::{Server, ask, connect, eventually};
use crate::fill::data::Data;
use crate::survive::case::Case;
use crate::survive::cluster::Cluster;
use crate::survive::judge::{Trial, assert_told, refused};

const CASE: Case =
    Case { name: "standalone", command: "set", writers: 2, percent: 30, victim: 0, seconds: 2 };

/// Runs a test on a server of each kind, each with a case of its own.
fn on_each(test: &str, run: fn(&mut Cluster, Case)) {
    for (name, case) in
        [("redis", CASE), ("valkey", Case { command: "mset", writers: 1, percent: 10, ..CASE })]
    {
        if let Some(server) = Server::find(name, test) {
            run(&mut Cluster::real(&server, &Layout::Standalone, 0), case);
        }
    }
    run(&mut Cluster::embedded(None), Case { command: "mset", ..CASE });
}

#[test]
fn it_restarts_without_its_keys() {
    on_each("it_restarts_without_its_keys", |server, case| {
        let trial = Trial::losing_theirs(server, Data::of(40_000));
        let running = server.begin(&trial.data, case, "");
        server.restart(0);
        trial.survived(server, running);
    });
}

#[test]
fn somebody_empties_it() {
    on_each("somebody_empties_it", |server, case| {
        let trial = Trial::losing_theirs(server, Data::of(40_000));
        let running = server.begin(&trial.data, case, "");
        ask::<String>(server.master(0), "FLUSHALL");
        trial.survived(server, running);
    });
}

#[test]
fn its_clients_are_killed_in_a_loop() {
    on_each("its_clients_are_killed_in_a_loop", |server, case| {
        let trial = Trial::new(server, Data::of(40_000));
        let running = server.begin(&trial.data, case, "");
        let (began, mut killed) = (Instant::now(), 0);
        while began.elapsed() < Duration::from_secs(1) {
            killed += ask::<u64>(server.master(0), "CLIENT KILL TYPE normal SKIPME yes");
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(killed > 0);
        trial.survived(server, running);
    });
}

#[test]
fn it_stands_still_beyond_patience() {
    on_each("it_stands_still_beyond_patience", |server, case| {
        let trial = Trial::new(server, Data::of(40_000));
        let running = server.begin(&trial.data, case, "--barrier-timeout 500ms --connect-timeout 500ms");
        if server.kind == "embedded" {
            ask::<String>(server.master(0), "FILLBENCH FAULT stall=1500ms");
        } else {
            server.pause(0);
            std::thread::sleep(Duration::from_millis(1500));
            server.resume(0);
        }
        trial.survived(server, running);
    });
}

#[test]
fn it_runs_out_of_memory() {
    on_each("it_runs_out_of_memory", |server, case| {
        let trial = Trial::new(server, Data::of(40_000));
        let running = server.begin(&trial.data, case, "");
        let node = server.master(0);
        ask::<String>(node, "CONFIG SET maxmemory 1");
        eventually(&true, || refused(node, "OOM") > 0);
        let (run, _, truth) = trial.told_the_truth(server, running);
        assert!(run.code == 3 && truth.exact > 0, "{run:?}");
        run.assert_error(&["OOM", "raise maxmemory"]);
    });
}

/// Each connection that is made anew asks for the database again, or keys would go to the first.
#[test]
fn connections_into_another_database_are_killed() {
    on_each("connections_into_another_database_are_killed", |server, case| {
        // The embedded one has no other.
        if server.kind == "embedded" {
            return;
        }
        let trial = Trial::losing_theirs(server, Data::of(40_000));
        let (node, theirs) = (server.master(0), server.keys());
        let mut connection = connect(node);
        redis::cmd("SELECT").arg(3).exec(&mut connection).unwrap();
        let mut there = || redis::cmd("DBSIZE").query::<u64>(&mut connection).unwrap();
        let mut running = server.begin_at(node, &trial.data, case, "-n 3");
        running.until(|| there() > trial.data.keys * case.percent / 100);
        ask::<u64>(node, "CLIENT KILL TYPE normal SKIPME yes");
        let record = running.end().assert_mended();
        assert_told(&record);
        assert_eq!(server.keys(), theirs, "the first database");
        ask::<String>(node, "SWAPDB 0 3");
        assert_eq!(trial.truth(server).exact, trial.data.keys);
    });
}

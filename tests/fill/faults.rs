//! Servers that fail in the middle of a fill: it ends, and says of every key what is true, or that it
//! does not know.

use std::net::SocketAddr;
use std::time::Duration;

use fillbench::dataset::golden;
use fillbench::results::{IncidentKind, Record, Verdict};
use fillbench::target::{Layout, Spawn};

use crate::common::{Server, ask, eventually, on_each_server};
use crate::fill::data::Data;
use crate::fill::run::Run;
use crate::fill::site::{Site, SlotsOf, Truth, truth_at};

/// How many keys stand in some slots.
fn keys_in(data: &Data, slots: &[u16]) -> u64 {
    let counts = data.keys_per_slot();
    slots.iter().map(|&slot| counts[usize::from(slot)]).sum()
}

/// Checks that a run could not prove the keys of one master, and says the truth of the others.
#[track_caller]
fn assert_in_the_dark(run: &Run, dark: u64, truth_elsewhere: Truth) -> Record {
    let record = run.record();
    let account = &record.account;
    assert_eq!((run.code, record.verdict), (1, Verdict::Failed), "{run:?}");
    assert_eq!(account.suspect, dark, "{run:?}");
    let told =
        Truth { exact: account.proven, missing: account.missing.unwrap(), wrong: account.wrong.unwrap() };
    assert_eq!(told, truth_elsewhere, "{run:?}");
    assert!(account.executed > 0 && account.executed < account.planned, "{run:?}");
    record
}

/// The connections that write, by their ids: what they sent last is a write, or what stands around it.
fn writers(at: SocketAddr) -> Vec<String> {
    let clients: String = ask(at, "CLIENT LIST");
    let sends = |line: &&str| {
        ["set", "mset", "client|reply", "client|info"]
            .iter()
            .any(|cmd| line.contains(&format!(" cmd={cmd} ")))
    };
    let id = |line: &str| line.split(' ').next().unwrap().strip_prefix("id=").unwrap().to_owned();
    clients.lines().filter(sends).map(id).collect()
}

/// Whoever looks afterwards may do so although a master is gone.
const READS_WHEN_DOWN: &str = "CONFIG SET cluster-allow-reads-when-down yes";

/// Moves a slot with its keys from one master to another, as resharding does.
fn move_slot(site: &Site, slot: u16, from: usize, to: usize) {
    let [source, target] = [from, to].map(|master| site.masters()[master]);
    let [source_id, target_id]: [String; 2] = [source, target].map(|at| ask(at, "CLUSTER MYID"));
    ask::<String>(target, &format!("CLUSTER SETSLOT {slot} IMPORTING {source_id}"));
    ask::<String>(source, &format!("CLUSTER SETSLOT {slot} MIGRATING {target_id}"));
    let keys: Vec<String> = ask(source, &format!("CLUSTER GETKEYSINSLOT {slot} 1000"));
    for key in keys {
        ask::<String>(source, &format!("MIGRATE 127.0.0.1 {} {key} 0 5000", target.port()));
    }
    for at in [target, source].into_iter().chain(site.masters().iter().copied()) {
        ask::<String>(at, &format!("CLUSTER SETSLOT {slot} NODE {target_id}"));
    }
}

on_each_server! {
    async fn a_master_that_dies(server: &Server) {
        let mut site = Site::start(server, Layout::even(3)).await;
        let data = Data::of(40_000);
        site.tell_all(READS_WHEN_DOWN);
        // The one that was named: the others must be found without it.
        let dead = site.masters()[0];
        let mut alive = site.slots_of();
        let dark = keys_in(&data, &alive.remove(&dead).unwrap());
        let running = site.begin_slowly(&data, 20_000, "--recovery-timeout 2s");
        site.servers.kill(0);
        let run = running.end();
        assert_in_the_dark(&run, dark, truth_at(&data, &alive));
        run.assert_error(&[&dead.to_string(), "hung up on a writer"]);
        assert!(run.took < Duration::from_secs(30), "{run:?}");
    }

    async fn a_master_that_restarts_without_its_keys(server: &Server) {
        let mut site = Site::start(server, Layout::even(2)).await;
        let data = Data::of(40_000);
        let running = site.begin_slowly(&data, 20_000, "");
        site.servers.kill(1);
        site.servers.restart(1).await.unwrap();
        let record = running.end().assert_survived(IncidentKind::MasterRestarted);
        assert!(record.servers[1].keys > record.servers[0].keys, "what was lost is sent again: {record:?}");
        site.assert_holds(&data, "the restart");
    }

    async fn a_writer_whose_connection_is_killed(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        for args in ["--command set", "--command mset", "--writers 3", "--reply on"] {
            site.empty();
            let data = Data::of(40_000);
            let running = site.begin_slowly(&data, 20_000, args);
            let writers = writers(site.masters()[0]);
            assert!(!writers.is_empty());
            ask::<u64>(site.masters()[0], &format!("CLIENT KILL ID {}", writers[0]));
            running.end().assert_survived(IncidentKind::ConnectionLost);
            site.assert_holds(&data, args);
        }
    }

    async fn a_slot_that_moves(server: &Server) {
        let site = Site::start(server, Layout::even(3)).await;
        let data = Data::of(60_000);
        // The one that is filled last, in golden order: it holds nothing yet, so no key need move.
        let slots_of = site.slots_of();
        let slot = *slots_of[&site.masters()[0]].iter().max_by_key(|&&slot| golden(slot)).unwrap();
        let running = site.begin_slowly(&data, 20_000, "");
        move_slot(&site, slot, 0, 1);
        running.end().assert_survived(IncidentKind::SlotsMoved);
        site.assert_holds(&data, "the move");
    }

    async fn slots_that_move_with_their_keys(server: &Server) {
        let site = Site::start(server, Layout::even(3)).await;
        let data = Data::of(60_000);
        let before = site.slots_of();
        // Those that a writer comes to first, in golden order: they are full when they move.
        let mut moved = before[&site.masters()[0]].clone();
        moved.sort_by_key(|&slot| golden(slot));
        moved.truncate(40);
        let running = site.begin_slowly(&data, 20_000, "");
        moved.iter().for_each(|&slot| move_slot(&site, slot, 0, 1));
        let record = running.end().assert_survived(IncidentKind::SlotsMoved);
        let there = SlotsOf::from([(site.masters()[1], moved.clone())]);
        assert_eq!(truth_at(&data, &there).exact, keys_in(&data, &moved), "{record:?}");
        site.assert_holds(&data, "the move");
    }

    async fn a_replica_that_takes_over(server: &Server) {
        let spawn = Spawn { replicas: 1, ..server.spawn(Layout::even(3)) };
        let site = Site { name: server.name, servers: spawn.start().await.unwrap() };
        let data = Data::of(60_000);
        let running = site.begin_slowly(&data, 12_000, "");
        let replica = site.servers.replicas()[0];
        ask::<String>(replica, "CLUSTER FAILOVER");
        let run = running.end();
        eventually(&true, || site.slots_of().contains_key(&replica));
        let record = run.assert_survived(IncidentKind::SlotsMoved);
        let taken_over = record.servers.iter().find(|server| server.address == replica.to_string());
        assert!(taken_over.is_some_and(|server| server.keys > 0), "{run:?}");
        assert_eq!(site.truth(&data).exact, data.keys);
    }

    async fn a_master_that_falls_silent(server: &Server) {
        let site = Site::start(server, Layout::even(3)).await;
        let data = Data::of(40_000);
        site.tell_all(READS_WHEN_DOWN);
        let silent = site.masters()[1];
        let mut others = site.slots_of();
        let dark = keys_in(&data, &others.remove(&silent).unwrap());
        let limits = "--barrier-timeout 1s --proof-timeout 1s --connect-timeout 1s --recovery-timeout 2s";
        let running = site.begin_slowly(&data, 20_000, limits);
        site.servers.pause(1).unwrap();
        let run = running.end();
        assert_in_the_dark(&run, dark, truth_at(&data, &others));
        let words = "neither took nor answered anything for 1s";
        run.assert_error(&[&silent.to_string(), words, "--barrier-timeout"]);
        assert!(run.took < Duration::from_secs(30), "{run:?}");
    }

    async fn writes_that_are_refused_from_now_on(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let master = site.masters()[0];
        for (refuse, accept, error) in [
            ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0", "NOREPLICAS"),
            ("ACL SETUSER default -set -mset", "ACL SETUSER default +@all", "NOPERM"),
        ] {
            site.empty();
            let data = Data::of(40_000);
            let running = site.begin_slowly(&data, 20_000, "--recovery-timeout 2s");
            ask::<String>(master, refuse);
            let run = running.end();
            let record = run.assert_inexact(site.truth(&data));
            run.assert_error(&[error, &master.to_string()]);
            assert!(record.account.executed < data.keys, "{run:?}");
            assert!(record.account.refusals.iter().any(|refusal| refusal.error == error), "{run:?}");
            ask::<String>(master, accept);
        }
    }

    async fn a_barrier_that_is_refused_in_silence(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let (master, data) = (site.masters()[0], Data::of(40_000));
        let running = site.begin_slowly(&data, 20_000, "--barrier-timeout 1s");
        ask::<String>(master, "ACL SETUSER default -client");
        let run = running.end();
        let record = run.assert_mended();
        site.assert_holds(&data, "in silence");
        // What a muted connection cannot say, another does.
        let told = |warning: &String| warning.contains(&master.to_string()) && warning.contains("NOPERM");
        assert!(record.warnings.iter().any(told), "{run:?}");
    }

    async fn keys_that_expire_before_they_are_proven(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let data = Data::of(20_000);
        let run = site.fill(&data, "--rate 20000 --ttl 100ms");
        let record = run.record();
        let account = &record.account;
        assert_eq!((run.code, record.verdict), (3, Verdict::Missing), "{run:?}");
        assert!(account.missing.unwrap() >= data.keys / 2 && account.executed == data.keys, "{run:?}");
        assert_eq!(account.proven + account.missing.unwrap(), data.keys, "{run:?}");
    }

    async fn a_run_that_is_out_of_time(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let data = Data::of(40_000);
        let run = site.fill(&data, "--rate 10000 --deadline 2s");
        let record = run.record();
        let account = &record.account;
        assert_eq!((run.code, record.verdict), (1, Verdict::Failed), "{run:?}");
        run.assert_error(&["the deadline of 2s is over"]);
        assert!(account.executed > 0 && account.executed <= site.truth(&data).exact, "{run:?}");
        // Nobody has looked.
        assert_eq!((account.missing, account.wrong, account.suspect), (None, None, data.keys), "{run:?}");
        assert!(run.took < Duration::from_secs(5), "{run:?}");
    }
}

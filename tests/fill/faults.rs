//! Servers that fail in the middle of a fill: it ends, and says of every key what is true, or that it
//! does not know.

use std::net::SocketAddr;
use std::time::Duration;

use fillbench::results::{Record, Verdict};
use fillbench::target::Layout;

use crate::common::{Server, ask, eventually, on_each_server};
use crate::data::Data;
use crate::run::Run;
use crate::site::{Site, Truth, truth_at};

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

/// The connections that write, by their ids.
fn writers(at: SocketAddr) -> Vec<String> {
    let clients: String = ask(at, "CLIENT LIST");
    let writing = clients.lines().filter(|line| line.contains(" cmd=set ") || line.contains(" cmd=mset "));
    writing.map(|line| line.split(' ').next().unwrap().strip_prefix("id=").unwrap().to_owned()).collect()
}

on_each_server! {
    async fn a_master_that_dies(server: &Server) {
        for victim in [0, 2] {
            let mut site = Site::start(server, Layout::even(3)).await;
            let data = Data::of(40_000);
            let dead = site.masters()[victim];
            let mut alive = site.slots_of();
            let dark = keys_in(&data, &alive.remove(&dead).unwrap());
            let running = site.begin_slowly(&data, 20_000, "");
            site.servers.kill(victim);
            let run = running.end();
            assert_in_the_dark(&run, dark, truth_at(&data, &alive));
            run.assert_error(&[&dead.to_string(), "hung up on a writer"]);
            assert!(run.took < Duration::from_secs(30), "{run:?}");
        }
    }

    async fn a_master_that_restarts_without_its_keys(server: &Server) {
        let mut site = Site::start(server, Layout::even(2)).await;
        let data = Data::of(40_000);
        let running = site.begin_slowly(&data, 20_000, "");
        site.servers.kill(1);
        site.servers.restart(1).await.unwrap();
        let run = running.end();
        let record = run.record();
        let account = &record.account;
        assert!(run.code == 1 || run.code == 3, "{run:?}");
        eventually(&true, || ask::<String>(site.masters()[1], "CLUSTER INFO").contains("cluster_state:ok"));
        let truth = site.truth(&data);
        assert_eq!(account.proven, truth.exact, "{run:?}");
        assert_eq!(account.missing.unwrap() + account.suspect, truth.missing, "{run:?}");
        run.assert_error(&[&site.named(1)]);
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
            let run = running.end();
            let truth = site.truth(&data);
            let record = run.assert_inexact(truth);
            assert!(truth.exact >= record.account.executed && truth.exact < data.keys, "{run:?}");
            run.assert_error(&["hung up on a writer", &site.named(0)]);
        }
    }

    async fn a_slot_that_moves(server: &Server) {
        let site = Site::start(server, Layout::even(3)).await;
        let data = Data::of(60_000);
        // The last slot of the first master is filled last: it holds nothing yet, so no key need move.
        let slot = site.slots_of()[&site.masters()[0]].last().copied().unwrap();
        let running = site.begin_slowly(&data, 20_000, "");
        let ids: Vec<String> = site.masters().iter().map(|&master| ask(master, "CLUSTER MYID")).collect();
        ask::<String>(site.masters()[1], &format!("CLUSTER SETSLOT {slot} IMPORTING {}", ids[0]));
        for master in [1, 0, 2] {
            ask::<String>(site.masters()[master], &format!("CLUSTER SETSLOT {slot} NODE {}", ids[1]));
        }
        let run = running.end();
        let record = run.assert_inexact(site.truth(&data));
        let told = run.assert_error(&["quiet"]);
        assert!(told.contains("slots change their owner") || told.contains("MOVED"), "{told}");
        assert!(record.account.executed < data.keys, "{run:?}");
        site.fill(&data, "").assert_exact();
        site.assert_holds(&data, "after the move");
    }

    async fn a_master_that_falls_silent(server: &Server) {
        let site = Site::start(server, Layout::even(3)).await;
        let data = Data::of(40_000);
        let silent = site.masters()[1];
        let mut others = site.slots_of();
        let dark = keys_in(&data, &others.remove(&silent).unwrap());
        let limits = "--barrier-timeout 1s --proof-timeout 1s --connect-timeout 1s";
        let running = site.begin_slowly(&data, 20_000, limits);
        site.servers.pause(1).unwrap();
        let run = running.end();
        assert_in_the_dark(&run, dark, truth_at(&data, &others));
        run.assert_error(&[&silent.to_string(), "neither took nor answered anything for 1s", "--barrier-timeout"]);
        assert!(run.took < Duration::from_secs(30), "{run:?}");
    }

    async fn a_run_that_is_out_of_time(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let data = Data::of(40_000);
        let run = site.fill(&data, "--rate 20000 --deadline 300ms");
        let record = run.record();
        let account = &record.account;
        assert_eq!((run.code, record.verdict), (1, Verdict::Failed), "{run:?}");
        run.assert_error(&["the deadline of 300ms is over"]);
        assert!(account.executed > 0 && account.executed <= site.truth(&data).exact, "{run:?}");
        // Nobody has looked.
        assert_eq!((account.missing, account.wrong, account.suspect), (None, None, data.keys), "{run:?}");
        assert!(run.took < Duration::from_secs(3), "{run:?}");
    }
}

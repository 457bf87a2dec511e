//! A master that crashes, and with it what its replica has no earlier than some time later: what was counted
//! with `--wait-replicas` is there all the same.

use std::time::Duration;

use fillbench::results::IncidentKind;
use fillbench::server::{Server, ServerOptions};

use crate::common::{ask, at};
use crate::embedded::replicas::{is_copied, is_master};
use crate::fill::data::Data;
use crate::fill::run::{Run, begin};
use crate::fill::site::{slots_by, truth_at};

const LAG: Duration = Duration::from_millis(100);

fn fill(server: &Server, data: &Data, args: &str) -> Run {
    fill_at(server, 0, data, args)
}

/// Fills, with one of the nodes as the one that is named.
fn fill_at(server: &Server, node: usize, data: &Data, args: &str) -> Run {
    let mut all = data.args();
    all.extend(at(server.addresses()[node]));
    all.push("--json".into());
    all.extend(args.split_whitespace().map(Into::into));
    begin(&all, &[]).end()
}

#[test]
fn a_crash_costs_no_key_that_was_waited_for_and_the_next_master_is_waited_for_too() {
    let options = ServerOptions { masters: Some(1), replicas: 2, ..ServerOptions::default() };
    let server = Server::start(&options).unwrap();
    is_copied(server.addresses());
    let master = server.addresses()[0];
    ask::<String>(master, &format!("FILLBENCH FAULT crash={}ms@9000", LAG.as_millis()));
    let data = Data::of(20_000);
    let run = fill_at(&server, 1, &data, "--command set -P 1000 --wait-replicas 1");
    let record = run.assert_survived(IncidentKind::SlotsMoved);
    assert_eq!(record.account.acknowledged, Some(data.keys), "{run:?}");
    let next = server.addresses().iter().copied().skip(1).find(|&node| is_master(node)).unwrap();
    assert_eq!(truth_at(&data, &slots_by(next)).exact, data.keys, "{run:?}");
}

#[test]
fn a_replica_that_comes_late_costs_nothing_but_time() {
    let options = ServerOptions { masters: Some(2), replicas: 2, ..ServerOptions::default() };
    let server = Server::start(&options).unwrap();
    is_copied(server.addresses());
    let data = Data::of(20_000);
    // It crashes long after the fill; until then, its replicas have everything later.
    ask::<String>(server.addresses()[0], &format!("FILLBENCH FAULT crash={}ms@1000000", LAG.as_millis()));
    let run = fill(&server, &data, "--wait-replicas 2");
    let record = run.assert_exact();
    assert!(record.seconds.fill >= LAG.as_secs_f64(), "{run:?}");
    assert_eq!(record.account.acknowledged, Some(data.keys), "{run:?}");
}

#[test]
fn replicas_that_stay_behind_for_longer_than_the_fill_bears_fail_it() {
    let options = ServerOptions { masters: Some(2), replicas: 2, ..ServerOptions::default() };
    let server = Server::start(&options).unwrap();
    is_copied(server.addresses());
    let data = Data::of(20_000);
    // They are late by more than the whole run takes.
    ask::<String>(server.addresses()[0], "FILLBENCH FAULT crash=60s@1000000");
    let run = fill(&server, &data, "--wait-replicas 2 --wait-timeout 10ms -P 100 --recovery-timeout 1s");
    let account = run.record().account;
    assert_eq!((run.code, account.proven), (1, data.keys), "{run:?}");
    assert!(account.acknowledged.unwrap() < data.keys, "{run:?}");
    run.assert_error(&["0 of the replicas", "after 10ms"]);
}

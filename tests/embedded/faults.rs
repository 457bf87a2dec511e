//! Nodes that fail in the middle of a fill: it ends, and says of every key what is true, or that it
//! does not know.

use std::net::SocketAddr;
use std::time::Duration;

use fillbench::results::{IncidentKind, Verdict};
use fillbench::server::{NodeFault, Server, ServerOptions};

use crate::common::{ask, at};
use crate::fill::data::Data;
use crate::fill::run::{Run, begin};
use crate::fill::site::{SlotsOf, Truth, slots_by, truth_at};

/// Servers with faults, and a fill into them.
struct Bench {
    server: Server,
    /// Asked before anything could fail.
    slots: SlotsOf,
}

impl Bench {
    fn start(masters: Option<u16>, faults: &[&str]) -> Self {
        let server = Server::start(&ServerOptions { masters, ..ServerOptions::default() }).unwrap();
        let bench = Self { slots: slots_by(server.addresses()[0]), server };
        for fault in faults {
            let NodeFault { node, fault } = fault.parse().unwrap();
            for (index, node_at) in bench.nodes().iter().enumerate() {
                if node.is_none_or(|node| usize::from(node) == index + 1) {
                    assert_eq!(ask::<String>(*node_at, &format!("FILLBENCH FAULT {fault}")), "OK");
                }
            }
        }
        bench
    }

    fn nodes(&self) -> &[SocketAddr] {
        self.server.addresses()
    }

    fn fill(&self, data: &Data, args: &str) -> Run {
        let mut all = data.args();
        all.extend(at(self.nodes()[0]));
        all.push("--json".into());
        all.extend(args.split_whitespace().map(Into::into));
        begin(&all, &[]).end()
    }

    /// What is there, once nothing fails any more.
    fn truth(&self, data: &Data) -> Truth {
        self.truth_but(data, &[])
    }

    /// The same, of all nodes but some.
    fn truth_but(&self, data: &Data, but: &[usize]) -> Truth {
        let mut slots = self.slots.clone();
        for (index, node) in self.nodes().iter().enumerate() {
            if but.contains(&index) {
                slots.remove(node);
            } else {
                ask::<String>(*node, "FILLBENCH FAULT OFF");
            }
        }
        truth_at(data, &slots)
    }

    /// Keys of the dataset that belong to a node.
    fn keys_of(&self, node: usize, data: &Data) -> u64 {
        let counts = data.keys_per_slot();
        self.slots[&self.nodes()[node]].iter().map(|&slot| counts[usize::from(slot)]).sum()
    }
}

const ERRORS: [&str; 10] = [
    "moved",
    "ask",
    "tryagain",
    "clusterdown",
    "loading",
    "masterdown",
    "oom",
    "readonly",
    "misconf",
    "noreplicas",
];

#[test]
fn writes_that_are_refused_now_and_then() {
    let data = Data::of(20_000);
    for error in ERRORS {
        for (every, args) in
            [("/97@1000", "--command set"), ("/5@20", "--command mset"), ("/97", "--reply on --command set")]
        {
            let bench = Bench::start(Some(3), &[&format!("2:{error}{every}")]);
            let run = bench.fill(&data, args);
            let truth = bench.truth(&data);
            // Where there is no room, it is of no use to go on.
            let record = match error {
                "oom" => run.assert_inexact(truth),
                _ => run.assert_mended(),
            };
            assert_eq!(truth.exact, record.account.proven, "{error} {args}: {run:?}");
            let code = error.to_ascii_uppercase();
            let refused = record.account.refusals.iter().find(|refusal| refusal.error == code);
            let refused = refused.unwrap_or_else(|| panic!("{error} {args}: {run:?}"));
            assert_eq!(refused.master, bench.nodes()[1].to_string(), "{run:?}");
            // What was written again may have been refused, too.
            let counted: u64 = record.account.refusals.iter().map(|refusal| refusal.count).sum();
            assert!(record.account.refused > 0 && counted >= record.account.refused, "{run:?}");
            assert!(refused.count > 0, "{run:?}");
        }
    }
}

#[test]
fn a_standalone_server_that_refuses_from_some_write_on() {
    let data = Data::of(40_000);
    let bench = Bench::start(None, &["oom@5000"]);
    let run = bench.fill(&data, "--command set");
    let truth = bench.truth(&data);
    assert_eq!(truth, Truth { exact: 5_000, missing: 35_000, wrong: 0 });
    run.assert_inexact(truth);
    run.assert_error(&["refused a write: OOM", "raise maxmemory"]);
}

#[test]
fn a_connection_that_is_dropped() {
    // Reading takes fewer bytes than writing did, so that the proof is not dropped as well.
    let data = Data::sized(12_000, 32, 2_000);
    for args in ["", "--command set", "--reply on"] {
        let bench = Bench::start(Some(3), &["1:drop=3000000"]);
        let run = bench.fill(&data, args);
        run.assert_mended();
        assert_eq!(bench.truth(&data).exact, data.keys, "{run:?}");
    }
}

#[test]
fn a_connection_that_is_dropped_whatever_is_asked() {
    let data = Data::of(40_000);
    let bench = Bench::start(Some(3), &["3:drop=100000"]);
    let run = bench.fill(&data, "--recovery-timeout 1s");
    let account = &run.record().account;
    let truth = bench.truth(&data);
    // Its keys could not be read to the end: what is said to be proven is there, and no more is said.
    assert!(run.code == 1 || run.code == 3, "{run:?}");
    assert!(account.proven <= truth.exact && account.missing.unwrap_or(0) <= truth.missing, "{run:?}");
    let told = account.proven + account.missing.unwrap_or(0) + account.wrong.unwrap_or(0) + account.suspect;
    assert_eq!(told, data.keys, "{run:?}");
}

#[test]
fn a_stall_within_patience_costs_nothing_but_time() {
    let data = Data::of(40_000);
    let bench = Bench::start(Some(3), &["2:stall=700ms@20"]);
    let record = bench.fill(&data, "").assert_exact();
    assert!(record.seconds.fill >= 0.6, "{record:?}");
}

#[test]
fn a_stall_beyond_patience_is_waited_for_afterwards() {
    let data = Data::of(40_000);
    let bench = Bench::start(Some(3), &["2:stall=3s@20"]);
    let run = bench.fill(&data, "--barrier-timeout 1s --command set");
    assert!(run.took < Duration::from_secs(20), "{run:?}");
    // It came back, and what it had not taken was written again.
    let record = run.assert_mended();
    assert_eq!(bench.truth(&data).exact, data.keys, "{run:?}");
    let noticed = record.incidents.iter().any(|incident| incident.kind == IncidentKind::Silent);
    assert!(noticed, "{run:?}");
}

#[test]
fn a_server_that_takes_its_time() {
    let data = Data::of(300);
    let bench = Bench::start(None, &["delay=2ms"]);
    let record = bench.fill(&data, "--command set").assert_exact();
    assert!(record.seconds.fill >= 0.5, "{record:?}");
    let run = bench.fill(&Data::of(50_000), "--command set --deadline 2s");
    assert_eq!((run.code, run.record().verdict), (1, Verdict::Failed), "{run:?}");
    assert!(run.took < Duration::from_secs(10), "{run:?}");
}

#[test]
fn a_server_that_swallows_everything() {
    let data = Data::of(40_000);
    for args in ["", "--command set", "--reply on"] {
        let bench = Bench::start(Some(3), &["2:swallow@20"]);
        let limits = "--barrier-timeout 1s --proof-timeout 1s --connect-timeout 1s --recovery-timeout 1s";
        let run = bench.fill(&data, &format!("{limits} {args}"));
        let record = run.record();
        let account = &record.account;
        assert_eq!((run.code, record.verdict), (1, Verdict::Failed), "{run:?}");
        assert_eq!(account.suspect, bench.keys_of(1, &data), "{run:?}");
        let truth = bench.truth_but(&data, &[1]);
        let told = (account.proven, account.missing, account.wrong);
        assert_eq!(told, (truth.exact, Some(truth.missing), Some(truth.wrong)), "{run:?}");
        run.assert_error(&["neither took nor answered anything for 1s", &bench.nodes()[1].to_string()]);
        assert!(run.took < Duration::from_secs(60), "{run:?}");
    }
}

#[test]
fn a_server_that_restarts_empty() {
    let data = Data::of(40_000);
    for args in ["", "--command set", "--reply on --command set"] {
        let bench = Bench::start(Some(3), &["2:restart@30"]);
        let run = bench.fill(&data, args);
        run.assert_mended();
        assert_eq!(bench.truth(&data).exact, data.keys, "{run:?}");
        // A second fill writes what is not there.
        bench.fill(&data, args).assert_exact();
    }
}

#[test]
fn a_server_that_keeps_nothing_and_refuses_some() {
    let server = Server::start(&ServerOptions { discard: true, ..ServerOptions::default() }).unwrap();
    let slots = SlotsOf::new();
    let bench = Bench { server, slots };
    let data = Data::of(40_000);
    let run = bench.fill(&data, "");
    assert_eq!((run.code, run.record().verdict), (0, Verdict::Discarded), "{run:?}");
    ask::<String>(bench.nodes()[0], "FILLBENCH FAULT oom/97");
    let run = bench.fill(&data, "--command set");
    let record = run.record();
    assert_eq!((run.code, record.verdict, record.account.proven), (1, Verdict::Failed, 0), "{run:?}");
    assert!(record.account.refused > 0, "{run:?}");
}

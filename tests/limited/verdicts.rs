//! Fills that are limited by one thing, and say so.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;

use fillbench::results::{LimitedBy, Record};
use fillbench::target::Layout;

use super::link::Link;
use super::network;
use crate::common::{Server, at, connect, on_each_server, skip};
use crate::embedded::serve::{addresses, serve_with};
use crate::fill::data::Data;
use crate::fill::run::{Run, Running, begin};
use crate::fill::site::Site;

/// A program that keeps a server at work: other than by writing to it. Dropped, it ends.
struct Work {
    goes_on: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Work {
    /// Has a server do a command again and again, over so many connections.
    fn at(server: SocketAddr, words: &[&str], connections: usize) -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let threads = (0..connections).map(|_| {
            let (goes_on, mut connection, words) = (goes_on.clone(), connect(server), words.clone());
            std::thread::spawn(move || {
                let mut command = redis::Cmd::new();
                words.iter().for_each(|word| {
                    command.arg(word);
                });
                while goes_on.load(Relaxed) {
                    let _ = command.query::<redis::Value>(&mut connection);
                }
            })
        });
        Self { threads: threads.collect(), goes_on }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.goes_on.store(false, Relaxed);
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

fn start(server: SocketAddr, data: &Data, words: &str) -> Running {
    let mut args = data.args();
    args.extend(at(server));
    args.extend(words.split_whitespace().map(Into::into));
    args.push("--json".into());
    begin(&args, &[])
}

fn fill(server: SocketAddr, data: &Data, words: &str) -> Run {
    start(server, data, words).end()
}

/// How often a fill is done while other programs take the processors.
const ATTEMPTS: usize = 3;

/// What other programs may take of a processor and disturb nothing.
const OTHERS: f64 = 0.3;

/// Whether other programs took the processors, so that the verdict rests on what was left.
fn is_disturbed(record: &Record) -> bool {
    let (client, busy) = (&record.client, record.busy.processors.unwrap_or_default());
    let cpu =
        |server: &fillbench::results::Server| Some(server.cpu_user_seconds? + server.cpu_system_seconds?);
    let here = record.limited_by_because.contains("which were too few");
    let servers: f64 = if here { record.servers.iter().filter_map(cpu).sum() } else { 0.0 };
    let ours = (client.cpu_seconds + servers) / record.seconds.fill;
    let others = busy * client.host.cpus as f64 - ours;
    others > OTHERS && (here || record.busy.client_thread_delayed > Some(0.5))
}

/// A fill that others did not disturb, if that can be had.
fn undisturbed(fill: impl Fn() -> Run) -> Run {
    (1..ATTEMPTS).map(|_| fill()).find(|run| !is_disturbed(&run.record())).unwrap_or_else(fill)
}

/// Checks the verdict, unless others took the processors, and that people are told why.
#[track_caller]
fn assert_by(run: &Run, by: LimitedBy) -> Record {
    let record = run.record();
    let (why, busy) = (&record.limited_by_because, &record.busy);
    assert!(
        record.limited_by == by || is_disturbed(&record),
        "{:?}, since {why}: {run:?}",
        record.limited_by
    );
    let said = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(why.contains('%') && said.contains(why), "no `{why}` in {said}");
    assert!(busy.client_thread.is_some() && busy.processors.is_some(), "{run:?}");
    // Of servers on this machine, the system tells more than they do.
    assert_eq!(busy.master_delayed.is_some(), by != LimitedBy::Network, "{run:?}");
    record
}

#[test]
fn a_rate() {
    let words = Data::of(20_000).args().join(" ");
    let args: Vec<String> =
        format!("--embedded {words} --rate 40000 --json").split(' ').map(Into::into).collect();
    let run = begin(&args, &[]).end();
    let record = run.assert_exact();
    // However busy the machine is.
    assert_eq!(record.limited_by, LimitedBy::Rate, "{run:?}");
    assert!(record.limited_by_because.contains("writers waited for it"), "{run:?}");
}

on_each_server! {
    async fn a_server_that_computes(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let node = site.masters()[0];
        tokio::task::spawn_blocking(move || {
            // So much of both that a machine several times as fast is still long enough at it to be judged.
            let _work = Work::at(node, &["EVAL", "for i = 1, 600000 do end", "0"], 1);
            let run = undisturbed(|| fill(node, &Data::of(100_000), "--command set --pipeline-depth 500"));
            run.assert_exact();
            let record = assert_by(&run, LimitedBy::Server);
            assert_eq!(record.busy.master_address, Some(node.to_string()));
            assert!(record.limited_by_because.contains(&node.to_string()) || record.limited_by != LimitedBy::Server);
        })
        .await
        .unwrap();
    }

    async fn a_server_that_is_held_up(server: &Server) {
        let site = Site::start_with(server, Layout::Standalone, &["--enable-debug-command", "local"]).await;
        let node = site.masters()[0];
        let run = tokio::task::spawn_blocking(move || {
            undisturbed(|| {
                let work = Work::at(node, &["DEBUG", "SLEEP", "0.005"], 2);
                let mut running = start(node, &Data::of(100_000), "--command set --pipeline-depth 500");
                // What DEBUG may have done to keys voids every look at them.
                running.until_said("filling 100%");
                drop(work);
                running.end()
            })
        })
        .await
        .unwrap();
        run.assert_exact();
        match server.name {
            "valkey" => {
                let record = assert_by(&run, LimitedBy::Server);
                assert!(record.busy.master.is_some_and(|share| share > 0.85), "{run:?}");
            }
            // It does not tell of its event loop, and the verdict does not make that up.
            _ => {
                let record = assert_by(&run, LimitedBy::Unknown);
                let cure = record.limited_by_cure.unwrap();
                assert!(["these servers do not tell", "other programs"].iter().any(|words| cure.contains(words)));
            }
        }
    }

    async fn something_slow_on_this_machine_that_is_neither_client_nor_server(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let node = site.masters()[0];
        let run = tokio::task::spawn_blocking(move || {
            let link = Link::to(node, 8e6);
            undisturbed(|| fill(link.front, &Data::sized(8_000, 64, 1024), ""))
        })
        .await
        .unwrap();
        run.assert_exact();
        let record = assert_by(&run, LimitedBy::Unknown);
        assert!(record.client.waiting_share > 0.5, "{run:?}");
    }
}

#[test]
fn a_slow_network() {
    if !network::can_be_had() {
        return skip("a_slow_network", "nobody may have a network of his own here");
    }
    let run = undisturbed(|| network::fill(&Data::sized(8_000, 64, 1024)));
    run.assert_exact();
    let record = assert_by(&run, LimitedBy::Network);
    // What the link carries.
    assert!(record.rates.wire_bytes_per_second < 9e6, "{run:?}");
}

#[test]
fn a_client_that_is_slower_than_servers_that_keep_nothing() {
    let servers = serve_with("--masters 4 --port 0 --discard", &[]);
    let node = addresses(&servers)[0];
    // Making values costs the client more than reading them costs servers, and counting so few keys nothing.
    let run = undisturbed(|| fill(node, &Data::sized(12_000, 32, 64 << 10), "--threads 1 --writers 8"));
    assert_eq!(run.code, 0, "{run:?}");
    let record = assert_by(&run, LimitedBy::Client);
    if record.limited_by == LimitedBy::Client {
        let said = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        let cure = record.limited_by_cure.as_ref().unwrap();
        assert!(said.contains("caution: THIS CLIENT WAS THE LIMIT, not the servers"), "{said}");
        assert!(cure.contains("a machine of its own") && said.contains(&format!("try: {cure}")), "{said}");
    }
}

//! Runs that somebody ends.

use std::path::Path;
use std::time::{Duration, Instant};

use fillbench::results::Verdict;
use fillbench::target::Layout;

use crate::common::{Server, eventually, on_each_server};
use crate::fill::data::Data;
use crate::fill::run::{Run, Running, begin};
use crate::fill::site::Site;

/// Interrupts it, and checks that it ends soon and says so.
#[track_caller]
fn interrupt(running: Running, signal: &str) -> Run {
    let since = Instant::now();
    running.signal(signal);
    let run = running.end();
    assert!(since.elapsed() < Duration::from_secs(3), "{signal} took {:?}", since.elapsed());
    assert_eq!((run.code, run.record().verdict), (130, Verdict::Interrupted), "{signal}: {run:?}");
    run
}

/// Interrupts a fill, and checks that it says what it did; gives how many keys that were.
#[track_caller]
fn interrupt_fill(running: Running, signal: &str) -> u64 {
    let run = interrupt(running, signal);
    let account = run.record().account;
    assert!(account.executed > 0 && account.executed < account.planned, "{signal}: {run:?}");
    assert_eq!((account.proven, account.missing, account.suspect), (0, None, account.planned), "{run:?}");
    account.executed
}

/// The processes that a process has started, and theirs.
fn descendants(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    let children = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
    let children: Vec<u32> = children
        .flat_map(|all| all.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<_>>())
        .collect();
    children.iter().flat_map(|&child| [vec![child], descendants(child)].concat()).collect()
}

on_each_server! {
    async fn an_interrupted_run_says_what_it_did(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let data = Data::of(200_000);
        for signal in ["INT", "TERM", "HUP"] {
            site.empty();
            let mut running = site.begin(&data, "--rate 20000");
            running.until(|| site.keys() > 2_000);
            let executed = interrupt_fill(running, signal);
            let truth = site.truth(&data);
            assert!(truth.exact >= executed && truth.wrong == 0, "{executed} of {truth:?}");
        }
    }

    async fn what_limited_it_is_not_laid_on_servers_that_were_not_asked(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let (since, mut running) = (Instant::now(), site.begin(&Data::of(5_000_000), "--command set --pipeline-depth 50"));
        running.until(|| site.keys() > 2_000 && since.elapsed() > Duration::from_secs(1));
        let record = interrupt(running, "INT").record();
        let because = record.limited_by_because;
        assert!(because.contains("the run ended before the servers were asked how busy they were"), "{because}");
    }

    async fn a_silent_master_does_not_hold_it_up(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let mut running = site.begin(&Data::of(200_000), "--rate 20000");
        running.until(|| site.keys() > 2_000);
        site.servers.pause(0).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        interrupt_fill(running, "INT");
        site.servers.resume(0).unwrap();
    }

    async fn the_proof_is_interrupted_too(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let data = Data::of(600_000);
        site.fill(&data, "").assert_exact();
        // Keys that were there before are read, which takes a while.
        let hits = || site.info(0, "keyspace_hits");
        let before = hits();
        let mut running = site.begin(&data, "");
        running.until(|| hits() > before + 1_000);
        site.servers.pause(0).unwrap();
        let run = interrupt(running, "INT");
        let account = &run.record().account;
        assert_eq!((account.executed, account.missing), (data.keys, None), "{run:?}");
        site.servers.resume(0).unwrap();
    }

    async fn nothing_is_left_of_spawned_servers(server: &Server) {
        for signal in ["INT", "TERM"] {
            let folder = tempfile::tempdir().unwrap();
            let binary = server.binary.display().to_string();
            let mut args = Data::of(500_000).args();
            args.extend(["--spawn=2", "--server-binary", &binary, "--rate", "20000"].map(Into::into));
            args.push("--json".into());
            let mut running = begin(&args, &[("TMPDIR", folder.path())]);
            running.until_said("filling");
            std::thread::sleep(Duration::from_millis(500));
            let servers = descendants(running.pid());
            assert_eq!(servers.len(), 2, "{servers:?}");
            interrupt_fill(running, signal);
            let lives = |pid: &&u32| Path::new(&format!("/proc/{pid}")).exists();
            eventually(&0, || servers.iter().filter(lives).count());
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{signal}");
        }
    }
}

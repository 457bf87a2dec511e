//! Runs that somebody ends.

use std::path::Path;
use std::time::{Duration, Instant};

use fillbench::results::Verdict;
use fillbench::target::Layout;

use crate::common::{Server, eventually, on_each_server};
use crate::data::Data;
use crate::run::{Running, begin};
use crate::site::Site;

/// Interrupts it, and checks that it ends soon and says what it did.
#[track_caller]
fn interrupt(running: Running, signal: &str) -> fillbench::results::Record {
    let since = Instant::now();
    running.signal(signal);
    let run = running.end();
    assert!(since.elapsed() < Duration::from_secs(3), "{signal} took {:?}", since.elapsed());
    let record = run.record();
    assert_eq!((run.code, record.verdict), (130, Verdict::Interrupted), "{signal}: {run:?}");
    let account = &record.account;
    assert!(account.executed > 0 && account.executed < account.planned, "{signal}: {run:?}");
    assert_eq!((account.proven, account.missing, account.suspect), (0, None, account.planned), "{run:?}");
    record
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
            let record = interrupt(running, signal);
            assert!(site.truth(&data).exact >= record.account.executed);
            assert_eq!(site.truth(&data).wrong, 0);
        }
    }

    async fn a_silent_master_does_not_hold_it_up(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let mut running = site.begin(&Data::of(200_000), "--rate 20000");
        running.until(|| site.keys() > 2_000);
        site.servers.pause(0).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        interrupt(running, "INT");
        site.servers.resume(0).unwrap();
    }

    async fn nothing_is_left_of_spawned_servers(server: &Server) {
        for signal in ["INT", "TERM"] {
            let folder = tempfile::tempdir().unwrap();
            let binary = server.binary.display().to_string();
            let mut args = Data::of(500_000).args();
            args.extend(["--spawn=2", "--server-binary", &binary, "--rate", "20000", "--json"].map(Into::into));
            let mut running = begin(&args, &[("TMPDIR", folder.path())]);
            running.until_filling();
            std::thread::sleep(Duration::from_millis(500));
            let servers = descendants(running.pid());
            assert_eq!(servers.len(), 2, "{servers:?}");
            interrupt(running, signal);
            eventually(&0, || servers.iter().filter(|pid| Path::new(&format!("/proc/{pid}")).exists()).count());
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{signal}");
        }
    }
}

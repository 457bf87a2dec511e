//! Sweeps that are killed or interrupted, and gone on with.

use fillbench::server::{Server as Embedded, ServerOptions};
use fillbench::target::Layout;

use crate::common::{Server, on_each_server};
use crate::sweep::folder::Folder;

/// Each run takes about half a second.
const GRID: &str =
    "--keys 20000 --key-size 32,48 --value-size 64 --writers 1,2 --repeat 2 --rate 40000 --yes";

fn embedded() -> Embedded {
    Embedded::start(&ServerOptions { masters: Some(2), ..ServerOptions::default() }).unwrap()
}

/// Kills a sweep again and again, whenever it has come a little further.
fn kill_until_done(begin: impl FnOnce(&Folder) -> crate::fill::run::Running) {
    let folder = Folder::new();
    let mut running = begin(&folder);
    for wanted in [1, 3, 6] {
        running.until(|| folder.runs() >= wanted);
        // Into the middle of the next one, or wherever it is by then.
        std::thread::sleep(std::time::Duration::from_millis(100 * wanted as u64));
        running.signal("KILL");
        assert_eq!(running.end().code, 128 + 9);
        // As if it had been killed while it wrote.
        let table = folder.out.join("intervals.csv");
        let text = std::fs::read_to_string(&table).unwrap();
        std::fs::write(&table, format!("{text}20261121T000000Z-0000abcd,0.0,1.")).unwrap();
        running = folder.resume("--yes");
    }
    let run = running.end();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("are left"), "{run:?}");
    let rows = folder.assert_whole();
    assert_eq!(rows.len(), 8);
    // All is there: nothing is done, and nobody asked.
    let before = std::fs::read(folder.out.join("runs.csv")).unwrap();
    let run = folder.resume("").end();
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(std::fs::read(folder.out.join("runs.csv")).unwrap(), before);
}

#[test]
fn a_killed_sweep_of_a_cluster_gives_each_point_its_repeats_once() {
    let server = embedded();
    let address = server.addresses()[0];
    kill_until_done(|folder| folder.begin_at(address, GRID));
}

#[test]
fn a_killed_sweep_of_its_own_servers_starts_others() {
    kill_until_done(|folder| folder.begin(&format!("--embedded=2 {GRID} --warm-up 0")));
}

on_each_server! {
    async fn a_killed_sweep_of_real_servers_goes_on(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let address = servers.addresses()[0];
        tokio::task::spawn_blocking(move || kill_until_done(|folder| folder.begin_at(address, GRID))).await.unwrap();
    }
}

#[test]
fn an_interrupted_sweep_keeps_everything_and_says_how_to_go_on() {
    for signal in ["INT", "TERM"] {
        let server = embedded();
        let folder = Folder::new();
        let mut running = folder.begin_at(server.addresses()[0], GRID);
        running.until(|| folder.runs() >= 2);
        running.signal(signal);
        let run = running.end();
        assert_eq!(run.code, 130, "{run:?}");
        let kept = folder.rows("runs.csv");
        let command = format!("fillbench sweep --resume {} --yes", folder.out.display());
        assert!(run.stderr.contains(&format!("to go on: {command}\n")), "{run:?}");
        assert!(run.stderr.contains(&format!("interrupted: {} of 8 runs are kept", kept.len())), "{run:?}");
        let run = folder.resume("--yes").end();
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(folder.assert_whole()[..kept.len()], kept);
    }
}

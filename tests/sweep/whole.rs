//! Sweeps that nobody disturbs.

use fillbench::server::{Server as Embedded, ServerOptions};
use fillbench::target::Layout;

use crate::common::{Server, ask, key_counts, on_each_server};
use crate::fill::run::Run;
use crate::sweep::folder::{Folder, Row};

const GRID: &str = "--keys 20000 --key-size 32,64 --value-size 64 --writers 1..2+1 --repeat 2";

#[track_caller]
fn assert_swept(run: &Run, folder: &Folder) -> Vec<Row> {
    assert_eq!(run.code, 0, "{run:?}");
    let rows = folder.assert_whole();
    for row in &rows {
        assert_eq!((&*row["verdict"], &*row["account_proven"]), ("exact", "20000"), "{row:?}");
        assert_eq!(row["flush"], "true");
        assert_eq!(row["writers"], row["asked_writers"]);
    }
    let said = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in [
        "sweeping 4 points 2 times: 8 runs, 160,000 keys",
        "takes about",
        " 8/8 ",
        "swept: 8 runs in",
        "all exact",
    ] {
        assert!(said.contains(word), "no `{word}` in {}", run.stderr);
    }
    rows
}

#[test]
fn a_grid_on_embedded_servers() {
    let folder = Folder::new();
    let run = folder.begin(&format!("--embedded=2 {GRID} --shuffle-seed 5")).end();
    let rows = assert_swept(&run, &folder);
    assert!(rows.iter().all(|row| row["target_kind"] == "embedded" && row["target_masters"] == "2"));
    let sweep = folder.sweep();
    assert_eq!((sweep.shuffle_seed, sweep.repeat, sweep.points.len()), (5, 2, 4));
    assert_eq!((&*sweep.target.server, &*sweep.target.kind), ("fillbench", "embedded"));
    let again = Folder::new();
    let run = again.begin(&format!("--embedded=2 {GRID} --shuffle-seed 5 --warm-up 0 -q")).end();
    assert_eq!((run.code, again.sweep().order), (0, sweep.order), "{run:?}");
    assert_eq!(run.stderr, "");
    assert_eq!(again.sweep().warm_up_percent, 0.0);
    again.assert_whole();
}

#[test]
fn threads_and_ways_to_send_are_swept_from_a_file() {
    let folder = Folder::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    let grid = "repeat = 1\n[grid]\nkeys = 5_000\nkey_size = 32\nthreads = [1, \"2\"]\ncommand = \"set,mset\"\nreply = [\"off\", \"on\"]\n";
    std::fs::write(file.path(), grid).unwrap();
    let run = folder
        .begin(&format!("{} --embedded=standalone --value-size 16 --warm-up 0", file.path().display()))
        .end();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains(", by the first run\n"), "{run:?}");
    let rows = folder.assert_whole();
    assert_eq!(rows.len(), 8);
    let mut ways: Vec<_> =
        rows.iter().map(|row| [&*row["threads"], &*row["command"], &*row["reply"]]).collect();
    ways.sort_unstable();
    ways.dedup();
    assert_eq!(ways.len(), 8, "{ways:?}");
    assert!(rows.iter().all(|row| row["value_size"] == "16"));
}

#[test]
fn keys_that_are_missing_are_recorded_and_told_by_the_exit_code() {
    let server = Embedded::start(&ServerOptions { masters: None, ..ServerOptions::default() }).unwrap();
    let address = server.addresses()[0];
    let words = "--keys 2000 --key-size 32 --writers 1,2 --repeat 1 --recovery-timeout 1s --yes";
    let _: () = ask(address, "FILLBENCH FAULT oom/3");
    // Whether the warm-up finds it out first or not.
    for (warm_up, warnings) in [("0", ""), ("50%", "keys were missing or wrong after the warm-up")] {
        let folder = Folder::new();
        let run = folder.begin_at(address, &format!("{words} --warm-up {warm_up}")).end();
        let rows = folder.assert_whole();
        let verdicts: Vec<_> = rows.iter().map(|row| row["verdict"].as_str()).collect();
        assert_eq!((run.code, verdicts), (3, vec!["missing"; 2]), "{run:?}");
        assert!(run.stderr.contains("2 with keys missing or wrong"), "{run:?}");
        for row in rows {
            assert_ne!(row["account_missing"].parse::<u64>().unwrap(), 0, "{row:?}");
            assert!(row["warnings"].contains(warnings), "{row:?}");
        }
    }
}

on_each_server! {
    async fn a_grid_on_real_servers(server: &Server) {
        let servers = server.start(Layout::even(2)).await;
        let folder = Folder::new();
        let run = folder.begin_at(servers.masters()[0], &format!("{GRID} --yes")).end();
        let rows = assert_swept(&run, &folder);
        assert!(rows.iter().all(|row| row["target_server"] == server.name && row["target_kind"] == "attached"));
        // What the last run filled is still there, and nothing of the others.
        assert_eq!(key_counts(servers.masters()).iter().sum::<u64>(), 20_000);
    }

    async fn a_point_that_fails_is_recorded_and_the_others_go_on(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let address = servers.addresses()[0];
        let _: () = ask(address, "CONFIG SET proto-max-bulk-len 1048576");
        let folder = Folder::new();
        let run = folder.begin_at(address, "--keys 20 --value-size 64,2MiB --repeat 2 --yes").end();
        assert_eq!(run.code, 1, "{run:?}");
        for row in folder.assert_whole() {
            let (verdict, error) = match row["value_size"].as_str() {
                "64" => ("exact", ""),
                _ => ("failed", "proto-max-bulk-len"),
            };
            assert_eq!(row["verdict"], verdict, "{row:?}");
            assert!(row["error_message"].contains(error) && row["error_message"].is_empty() == error.is_empty());
        }
        assert!(run.stderr.contains("2 failed"), "{run:?}");
    }

    async fn servers_are_started_once_for_a_whole_sweep(server: &Server) {
        let folder = Folder::new();
        let binary = server.binary.display();
        let words = format!("--spawn=standalone --server-binary {binary} --keys 2000 --writers 1,2 --repeat 2");
        let run = folder.begin(&words).end();
        assert_eq!(run.code, 0, "{run:?}");
        let rows = folder.assert_whole();
        let address = |row: &Row| {
            let path = folder.out.join("runs").join(&row["run"]).join("run.json");
            let record: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            record["servers"][0]["address"].as_str().unwrap().to_owned()
        };
        assert!(rows.iter().all(|row| address(row) == address(&rows[0]) && row["target_kind"] == "spawned"));
    }

    async fn the_largest_dataset_has_to_fit(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let address = servers.addresses()[0];
        let _: () = ask(address, "CONFIG SET maxmemory 64mb");
        let _: () = ask(address, "SET precious 1");
        let folder = Folder::new();
        let run = folder.begin_at(address, "--keys 1000,1000000 --yes").end();
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stderr.contains("has no room for its 1,000,000 keys"), "{run:?}");
        assert_eq!(ask::<u64>(address, "DBSIZE"), 1, "nothing was flushed");
        assert!(!folder.out.exists());
    }
}

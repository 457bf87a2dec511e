//! Sweeps whose servers go away, or whose disk is full, and runs that are done again.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use fillbench::server::{Server as Embedded, ServerOptions};

use super::folder::{Folder, Row};
use crate::survive::proxy::{Doors, Gate};

/// Each run takes about a quarter of a second.
const GRID: &str = "--keys 5000 --key-size 32,48 --value-size 64 --writers 1,2 --repeat 2 --rate 20000 --warm-up 0 \
                    --yes";

fn embedded() -> Embedded {
    Embedded::start(&ServerOptions { masters: None, ..ServerOptions::default() }).unwrap()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The runs of each turn, with their verdicts.
fn turns(rows: &[Row]) -> BTreeMap<(String, String), Vec<String>> {
    let mut turns = BTreeMap::new();
    for row in rows {
        let turn = (row["point"].clone(), row["repeat"].clone());
        turns.entry(turn).or_insert_with(Vec::new).push(row["verdict"].clone());
    }
    turns
}

/// Checks that the runs that failed are done again, and that nothing is left of what they were.
fn assert_done_again(folder: &Folder) {
    let before = folder.rows("runs.csv");
    let failed: BTreeSet<String> =
        before.iter().filter(|row| row["verdict"] == "failed").map(|row| row["run"].clone()).collect();
    assert!(!failed.is_empty());
    let run = folder.resume("--retry-failed --yes").end();
    assert_eq!(run.code, 0, "{run:?}");
    let rows = folder.rows("runs.csv");
    let expected = folder.sweep().order.len();
    assert_eq!((rows.len(), turns(&rows).len()), (expected, expected), "{rows:?}");
    assert!(rows.iter().all(|row| row["verdict"] == "exact"), "{rows:?}");
    // Those that went well are as they were, and before the others.
    let kept: Vec<&Row> = before.iter().filter(|row| row["verdict"] != "failed").collect();
    assert_eq!(rows.iter().take(kept.len()).collect::<Vec<_>>(), kept);
    let known: BTreeSet<String> = rows.iter().map(|row| row["run"].clone()).collect();
    assert!(known.is_disjoint(&failed));
    for table in ["intervals.csv", "latency.csv"] {
        let named: BTreeSet<String> = folder.rows(table).iter().map(|row| row["run"].clone()).collect();
        assert_eq!(named, known, "{table}");
    }
    let folders = std::fs::read_dir(folder.out.join("runs")).unwrap();
    let folders: BTreeSet<String> =
        folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(folders, known);
}

#[test]
fn servers_that_are_gone_end_it_and_it_goes_on_when_they_are_back() {
    let (server, folder) = (embedded(), Folder::new());
    let doors = Doors::before(&server.addresses()[..1]);
    let mut running = folder.begin_at(doors.front(0), &format!("{GRID} --recovery-timeout 1s"));
    running.until(|| folder.runs() >= 2);
    doors.set(0, Gate::Shut);
    let run = running.end();
    assert_eq!(run.code, 1, "{run:?}");
    let rows = folder.rows("runs.csv");
    let failed = rows.iter().filter(|row| row["verdict"] == "failed").count();
    assert!(rows.len() < 8 && (1..=2).contains(&failed), "{rows:?}");
    let said = words(&run.stderr);
    for part in [
        format!("stopped: {} of 8 runs are kept, {failed} failed", rows.len()),
        "try: start the servers again, and go on with the command below".into(),
        format!("to go on: fillbench sweep --resume {} --retry-failed --yes", folder.out.display()),
    ] {
        assert!(said.contains(&part), "no `{part}` in {said}");
    }
    // While they are away, nothing is lost by trying.
    let run = folder.resume("--retry-failed --yes").end();
    assert_eq!((run.code, folder.rows("runs.csv")), (1, rows), "{run:?}");
    doors.set(0, Gate::Open);
    assert_done_again(&folder);
}

#[test]
fn servers_that_come_back_are_waited_for() {
    let (server, folder) = (embedded(), Folder::new());
    let doors = Doors::before(&server.addresses()[..1]);
    // Runs that do little but connect.
    let mut running =
        folder.begin_at(doors.front(0), "--keys 50..80+1 --value-size 64 --warm-up 0 --repeat 2 --yes");
    running.until(|| folder.runs() >= 3);
    doors.set(0, Gate::Shut);
    let noticed = |said: &str| said.contains("waiting for the servers") || said.contains("incident");
    let mut told = String::new();
    while !noticed(&told) {
        running.until(|| true);
        told = running.said("stderr");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    doors.set(0, Gate::Open);
    let run = running.end();
    // The run that lost them may have failed, and no other.
    let failed = folder.rows("runs.csv").iter().filter(|row| row["verdict"] == "failed").count();
    assert!(run.code == i32::from(failed > 0) && failed <= 1, "{run:?}");
    assert_eq!(folder.runs(), 62, "{run:?}");
    if failed > 0 {
        let command = format!("to do what failed again: fillbench sweep --resume {}", folder.out.display());
        assert!(words(&run.stderr).contains(&command), "{run:?}");
        assert_done_again(&folder);
    }
}

#[test]
fn a_full_disk_ends_it_and_it_goes_on_when_there_is_room() {
    let (server, folder) = (embedded(), Folder::new());
    // A limit on the size of files does to each file what a full disk does; blocks are of 512 bytes.
    let limit = "trap '' XFSZ; ulimit -f 12; exec \"$@\"";
    let address = server.addresses()[0];
    let output = Command::new("sh")
        .args(["-c", limit, "sh", env!("CARGO_BIN_EXE_fillbench"), "sweep", "--out"])
        .arg(&folder.out)
        .args(crate::common::at(address))
        .args(GRID.split_whitespace())
        .env_remove("REDISCLI_AUTH")
        .output()
        .unwrap();
    let said = words(&String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said}");
    let kept = folder.rows("runs.csv").len();
    for part in [
        "stopped: ",
        " of 8 runs are kept",
        "csv: file too large",
        "try: make room on that disk, and go on with the command below",
        &format!("to go on: fillbench sweep --resume {}", folder.out.display()),
    ] {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    assert!((1..8).contains(&kept), "{kept}: {said}");
    let run = folder.resume("--yes").end();
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(folder.assert_whole().len(), 8);
}

#[test]
fn runs_are_done_again_in_a_sweep_that_goes_on_and_nowhere_else() {
    let run = Folder::new().begin("--embedded --keys 10 --retry-failed").end();
    assert_eq!(run.code, 2, "{run:?}");
    assert!(words(&run.stderr).contains("cannot be used with '--retry-failed'"), "{run:?}");
    // Without any that failed, there is nothing to do.
    let folder = Folder::new();
    assert_eq!(folder.begin("--embedded=standalone --keys 10 --repeat 2 --warm-up 0").end().code, 0);
    let before = folder.rows("runs.csv");
    assert_eq!(folder.resume("--retry-failed").end().code, 0);
    assert_eq!(folder.rows("runs.csv"), before);
}

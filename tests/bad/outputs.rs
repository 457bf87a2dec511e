//! Places that results cannot be written to. Those that are known beforehand are told before anything is
//! sent (nothing listens on port 1); those that fail in the middle cost no key, and no other output.

use std::fs;
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use crate::bad::case::{Case, flat};
use crate::common::{Server, fillbench};

#[test]
fn a_place_that_is_of_no_use_is_told_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let [file, used, other] = ["file", "used", "other.csv"].map(place);
    fs::write(&file, "").unwrap();
    fs::create_dir(&used).unwrap();
    fs::write(format!("{used}/precious"), "").unwrap();
    fs::write(&other, "name,age\nann,7\n").unwrap();
    let writable = "give --out, --csv or --log-file a place that can be written";
    for (option, cause, cure) in [
        ("--out /proc/x".into(), "cannot write /proc/x: no such file or directory".into(), writable),
        (format!("--out {file}"), format!("cannot write {file}: not a directory"), writable),
        (format!("--out {file}/x"), format!("cannot write {file}/x: not a directory"), writable),
        ("--out /dev/full".into(), "cannot write /dev/full: not a directory".into(), writable),
        (
            format!("--out {used}"),
            format!("the folder {used} is not empty"),
            "give --out a new or empty folder",
        ),
        (format!("--csv {used}"), format!("cannot write {used}: is a directory"), writable),
        ("--csv /no/such/table.csv".into(), "cannot write /no/such/table.csv: no such".into(), writable),
        (
            format!("--csv {other}"),
            format!(
                "{other} is a table of another kind: its column 1 is `name`, where a run's row has `run`"
            ),
            "give --csv another file",
        ),
    ] {
        Case::new(&format!("-p 1 --keys 10 {option}")).run().failed(&cause, cure);
    }
    assert_eq!(fs::read_to_string(&other).unwrap(), "name,age\nann,7\n");
    assert_eq!(fs::read_dir(&used).unwrap().count(), 1);
}

#[test]
fn a_disk_that_is_full_at_the_end_costs_no_key() {
    let Some(server) = Server::find("redis", "a_disk_that_is_full_at_the_end_costs_no_key") else { return };
    let binary = server.binary.display();
    let line = format!("--spawn=standalone --server-binary {binary} --keys 1000 --csv /dev/full");
    let ran = Case::new(&line).run();
    let record = ran.ended(1, "exact");
    assert_eq!(record["account"]["proven"], 1000);
    assert!(ran.told.contains("not written: /dev/full (no space left on device); all else is"), "{ran:?}");
}

/// A limit on the size of files does to each file what a full disk does.
#[test]
fn a_folder_that_fills_up_in_the_middle_costs_no_key() {
    let Some(server) = Server::find("redis", "a_folder_that_fills_up_in_the_middle_costs_no_key") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (out, table) = (folder.path().join("out"), folder.path().join("all.csv"));
    let fill = "--spawn=standalone --keys 1000 --json --server-binary";
    let mut first = fillbench(fill.split(' '));
    first.arg(&server.binary).arg("--csv").arg(&table).assert().success();
    let before = fs::read(&table).unwrap();

    // Blocks of 512 bytes: the headers of tables fit, a record does not.
    let limit = "trap '' XFSZ; ulimit -f 6; exec \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", limit, "sh"]).arg(cargo_bin("fillbench")).args(fill.split(' ')).arg(&server.binary);
    command.arg("--out").arg(&out).arg("--csv").arg(&table);
    let output = command.output().unwrap();
    let told = flat(&String::from_utf8_lossy(&output.stderr));
    let record: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    assert_eq!((output.status.code(), &record["verdict"]), (Some(1), &"exact".into()), "{told}");
    for name in ["run.json", "all.csv"] {
        assert!(told.contains(&format!("{name} (file too large)")), "{name}: {told}");
    }
    let left: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("run.json")), "{left:?}");
    assert!(fs::read(&table).unwrap() == before, "no half of a row is left");
}

#[test]
fn streams_that_nobody_reads_cost_no_key() {
    let Some(server) = Server::find("redis", "streams_that_nobody_reads_cost_no_key") else { return };
    for (closed, code) in [("stdout", 1), ("stderr", 0)] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(cargo_bin("fillbench"));
        command
            .args(["--spawn=standalone", "--keys", "1000", "--json", "--server-binary"])
            .arg(&server.binary);
        command.arg("--out").arg(folder.path().join("out"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        match closed {
            "stdout" => drop(child.stdout.take()),
            _ => drop(child.stderr.take()),
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{closed}: {output:?}");
        if closed == "stdout" {
            let told = flat(&String::from_utf8_lossy(&output.stderr));
            assert!(told.contains("not written: the JSON document on stdout (broken pipe)"), "{told}");
        }
        let record = fs::read(folder.path().join("out/run.json")).unwrap();
        let record: Value = serde_json::from_slice(&record).unwrap();
        assert_eq!((&record["verdict"], &record["account"]["proven"]), (&"exact".into(), &1000.into()));
    }
}

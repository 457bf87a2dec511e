//! The tables as others read them.

use std::process::Command;

use crate::common::{python, skip};
use crate::sweep::folder::Folder;

#[test]
fn duckdb_reads_the_tables_as_they_are() {
    let Some(python) = python("duckdb") else {
        return skip("duckdb_reads_the_tables_as_they_are", "no python with the package duckdb");
    };
    let folder = Folder::new();
    // Some runs longer than a second, so that there are several intervals.
    let words =
        "--embedded=2 --keys 30000 --key-size 32 --value-size 16,64 --writers auto,2 --repeat 2 --rate 25000";
    let run = folder.begin(words).end();
    assert_eq!(run.code, 0, "{run:?}");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sweep/read_tables.py");
    let read = Command::new(python).arg(script).arg(&folder.out).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), "8 runs of 4 points");
}

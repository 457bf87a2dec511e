//! The tables as others read them.

use std::process::Command;

use fillbench::server::{Server as Embedded, ServerOptions};

use crate::common::{ask, python, skip};
use crate::sweep::folder::Folder;

/// Slow enough that some runs are longer than a second, and have several intervals.
const GRID: &str = "--embedded=2 --key-size 32 --value-size 16,64 --writers auto,2 --repeat 2 --rate 25000";

/// The rows of a query, which DuckDB answers from the tables as they are; `None` without it.
fn query(test: &str, folder: &Folder, query: &str) -> Option<Vec<String>> {
    let Some(python) = python("duckdb") else {
        skip(test, "no python with the package duckdb");
        return None;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sweep/read_tables.py");
    let read = Command::new(python).arg(script).arg(&folder.out).arg(query).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    Some(String::from_utf8(read.stdout).unwrap().lines().map(str::to_owned).collect())
}

#[test]
fn duckdb_reads_the_tables_as_they_are() {
    let folder = Folder::new();
    let run = folder.begin(&format!("{GRID} --keys 30000")).end();
    assert_eq!(run.code, 0, "{run:?}");
    let points = "SELECT point, count(DISTINCT repeat), count(DISTINCT asked_writers), any_value(warm_up_percent), \
                  count(DISTINCT run) FROM runs JOIN intervals USING (run) GROUP BY point ORDER BY point";
    let Some(rows) = query("duckdb_reads_the_tables_as_they_are", &folder, points) else { return };
    // What was left open is not there.
    assert_eq!(
        rows,
        ["1 | 2 | 0 | 10.0 | 2", "2 | 2 | 1 | 10.0 | 2", "3 | 2 | 0 | 10.0 | 2", "4 | 2 | 1 | 10.0 | 2"]
    );
}

#[test]
fn duckdb_reads_runs_that_failed_and_cells_in_quotes() {
    let server = Embedded::start(&ServerOptions { masters: None, ..ServerOptions::default() }).unwrap();
    let address = server.addresses()[0];
    let _: () = ask(address, "CONFIG SET proto-max-bulk-len 1048576");
    let folder = Folder::new();
    let words =
        "--keys 50 --value-size 16,2MiB --writers auto,2 --repeat 1 --rate 1000000 --warm-up 0 --key-prefix";
    let run = folder.begin_at(address, &format!("{words} a,\"b\"")).end();
    assert_eq!(run.code, 1, "{run:?}");
    let cells = "SELECT verdict, value_size, key_prefix, error_message, error_cure, keys, account_missing FROM runs \
                 ORDER BY value_size";
    let Some(rows) = query("duckdb_reads_runs_that_failed_and_cells_in_quotes", &folder, cells) else {
        return;
    };
    let message = format!("values of 2097152 bytes are above {address}'s proto-max-bulk-len of 1048576");
    let cure = "give a smaller --value-size, or raise proto-max-bulk-len there";
    let exact = "exact | 16 | a,\"b\" | None | None | 50 | 0";
    let failed = format!("failed | 2097152 | a,\"b\" | {message} | {cure} | 0 | None");
    assert_eq!(rows, [exact, exact, &failed, &failed]);
    // And as our own tests read them.
    let rows = folder.assert_whole();
    assert_eq!(rows.iter().filter(|row| row["error_cure"] == cure).count(), 2);
}

//! What runs are read from: tables, records, folders of them.

use std::fs;

use serde_json::Value;

use crate::compare::made::{Place, STEADY, compare, times};

#[test]
fn records_and_tables_say_the_same() {
    let place = Place::new();
    let base = place.table("base.csv", &STEADY, &[]);
    for (number, figure) in times(0.9).into_iter().enumerate() {
        place.record(&format!("new/{number}/run.json"), figure, &[]);
    }
    let new = place.path("new");
    let from_records = compare(&base, &new, "");
    from_records.ended(4, "regression").says("7+7").says("-10.0%");
    // All metrics are there, from either.
    from_records.says("p50").says("p99").says("client CPU +0.0%").says("server CPU +0.0%");
    let one = compare(&base, &new.join("0/run.json"), "");
    one.ended(5, "inconclusive").says("7+1");
}

#[test]
fn folders_are_searched_three_deep_and_each_run_is_taken_once() {
    let place = Place::new();
    let base = place.table("base.csv", &STEADY, &[]);
    place.table("new/a.csv", &STEADY, &[]);
    fs::copy(place.path("new/a.csv"), place.path("new/same.csv")).unwrap();
    place.record("new/1/2/3/run.json", 1e5, &[]);
    place.record("new/1/2/3/4/run.json", 1e5, &[]);
    compare(&base, &place.path("new"), "").ended(0, "no change").says("new, 8 runs").says("7+8");
}

#[test]
fn other_files_of_a_folder_are_passed_by() {
    let place = Place::new();
    let base = place.table("base.csv", &STEADY, &[]);
    place.table("new/mine.csv", &STEADY, &[]);
    for (name, text) in [
        ("intervals.csv", "run,start_seconds,keys\nx,0,1\n"),
        ("latency.csv", ""),
        ("broken.json", "{"),
        ("verify.json", "{\"schema\": \"fillbench.verify/1\"}"),
        ("notes.txt", "run,verdict"),
    ] {
        fs::write(place.path("new").join(name), text).unwrap();
    }
    compare(&base, &place.path("new"), "").ended(0, "no change").says("7+7");
    // What has the name of a record has to be one.
    fs::write(place.path("new/run.json"), "{").unwrap();
    compare(&base, &place.path("new"), "").refused("new/run.json holds no runs", "");
}

/// The table of a fill that was gone on with has a row for the part that was cut off, too.
#[test]
fn a_folders_record_stands_for_its_table() {
    let place = Place::new();
    let base = place.table("base.csv", &STEADY, &[]);
    for (number, figure) in STEADY.into_iter().enumerate() {
        place.record(&format!("new/{number}/run.json"), figure, &[("verdict", "exact".into())]);
        place.table(&format!("new/{number}/runs.csv"), &[1.0], &[("verdict", "interrupted")]);
    }
    compare(&base, &place.path("new"), "").ended(0, "no change").says("7+7");
}

#[test]
fn columns_and_fields_of_newer_versions_are_passed_by() {
    let place = Place::new();
    let base = place.table("base.csv", &STEADY, &[]);
    let text = fs::read_to_string(place.table("new.csv", &STEADY, &[])).unwrap();
    let wider: String = text.lines().enumerate().map(|(n, line)| format!("added{n},{line}\r\n")).collect();
    fs::write(place.path("new.csv"), wider).unwrap();
    compare(&base, &place.path("new.csv"), "").ended(0, "no change");
    let record = place.record("run.json", 1e5, &[]);
    let mut newer: Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
    newer["added"] = 1.into();
    fs::write(&record, newer.to_string()).unwrap();
    compare(&base, &record, "").ended(5, "inconclusive").says("7+1");
}

/// A server that does not tell its processor time costs that metric, and nothing else.
#[test]
fn what_was_not_measured_is_left_out() {
    let place = Place::new();
    let base = place.table("base.csv", &STEADY, &[]);
    let new = place.table("new.csv", &STEADY, &[("servers_cpu_user_seconds", "")]);
    let compared = compare(&base, &new, "");
    compared.ended(0, "no change").says("client CPU");
    assert!(!compared.shown.contains("server CPU"), "{}", compared.shown);
    compare(&base, &new, "--metric servers_cpu_seconds_per_gb")
        .ended(5, "inconclusive: no point is on both sides")
        .says("7 of 7 runs of");
}

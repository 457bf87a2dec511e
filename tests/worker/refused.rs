//! Folders that are not the workers of one fill.

use std::fs;

use crate::fill::data::Data;
use crate::verify::place::Place;
use crate::worker::crew::{Crew, merge};

/// Workers that have filled.
fn filled(count: u64) -> Crew {
    let place = Place::embedded(Some(1));
    let crew = Crew::of(count);
    crew.fill_exactly(&place, &Data::of(5_000), "");
    crew
}

#[test]
fn who_is_missing_is_named() {
    let crew = filled(4);
    fs::remove_dir_all(crew.out(1)).unwrap();
    let merged = crew.merge("");
    merged.refused("worker 1 of 4 is missing");
    assert!(merged.told.contains("fill what they did not: --worker 1/4"), "{merged:?}");
    merge(&[&crew.out(0)], "").refused("workers 1, 2 and 3 of 4 are missing");
    crew.merge("--prove").refused("worker 1 of 4 is missing");
    // A folder that is not there, and one that holds no run.
    merge(&[&crew.out(1)], "").refused("cannot read");
    fs::create_dir(crew.out(1)).unwrap();
    merge(&[&crew.out(1)], "").refused("holds no runs");
}

#[test]
fn who_is_there_twice_is_named_unless_it_is_the_same_folder() {
    let crew = filled(2);
    let (one, other) = (crew.out(0), crew.out(1));
    assert_eq!(merge(&[&one, &other, &one], "").code, 0);
    crew.rewrite(1, |record| record["options"]["worker_index"] = 0.into());
    crew.merge("").refused("worker 0 is there twice");
}

#[test]
fn what_differs_is_named() {
    let crew = filled(2);
    for (option, value, cause) in [
        ("seed", serde_json::json!(9), "with --seed 1, and"),
        ("key_size", serde_json::json!(40), "with --key-size 32, and"),
        ("value_size", serde_json::json!(40), "with --value-size 64, and"),
        ("key_prefix", serde_json::json!("a"), "with --key-prefix \"\", and"),
        ("keys", serde_json::json!(6_000), "with --keys 5000, and"),
        ("ttl_seconds", serde_json::json!(5.0), "with --ttl none, and"),
        ("db", serde_json::json!(1), "with --db 0, and"),
        ("worker_count", serde_json::json!(3), "with --worker of 2, and"),
        ("worker_count", serde_json::json!(null), "was given no --worker"),
        ("worker_index", serde_json::json!(2), "was given no --worker"),
    ] {
        let mut before = serde_json::Value::Null;
        crew.rewrite(1, |record| before = std::mem::replace(&mut record["options"][option], value));
        crew.merge("").refused(cause);
        crew.rewrite(1, |record| record["options"][option] = before);
    }
    crew.rewrite(1, |record| {
        for server in record["servers"].as_array_mut().unwrap() {
            server["node"] = "another".into();
        }
    });
    crew.merge("").refused("were filled into different servers");
}

#[test]
fn a_fill_without_workers_is_no_share() {
    let (place, crew) = (Place::embedded(None), Crew::of(1));
    place.fill(&Data::of(1_000), &format!("--out {}", crew.out(0).display()));
    crew.merge("").refused("was given no --worker: it is no share of a dataset");
}

#[test]
fn latencies_that_are_not_whole_are_refused() {
    let crew = filled(2);
    let log = crew.out(1).join("latency.hlog");
    let text = fs::read_to_string(&log).unwrap();
    let lines: Vec<_> = text.lines().collect();
    fs::write(&log, lines[..lines.len() - 1].join("\n")).unwrap();
    crew.merge("").refused("tells of 0 pipelines, and its run.json of");
    fs::write(&log, text.replace("HISTF", "HI!TF")).unwrap();
    crew.merge("").refused("latency.hlog");
    fs::remove_file(&log).unwrap();
    crew.merge("").refused("cannot read");
}

#[test]
fn options_of_a_server_go_with_the_proof() {
    let crew = filled(1);
    crew.merge("-p 1").refused("go with --prove");
    crew.merge("--readers 3").refused("--prove");
    // Whoever filled it is gone by now.
    let merged = crew.merge("--prove");
    assert_eq!(merged.code, 1, "{merged:?}");
    let account = &merged.record().account;
    assert_eq!((account.proven, account.missing, account.suspect), (0, None, 5_000), "{merged:?}");
}

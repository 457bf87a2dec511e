//! What is wrong is told before anything is started, and nothing is left.

use std::net::TcpListener;
use std::path::Path;

use super::place::{Place, ended};

#[test]
fn bad_usage_is_told() {
    let place = Place::new();
    std::fs::create_dir(place.path("full")).unwrap();
    std::fs::write(place.path("full/file"), "").unwrap();
    let server = place.server("server", "");
    let server = server.to_str().unwrap();
    for (options, says) in [
        ("", "two servers are needed"),
        ("SERVER", "and 1 are named"),
        ("SERVER SERVER SERVER", "and 3 are named"),
        ("SERVER SERVER --what", "no option --what"),
        ("SERVER SERVER --runs", "--runs needs a value"),
        ("SERVER SERVER --runs 0", "--runs is a whole number from 1"),
        ("SERVER SERVER --runs 1e3", "--runs is a whole number"),
        ("SERVER SERVER --minutes 0", "--minutes is a whole number"),
        ("SERVER SERVER --pairs -1", "--pairs is a whole number"),
        ("SERVER SERVER --port 99999", "--port is a whole number"),
        ("SERVER SERVER --threshold much", "--threshold is percents"),
        ("SERVER SERVER --threshold 0", "--threshold is percents"),
        ("SERVER SERVER --threshold 0.00%", "--threshold is percents"),
        ("SERVER SERVER --shuffle-seed x", "--shuffle-seed is a whole number"),
        ("SERVER SERVER -- --keys 9 --pass hunter2", "a password does not belong"),
        ("SERVER SERVER -- -ahunter2 --keys 9", "a password does not belong"),
        ("SERVER SERVER -- --uri redis://:hunter2@h", "a password does not belong"),
        ("SERVER SERVER --inconclusive ignore", "--inconclusive is fail or warn"),
        ("SERVER SERVER --despite nothing", "--despite is server, machine,"),
        ("SERVER SERVER --out full", "not an empty folder"),
        ("SERVER no-such-server", "there is no program no-such-server"),
        ("redis://127.0.0.1:1 SERVER", "say --yes"),
        ("SERVER SERVER --fillbench no-such-program", "there is no program like the one of --fillbench"),
        ("SERVER SERVER -- --no-such-option", "no-such-option"),
        ("SERVER SERVER -- --embedded", "fillbench"),
    ] {
        let mut command = place.script();
        command.args(options.replace("SERVER", server).split_whitespace());
        let run = ended(&mut command);
        assert_eq!(run.code, Some(2), "{options}: {}{}", run.shown, run.told);
        assert!(run.told.contains(says) && !run.told.contains("hunter2"), "{options}: {}", run.told);
        let _ = std::fs::remove_dir_all(place.path("regression"));
    }
    place.assert_nothing_is_left();
}

#[test]
fn the_help_names_every_option() {
    let place = Place::new();
    let mut command = place.script();
    let run = ended(command.arg("--help"));
    assert_eq!((run.code, run.told.as_str()), (Some(0), ""));
    for option in [
        "--runs",
        "--minutes",
        "--pairs",
        "--shuffle-seed",
        "--threshold",
        "--despite",
        "--inconclusive",
        "--out",
        "--port",
    ] {
        assert!(run.shown.contains(&format!("\n  {option} ")), "{option}: {}", run.shown);
    }
    assert!(run.shown.contains("Exit codes:") && !run.shown.contains("set -"), "{}", run.shown);
    assert!(run.shown.lines().all(|line| line.chars().count() <= 120));
}

#[test]
fn a_server_that_does_not_start_is_told_in_its_words() {
    let place = Place::new();
    let broken = place.program("broken", "#!/bin/sh\necho 'no memory left'\nexit 3\n");
    let run = place.run("--runs 4", [&broken, &broken]);
    assert_eq!(run.code, Some(1), "{}", run.told);
    assert!(run.told.contains("broken has ended: no memory left"), "{}", run.told);
    place.assert_nothing_is_left();
}

#[test]
fn a_port_that_is_taken_is_told() {
    let place = Place::new();
    let taken = TcpListener::bind(("127.0.0.1", place.port + 1)).unwrap();
    let server = place.server("server", "");
    let run = place.run("--runs 4", [&server, &server]);
    assert_eq!(run.code, Some(1), "{}", run.told);
    assert!(run.told.contains(&format!("port {} already", place.port + 1)), "{}", run.told);
    drop(taken);
    place.assert_nothing_is_left();
}

#[test]
fn a_fill_that_fails_ends_it() {
    let place = Place::new();
    let refuses = place.server("refuses", "--fault oom");
    let run = place.run("--runs 4", [Path::new(&refuses), &refuses]);
    assert_eq!(run.code, Some(1), "{}", run.told);
    assert!(run.told.contains("a fill of ") && run.told.contains("refuses ended with "), "{}", run.told);
    place.assert_nothing_is_left();
}

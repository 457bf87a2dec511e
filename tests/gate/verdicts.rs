//! Whole runs of the script, with servers that are equal, and with one that is slower.

use std::path::Path;

use super::place::{DESPITE, Place, ended};
use crate::common::{Server, on_each_server};

/// The exit code that goes with a verdict.
fn code_of(verdict: &str) -> i32 {
    match verdict {
        "no_change" | "better" => 0,
        "regression" => 4,
        "inconclusive" => 5,
        other => panic!("no verdict: {other}"),
    }
}

on_each_server! {
    /// Nothing is said of the verdict: this machine has other things to do.
    async fn two_equal_servers_are_compared_in_turns(server: &Server) {
        let place = Place::new();
        let binary: &Path = &server.binary;
        let run = place.run(&format!("--runs 4 --pairs 3 {DESPITE}"), [binary, binary]);
        assert!(run.code.is_some(), "{}", run.told);
        let verdict = place.comparison()["verdict"].as_str().unwrap().to_owned();
        assert_eq!(run.code, Some(code_of(&verdict)), "{verdict}: {}", run.told);
        // Four of each, one of each side in a pair.
        let mut starts = Vec::new();
        for side in ["base", "new"] {
            let table = format!("regression/{side}.csv");
            assert!(place.column(&table, "verdict").iter().all(|verdict| verdict == "exact"));
            starts.extend(place.column(&table, "started_at").into_iter().map(|at| (at, side)));
        }
        starts.sort();
        let order: Vec<_> = starts.iter().map(|(_, side)| *side).collect();
        assert!(order.len() == 8 && order.chunks(2).all(|pair| pair[0] != pair[1]), "{order:?}");
        let report = place.text("regression/report.md");
        let words = verdict.replace('_', " ");
        assert!(report.starts_with(&format!("### fillbench: {words}")), "{report}");
        assert!(report.contains("4 runs of each") && report.contains("--keys 200"), "{report}");
        assert!(run.shown.contains(&words), "{}", run.shown);
        place.assert_nothing_is_left();
    }
}

#[test]
fn a_slower_server_is_a_regression() {
    let place = Place::new();
    // Each command takes a millisecond at least, where all of them take some. Eight pairs are the fewest that can tell.
    let (fast, slow) = (place.server("fast", ""), place.server("slow", "--fault delay=1ms"));
    let mut command = place.script();
    command.args(["--runs", "8", "--threshold", "3", "--despite", "server,client"]).args([&fast, &slow]);
    command.args(["--", "--keys", "150", "--key-size", "16", "--value-size", "32", "--command", "set"]);
    command.env("GITHUB_STEP_SUMMARY", place.path("summary.md"));
    let run = ended(&mut command);
    assert_eq!(run.code, Some(4), "{}{}", run.shown, run.told);
    assert_eq!(place.comparison()["verdict"], "regression");
    assert_eq!(place.text("summary.md"), place.text("regression/report.md"));
    assert!(place.text("summary.md").contains("**regression**"));
    place.assert_nothing_is_left();
}

#[test]
fn what_cannot_be_told_fails_or_warns_as_asked() {
    let (place, again) = (Place::new(), Place::new());
    let server = place.server("server", "");
    let run = place.run(&format!("--runs 1 {DESPITE}"), [&server, &server]);
    assert_eq!(run.code, Some(5), "{}{}", run.shown, run.told);
    assert_eq!(place.comparison()["verdict"], "inconclusive");
    let mut command = again.script();
    command
        .args(["--runs", "1", "--despite", "server,client", "--inconclusive", "warn"])
        .args([&server, &server]);
    command.args(["--", "--keys", "20"]).env("GITHUB_ACTIONS", "true");
    let run = ended(&mut command);
    assert_eq!(run.code, Some(0), "{}{}", run.shown, run.told);
    assert!(run.shown.contains("\n::warning title=fillbench::"), "{}", run.shown);
    assert_eq!(again.comparison()["verdict"], "inconclusive");
}

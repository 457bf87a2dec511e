//! Whole runs of the script, with servers that are equal, and with one that is slower.

use std::path::Path;

use fillbench::results::{ComparisonVerdict, LiveEnd};

use super::place::{FILL, FILLBENCH, Place, ended};
use crate::common::{Server, on_each_server};

/// The exit code that goes with a verdict.
fn code_of(verdict: ComparisonVerdict) -> i32 {
    match verdict {
        ComparisonVerdict::NoChange | ComparisonVerdict::Better => 0,
        ComparisonVerdict::Regression => 4,
        ComparisonVerdict::Inconclusive => 5,
    }
}

on_each_server! {
    /// Nothing is said of the verdict: this machine has other things to do.
    async fn two_equal_servers_are_compared_in_turns(server: &Server) {
        let place = Place::new();
        let binary: &Path = &server.binary;
        // Eight rounds are the fewest that can tell. The first run of each has a warm-up of its own.
        let told = FILL.replace("--renew 1 --warm-up 0", "--renew 2 --max-runs 16");
        let run = place.run(binary.to_str().unwrap(), binary, &told);
        let comparison = place.comparison();
        assert_eq!(run.code, Some(code_of(comparison.verdict)), "{:?}: {}", comparison.verdict, run.told);
        let live = comparison.live.unwrap();
        assert_eq!((live.planned_looks, live.renewed_after_pairs), (vec![16], Some(2)));
        // One of each side in a pair.
        let mut starts = Vec::new();
        for side in ["base", "new"] {
            let table = format!("regression/{side}/runs.csv");
            assert!(place.column(&table, "verdict").iter().all(|verdict| verdict == "exact"));
            starts.extend(place.column(&table, "started_at").into_iter().map(|at| (at, side)));
        }
        starts.sort();
        let order: Vec<_> = starts.iter().map(|(_, side)| *side).collect();
        assert!(order.len() == 32 && order.chunks(2).all(|pair| pair[0] != pair[1]), "{order:?}");
        let report = place.text("regression/comparison.md");
        assert!(report.starts_with("### fillbench: ") && report.contains("started anew after every 2 pairs"), "{report}");
        assert!(run.shown.contains("16+16"), "{}", run.shown);
        place.assert_nothing_is_left();
    }
}

#[test]
fn a_slower_server_is_a_regression() {
    let place = Place::new();
    // Each command takes a millisecond at least, where all of them take some.
    let (fast, slow) = (place.server("fast", ""), place.server("slow", "--fault delay=1ms"));
    let mut command = place.script();
    command.args([&fast, &slow]).arg("--").args(FILL.split(' '));
    command.env("GITHUB_STEP_SUMMARY", place.path("summary.md"));
    let run = ended(&mut command);
    assert_eq!(run.code, Some(4), "{}{}", run.shown, run.told);
    let comparison = place.comparison();
    assert_eq!(comparison.verdict, ComparisonVerdict::Regression);
    assert_eq!(comparison.live.unwrap().ended, LiveEnd::Settled);
    assert_eq!(place.text("summary.md"), place.text("regression/comparison.md"));
    assert!(place.text("summary.md").contains("**regression**"));
    // What stands in its folder is no summary of a job that was refused for that.
    let run = ended(command.env("GITHUB_STEP_SUMMARY", place.path("next.md")));
    assert_eq!((run.code, place.path("next.md").exists()), (Some(1), false), "{}", run.told);
    place.assert_nothing_is_left();
}

#[test]
fn what_cannot_be_told_fails_or_warns_as_asked() {
    let (place, again) = (Place::new(), Place::new());
    let server = place.server("server", "");
    // There is no time for any run.
    let told = format!("{FILL} --max-time 1ns");
    let run = place.run(server.to_str().unwrap(), &server, &told);
    assert_eq!(run.code, Some(5), "{}{}", run.shown, run.told);
    assert!(run.told.contains("--max-time was over before"), "{}", run.told);
    let mut command = again.script();
    command.args(["--inconclusive", "warn"]).args([&server, &server]).arg("--").args(told.split(' '));
    let run = ended(command.env("GITHUB_ACTIONS", "true"));
    assert_eq!(run.code, Some(0), "{}{}", run.shown, run.told);
    assert!(run.shown.contains("::warning title=fillbench::"), "{}", run.shown);
    again.assert_nothing_is_left();
}

/// Nobody has to know how fast a machine is: the fills are as long as is asked.
#[test]
fn fills_are_long_enough_to_be_judged() {
    let place = Place::new();
    let server = place.server("server", "");
    let told = "--renew 1 --fill-time 0.25s --key-size 16 --value-size 32 --despite client --max-time 3s";
    let run = place.run(server.to_str().unwrap(), &server, told);
    assert!([Some(0), Some(4), Some(5)].contains(&run.code), "{}{}", run.shown, run.told);
    let keys: Vec<u64> =
        place.column("regression/base/runs.csv", "keys").iter().map(|keys| keys.parse().unwrap()).collect();
    let seconds = place.column("regression/base/runs.csv", "seconds_fill");
    let seconds: Vec<f64> = seconds.iter().map(|seconds| seconds.parse().unwrap()).collect();
    assert!(!keys.is_empty() && keys.iter().all(|count| *count == keys[0] && *count > 20), "{keys:?}");
    // Within what other work on this machine may do to it.
    assert!(seconds.iter().all(|seconds| (0.05..2.5).contains(seconds)), "{seconds:?}");
}

/// A server that is several times as fast is better, and not over too soon to be compared.
#[test]
fn fills_of_the_faster_side_are_long_enough_too() {
    let place = Place::new();
    // The first process of the base, by which it is found out how much to fill, stands still behind its warm-up.
    let text = format!(
        "#!/bin/sh\n[ -e \"$0.was\" ] || fault='--fault stall=3s@30000'\ntouch \"$0.was\"\n\
         exec '{FILLBENCH}' serve --standalone --port \"$2\" $fault\n"
    );
    let (slow, fast) = (place.program("slow", &text), place.server("fast", ""));
    let told = "--renew 1 --fill-time 0.25s --key-size 16 --value-size 32 --command set --warm-up 0 --despite client";
    let run = place.run(slow.to_str().unwrap(), &fast, &format!("{told} --max-time 5s"));
    assert!([Some(0), Some(4), Some(5)].contains(&run.code), "{}{}", run.shown, run.told);
    let seconds = place.column("regression/new/runs.csv", "seconds_fill");
    let seconds: Vec<f64> = seconds.iter().map(|seconds| seconds.parse().unwrap()).collect();
    // Of as many keys as took the base so long, it would be a tenth.
    assert!(!seconds.is_empty() && seconds.iter().all(|seconds| *seconds > 0.05), "{seconds:?}");
}

//! Turns, failures, refusals and ends, on runs that are made up.

use super::*;
use crate::compare::tests::{options, run};
use crate::compare::{CompareError, CompareOptions, Difference, Run};
use crate::results::{Comparison, ComparisonVerdict, LiveEnd, Side};

fn live(max_runs: u64, despite: &[Difference]) -> Live {
    Live::new(LiveOptions {
        compare: CompareOptions { despite: despite.into(), ..options() },
        design: Design::new(max_runs, 3),
        warm_up_percent: 10.0,
        names: ["127.0.0.1:1".into(), "127.0.0.1:2".into()],
        warnings: vec!["the sides are one server".into()],
    })
}

/// Runs until the end, the new side this fast; `change` may make of each run what it likes.
fn through(
    live: &mut Live,
    factor: f64,
    mut change: impl FnMut(Side, u64, &mut Run),
) -> Result<Comparison, CompareError> {
    let mut number = 0;
    while let Next::Run { side, .. } = live.next() {
        number += 1;
        let wobble = 1.0 + 0.001 * (number % 7) as f64;
        let speed = 1e6 * wobble * if side == Side::New { factor } else { 1.0 };
        let mut run = run(&format!("r{number}"), speed);
        run.place = format!("{} {number}", side.name());
        change(side, number, &mut run);
        live.take(run)?;
    }
    Ok(live.comparison().unwrap())
}

fn nothing(_: Side, _: u64, _: &mut Run) {}

#[test]
fn the_first_look_that_can_tell_is_the_last() {
    use ComparisonVerdict::{Better, NoChange, Regression};
    for (factor, verdict) in [(0.9, Regression), (1.1, Better), (1.0, NoChange)] {
        let mut live = live(40, &[]);
        let comparison = through(&mut live, factor, nothing).unwrap();
        assert_eq!((comparison.verdict, live.next()), (verdict, Next::Over(LiveEnd::Settled)));
        let (point, told) = (&comparison.points[0], comparison.live.unwrap());
        assert_eq!((point.base_runs, point.new_runs, told.looks.len()), (8, 8, 1));
        assert_eq!((told.planned_looks, told.ended), (vec![8, 12, 18, 27, 40], LiveEnd::Settled));
        let change = point.metrics[0].change_percent.unwrap();
        assert!((change - 100.0 * (factor - 1.0)).abs() < 0.7, "{change}");
        assert!(point.metrics.len() > 1 && comparison.warnings == ["the sides are one server"]);
    }
}

#[test]
fn what_stays_open_ends_with_the_most_runs() {
    let mut live = live(10, &[]);
    // Every other pair says the contrary.
    let comparison = through(&mut live, 1.0, |side, number, run| {
        if side == Side::New {
            run.figures[0] = run.figures[0].map(|speed| speed * if number % 4 < 2 { 1.2 } else { 0.8 });
        }
    });
    let comparison = comparison.unwrap();
    let told = comparison.live.unwrap();
    assert_eq!((comparison.verdict, told.ended), (ComparisonVerdict::Inconclusive, LiveEnd::MaxRuns));
    assert_eq!((told.looks.len(), told.pairs.len(), live.runs_left()), (2, 10, 0));
    assert!(comparison.points[0].reason.contains("too noisy"), "{}", comparison.points[0].reason);
    let orders: Vec<_> = told.pairs.iter().map(|pair| pair.base_first).collect();
    assert!(orders.contains(&true) && orders.contains(&false), "{orders:?}");
}

#[test]
fn a_pair_with_a_run_that_failed_is_begun_again_and_three_are_the_end() {
    let mut one = live(10, &[]);
    let comparison = through(&mut one, 1.0, |_, number, run| {
        if number == 2 {
            run.verdict = "failed".into();
        }
    });
    let comparison = comparison.unwrap();
    assert_eq!(comparison.verdict, ComparisonVerdict::NoChange);
    assert!(comparison.warnings[1].starts_with("1 run of the "), "{:?}", comparison.warnings);
    let runs: Vec<_> =
        comparison.live.unwrap().pairs.into_iter().flat_map(|pair| [pair.base, pair.new]).collect();
    assert!(!runs.contains(&"r1".into()) && !runs.contains(&"r2".into()), "{runs:?}");

    let mut all = live(10, &[]);
    let mut taken = 0;
    while let Next::Run { side, .. } = all.next() {
        let mut run = run("r", 1.0);
        if side == Side::New {
            run.verdict = "missing".into();
        }
        all.take(run).unwrap();
        taken += 1;
    }
    assert_eq!((all.next(), all.comparison()), (Next::Over(LiveEnd::Failed), None));
    assert!(taken <= 6, "{taken}");
    // Nothing is taken any more.
    assert_eq!(all.take(run("late", 1.0)), Ok(Taken::Failed));
}

#[test]
fn a_look_that_was_not_planned_decides_nothing() {
    let mut live = live(40, &[]);
    for _ in 0..20 {
        let Next::Run { side, pair } = live.next() else { break };
        let swing = if pair.is_multiple_of(2) { 1.1 } else { 0.9 };
        live.take(run("r", if side == Side::New { swing } else { 1.0 })).unwrap();
    }
    assert!(live.so_far().interval_percent.is_some());
    live.interrupt();
    let comparison = live.comparison().unwrap();
    assert_eq!(comparison.verdict, ComparisonVerdict::Inconclusive);
    let reason = &comparison.points[0].reason;
    assert_eq!(reason, "it was interrupted after 10 pairs, before the next look");
    assert_eq!((live.next(), comparison.live.unwrap().looks.len()), (Next::Over(LiveEnd::Interrupted), 1));
}

#[test]
fn what_says_nothing_of_the_servers_is_refused() {
    type Change = fn(Side, u64, &mut Run);
    let cases: [(Change, Difference, &str); 5] = [
        (
            |_, n, run| run.limited_by = if n == 5 { "client" } else { "server" }.into(),
            Difference::Client,
            "5",
        ),
        (|_, n, run| run.machine.cpus += u64::from(n == 6), Difference::Machine, "6"),
        (|_, n, run| run.is_resumed = n == 2, Difference::Resumed, "2"),
        (|_, n, run| run.server = format!("valkey {}", n / 9), Difference::Server, " 9 "),
        (
            |side, _, run| run.parameters.target_masters = if side == Side::New { 3 } else { 1 },
            Difference::Target,
            "target_masters 3, and the base with 1",
        ),
    ];
    for (change, difference, says) in cases {
        let mut refused = live(40, &[]);
        let CompareError::NotComparable(found) = through(&mut refused, 1.0, change).unwrap_err() else {
            panic!("{difference:?}")
        };
        assert_eq!(refused.next(), Next::Over(LiveEnd::Failed));
        assert_eq!(found[0].difference, difference);
        assert!(found[0].text.contains(says), "{says:?} is not in {:?}", found[0].text);
        assert!(through(&mut live(40, &[difference]), 1.0, change).is_ok(), "{difference:?}");
    }
}

#[test]
fn other_servers_on_the_other_side_are_what_is_asked_about() {
    let other = |side, _, run: &mut Run| {
        if side == Side::New {
            run.server = "redis 7.0".into();
        }
    };
    assert_eq!(through(&mut live(40, &[]), 1.0, other).unwrap().verdict, ComparisonVerdict::NoChange);
}

#[test]
fn runs_that_are_not_exact_count_where_that_is_meant_so() {
    let thrown_away = |_, _, run: &mut Run| run.verdict = "discarded".into();
    let mut live = live(10, &[Difference::Verdict]);
    assert_eq!(through(&mut live, 1.0, thrown_away).unwrap().verdict, ComparisonVerdict::NoChange);
}

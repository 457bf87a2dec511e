//! Turns, failures, refusals and ends, on runs that are made up.

use super::*;
use crate::compare::tests::{options, run};
use crate::compare::{CompareError, CompareOptions, Difference, Method, Run};
use crate::results::{Comparison, ComparisonVerdict, LiveEnd, Side};

fn live(max_runs: u64, despite: &[Difference]) -> Live {
    in_rounds(max_runs, 1, despite)
}

fn in_rounds(max_runs: u64, round_pairs: u64, despite: &[Difference]) -> Live {
    Live::new(LiveOptions {
        compare: CompareOptions { despite: despite.into(), method: Method::Paired, ..options() },
        design: Design::new(max_runs, round_pairs, 3),
        renewed: round_pairs > 1,
        warm_up_percent: 10.0,
        first_warm_up_percent: 100.0,
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

/// One pair says the contrary of another, evenly from half to double, so that nothing is ever settled.
fn contradict(side: Side, number: u64, run: &mut Run) {
    let evenly = ((number / 2 * 38) % 101) as f64 / 101.0 - 0.5;
    if side == Side::New {
        run.figures[0] = run.figures[0].map(|speed| speed * (1.4 * evenly).exp());
    }
}

#[test]
fn the_first_look_that_can_tell_is_the_last() {
    use ComparisonVerdict::{Better, NoChange, Regression};
    for (factor, verdict) in [(0.9, Regression), (1.1, Better), (1.0, NoChange)] {
        let mut live = live(40, &[]);
        let comparison = through(&mut live, factor, nothing).unwrap();
        assert_eq!((comparison.verdict, live.next()), (verdict, Next::Over(LiveEnd::Settled)));
        let (point, told) = (&comparison.points[0], comparison.live.unwrap());
        assert_eq!((point.base_runs, point.new_runs, told.looks.len()), (10, 10, 1));
        assert_eq!((told.planned_looks, told.ended), (vec![10, 16, 25, 40], LiveEnd::Settled));
        assert_eq!(told.renewed_after_pairs, None);
        let change = point.metrics[0].change_percent.unwrap();
        assert!((change - 100.0 * (factor - 1.0)).abs() < 0.7, "{change}");
        assert!(point.metrics.len() > 1 && comparison.warnings == ["the sides are one server"]);
    }
}

#[test]
fn the_first_run_of_a_server_may_have_another_warm_up() {
    let mut live = in_rounds(16, 2, &[]);
    let comparison = through(&mut live, 1.0, |_, number, run| {
        run.parameters.warm_up_percent = Some(if number % 4 < 3 { 100.0 } else { 10.0 });
    });
    let told = comparison.unwrap().live.unwrap();
    assert_eq!((told.pairs.len(), told.warm_up_percent, told.first_warm_up_percent), (16, 10.0, Some(100.0)));
}

#[test]
fn what_stays_open_ends_with_the_most_runs() {
    let mut live = live(14, &[]);
    let comparison = through(&mut live, 1.0, contradict).unwrap();
    let told = comparison.live.unwrap();
    assert_eq!((comparison.verdict, told.ended), (ComparisonVerdict::Inconclusive, LiveEnd::MaxRuns));
    assert_eq!((told.looks.len(), told.pairs.len(), live.runs_left()), (2, 14, 0));
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
            run.verdict = "failed".into();
        }
        all.take(run).unwrap();
        taken += 1;
    }
    assert_eq!((all.next(), all.comparison()), (Next::Over(LiveEnd::Failed), None));
    assert!(taken <= 6, "{taken}");
    // Nothing is taken any more.
    assert_eq!(all.take(run("late", 1.0)), Ok(Taken::LeftOut));
}

/// A server that loses keys once in a while is no server that is as fast as another.
#[test]
fn one_run_that_left_keys_missing_or_wrong_is_the_end() {
    for verdict in ["missing", "wrong"] {
        let loses = |side, number, run: &mut Run| {
            contradict(side, number, run);
            if number == 31 {
                run.verdict = verdict.into();
            }
        };
        let mut lossy = live(40, &[]);
        let comparison = through(&mut lossy, 1.0, loses).unwrap();
        let ended = (lossy.next(), comparison.verdict);
        assert_eq!(ended, (Next::Over(LiveEnd::Inexact), ComparisonVerdict::Inconclusive));
        let reason = &comparison.points[0].reason;
        assert_eq!(reason, "it was given up for missing or wrong keys after 15 pairs, before the next look");
        assert_eq!(lossy.take(run("late", 1.0)), Ok(Taken::LeftOut));
        let mut meant = live(40, &[Difference::Verdict]);
        through(&mut meant, 1.0, loses).unwrap();
        assert_eq!(meant.next(), Next::Over(LiveEnd::MaxRuns));
    }
}

/// What the client limited, or was over at once, says nothing of the servers: an accident here and there is left out,
/// and more of them are refused.
#[test]
fn a_small_share_of_runs_may_say_nothing() {
    let by_client = |run: &mut Run| run.limited_by = "client".into();
    let too_short = |run: &mut Run| (run.limited_by, run.facts.fill_seconds) = ("unknown".into(), 0.15);
    for spoil in [&by_client as &dyn Fn(&mut Run), &too_short] {
        let every = |share: u64| {
            let mut live = live(200, &[]);
            let comparison = through(&mut live, 1.0, |side, number, run| {
                contradict(side, number, run);
                if number % share == share - 1 {
                    spoil(run);
                }
            });
            (live, comparison)
        };
        let (live, comparison) = every(55);
        let comparison = comparison.unwrap();
        assert_eq!((live.next(), comparison.points[0].base_runs), (Next::Over(LiveEnd::MaxRuns), 200));
        let told =
            comparison.warnings.iter().filter(|warning| warning.contains("said nothing of the servers"));
        assert!(told.count() >= 1, "{:?}", comparison.warnings);
        let (live, refused) = every(35);
        assert_eq!(live.next(), Next::Over(LiveEnd::Failed));
        let CompareError::NotComparable(found) = refused.unwrap_err() else { panic!("others") };
        assert_eq!((found.len(), found[0].difference), (1, Difference::Client));
        assert!(found[0].text.contains("no more than 1, and 2 in 100, may be left out"), "{found:?}");
    }
}

/// Where it is short and yet known what limited it, or too little is known of a long one, it counts.
#[test]
fn what_limited_a_run_may_be_unknown_or_a_fill_short() {
    for (limited_by, seconds) in [("unknown", 0.5), ("server", 0.1)] {
        let comparison = through(&mut live(40, &[]), 0.9, |_, _, run| {
            (run.limited_by, run.facts.fill_seconds) = (limited_by.into(), seconds);
        });
        assert_eq!(comparison.unwrap().verdict, ComparisonVerdict::Regression);
    }
}

#[test]
fn rounds_count_once_and_begin_with_new_servers() {
    let mut live = in_rounds(45, 3, &[]);
    let (mut runs, mut begun) = (0, Vec::new());
    while let Next::Run { side, pair, begins_round } = live.next() {
        if begins_round {
            begun.push((pair, runs));
        }
        // Within each round, one process is a third faster than the other: of rounds, half of them.
        let is_faster = (pair - 1) / 3 % 2 == u64::from(side == Side::New);
        let mut run = run("r", if is_faster { 1.33 } else { 1.0 });
        if runs == 7 {
            run.verdict = "failed".into();
        }
        live.take(run).unwrap();
        runs += 1;
        if pair == 3 && runs == 5 {
            // Less than a round tells nothing.
            assert_eq!(live.comparison(), None);
            assert_eq!(live.so_far().change_percent, None);
        }
    }
    let comparison = live.comparison().unwrap();
    let told = comparison.live.unwrap();
    assert_eq!((told.planned_looks, told.renewed_after_pairs), (vec![27, 45], Some(3)));
    let point = &comparison.points[0];
    assert_eq!((point.verdict, point.base_runs, told.pairs.len()), (ComparisonVerdict::Inconclusive, 45, 45));
    // 45 pairs, each of them for itself, would have told a difference that is none: 15 rounds do not.
    assert!(point.p_value > 0.5, "{point:?}");
    // The round whose first pair failed was begun again.
    assert_eq!(begun[..4], [(1, 0), (4, 6), (4, 8), (7, 14)]);
    begun.dedup_by_key(|(pair, _)| *pair);
    assert!(begun.iter().map(|(pair, _)| *pair).eq((0..15).map(|round| 3 * round + 1)), "{begun:?}");
}

#[test]
fn what_is_there_when_the_time_is_over_is_looked_at_once_more() {
    // Every fourth pair says the contrary, so that few of them settle nothing.
    let go = |live: &mut Live, pairs: u64| {
        while let Next::Run { side, pair, .. } = live.next() {
            if pair > pairs {
                break;
            }
            let speed = if pair % 8 == 3 { 1.01 } else { 0.9 + 0.001 * (pair % 7) as f64 };
            live.take(run("r", if side == Side::New { speed } else { 1.0 })).unwrap();
        }
    };
    let mut one = live(100, &[]);
    go(&mut one, 12);
    assert_eq!(one.looks(), 1);
    let look = one.run_out_of_time().unwrap();
    assert_eq!((look.pairs, one.looks(), one.next()), (12, 2, Next::Over(LiveEnd::MaxTime)));
    let point = one.comparison().unwrap().points.remove(0);
    assert_eq!(
        (look.verdict, point.verdict),
        (ComparisonVerdict::Inconclusive, ComparisonVerdict::Inconclusive)
    );
    assert!(!point.reason.contains("before the next look"), "{}", point.reason);
    assert_eq!(one.run_out_of_time(), None);

    let mut more = live(100, &[]);
    go(&mut more, 17);
    assert_eq!(more.run_out_of_time().unwrap().verdict, ComparisonVerdict::Regression);
    assert_eq!(more.next(), Next::Over(LiveEnd::Settled));

    // Nothing is looked at twice, and nothing at all before the first pair.
    let mut same = live(100, &[]);
    go(&mut same, 10);
    assert_eq!((same.run_out_of_time(), same.looks()), (None, 1));
    assert_eq!(same.next(), Next::Over(LiveEnd::MaxTime));
    let mut none = live(100, &[]);
    assert_eq!((none.run_out_of_time(), none.comparison()), (None, None));
}

#[test]
fn a_thousand_pairs_take_little_memory() {
    use super::round::Pair;
    let kept = size_of::<Pair>() + 2 * "20261122T021034Z-00000000".len();
    assert!(kept < 512, "{kept} bytes a pair");
}

#[test]
fn a_look_that_was_not_planned_decides_nothing() {
    let mut live = live(40, &[]);
    for _ in 0..24 {
        let Next::Run { side, pair, .. } = live.next() else { break };
        let swing = if pair.is_multiple_of(2) { 1.1 } else { 0.9 };
        live.take(run("r", if side == Side::New { swing } else { 1.0 })).unwrap();
    }
    assert!(live.so_far().interval_percent.is_some());
    live.interrupt();
    let comparison = live.comparison().unwrap();
    assert_eq!(comparison.verdict, ComparisonVerdict::Inconclusive);
    let reason = &comparison.points[0].reason;
    assert_eq!(reason, "it was interrupted after 12 pairs, before the next look");
    assert_eq!((live.next(), comparison.live.unwrap().looks.len()), (Next::Over(LiveEnd::Interrupted), 1));
}

#[test]
fn what_says_nothing_of_the_servers_is_refused() {
    type Change = fn(Side, u64, &mut Run);
    let cases: [(Change, Difference, &str); 5] = [
        (
            |_, n, run| run.limited_by = if n >= 5 { "client" } else { "server" }.into(),
            Difference::Client,
            "2 of 6 runs",
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

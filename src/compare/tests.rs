//! Pairing, refusing and deciding, on runs that are made up; how they are read is tested from outside.

use super::*;
use crate::recorded::RunFacts;
use crate::results::{Comparison, ComparisonVerdict, Host, PointParameters};

pub(super) fn run(id: &str, keys_per_second: f64) -> Run {
    let mut figures = [Some(100.0); Metric::ALL.len()];
    figures[0] = Some(keys_per_second);
    Run {
        id: id.into(),
        place: format!("{id}/run.json"),
        file: format!("{id}/run.json").into(),
        started_at: String::new(),
        verdict: "exact".into(),
        limited_by: "server".into(),
        is_resumed: false,
        repaired: 0,
        host: String::new(),
        replicas: 0,
        parameters: PointParameters {
            target_kind: "spawned".into(),
            target_mode: "cluster".into(),
            target_masters: 3,
            key_size: 64,
            value_size: 512,
            keys: Some(1000),
            ..PointParameters::default()
        },
        server: "valkey 9.1.2".into(),
        machine: Host { cpu_model: "A".into(), cpus: 2, memory_bytes: 8 << 30, os: "Linux 6.1".into() },
        chosen: vec![("pipeline_depth", "100".into())],
        figures,
        facts: RunFacts { fill_seconds: 1.0, ..RunFacts::default() },
    }
}

fn side(name: &str, figures: &[f64]) -> Runs {
    let runs = figures.iter().enumerate().map(|(place, &figure)| run(&format!("{name}{place}"), figure));
    Runs { path: name.into(), runs: runs.collect(), passed_over: Vec::new() }
}

pub(super) fn options() -> CompareOptions {
    let (metric, threshold_percent) = (Metric::KeysPerSecond, 3.0);
    CompareOptions {
        metric,
        threshold_percent,
        despite: Vec::new(),
        method: Method::Independent { resamples: 1000 },
    }
}

fn compared(base: &[f64], new: &[f64]) -> Comparison {
    compare(&side("base", base), &side("new", new), &options()).unwrap()
}

const STEADY: [f64; 7] = [100.0, 101.0, 99.0, 100.5, 99.5, 100.2, 99.8];

fn times(figures: [f64; 7], factor: f64) -> [f64; 7] {
    figures.map(|figure| figure * factor)
}

#[test]
fn each_verdict_follows_from_its_evidence() {
    use ComparisonVerdict::{Better, Inconclusive, NoChange, Regression};
    for (factor, verdict) in
        [(1.0, NoChange), (0.99, NoChange), (0.90, Regression), (1.10, Better), (0.972, Inconclusive)]
    {
        let comparison = compared(&STEADY, &times(STEADY, factor));
        assert_eq!((comparison.verdict, comparison.points[0].verdict), (verdict, verdict), "{factor}");
    }
}

#[test]
fn lower_is_better_for_latencies() {
    let [mut base, mut new] = [side("base", &STEADY), side("new", &STEADY)];
    for (runs, factor) in [(&mut base.runs, 1.0), (&mut new.runs, 1.2)] {
        for run in runs {
            let by_rate = run.figures[0].unwrap();
            run.figures = [Some(by_rate * factor); Metric::ALL.len()];
        }
    }
    for (metric, verdict) in [
        (Metric::KeysPerSecond, ComparisonVerdict::Better),
        (Metric::LatencyUsP99, ComparisonVerdict::Regression),
        (Metric::ServersCpuSecondsPerGb, ComparisonVerdict::Regression),
    ] {
        let comparison = compare(&base, &new, &CompareOptions { metric, ..options() }).unwrap();
        assert_eq!(comparison.verdict, verdict, "{metric:?}");
        assert_eq!(comparison.points[0].metrics[0].name, metric.name());
    }
}

#[test]
fn three_against_three_settle_nothing_however_far_apart() {
    for (new, repeats) in [([50.0, 51.0, 52.0], 6), ([100.0, 101.0, 99.0], 5)] {
        let comparison = compared(&[100.0, 101.0, 99.0], &new);
        let point = &comparison.points[0];
        assert_eq!(comparison.verdict, ComparisonVerdict::Inconclusive);
        assert!((point.p_value_least - 0.1).abs() < 1e-12);
        assert!(point.reason.contains("p cannot be below 0.1000"), "{}", point.reason);
        assert!(point.reason.ends_with("takes 5 runs of each side at least"), "{}", point.reason);
        assert_eq!(point.repeats_needed, Some(repeats));
    }
    // Nor where values are equal, and the test is an approximation.
    let point = compared(&[100.0; 3], &[50.0; 3]).points.remove(0);
    assert_eq!((point.verdict, point.p_value), (ComparisonVerdict::Inconclusive, point.p_value_least));
    // One run has no noise that could be seen, and proves nothing: what it takes at least is all that is known.
    let point = compared(&[100.0], &[50.0]).points.remove(0);
    assert_eq!((point.verdict, point.repeats_needed), (ComparisonVerdict::Inconclusive, Some(5)));
}

#[test]
fn noise_is_told_with_the_runs_that_would_settle_it() {
    let noisy = [80.0, 120.0, 95.0, 105.0, 90.0, 110.0, 100.0];
    let comparison = compared(&noisy, &times(noisy, 1.001));
    let point = &comparison.points[0];
    assert_eq!(point.verdict, ComparisonVerdict::Inconclusive);
    assert!(point.reason.contains("too noisy"), "{}", point.reason);
    let less = compared(&noisy.map(|x| 100.0 + (x - 100.0) / 4.0), &noisy.map(|x| 100.0 + (x - 100.0) / 4.0));
    let repeats = less.points[0].repeats_needed.unwrap();
    assert!((8..=60).contains(&repeats), "{less:?}");
}

/// Two thirds of the runs are a little faster, and so is the median; but most are slower than most.
#[test]
fn medians_that_most_runs_contradict_settle_nothing() {
    let of = |most: f64, others: f64| -> Vec<f64> {
        (0..200).map(|i| if i % 20 < 13 { most } else { others } + f64::from(i) / 1e4).collect()
    };
    let comparison = compared(&of(10.0, 100.0), &of(11.0, 0.1));
    let point = &comparison.points[0];
    assert!(point.p_value < 0.05 && point.metrics[0].change_percent > Some(9.0), "{point:?}");
    assert_eq!(comparison.verdict, ComparisonVerdict::Inconclusive);
    assert!(point.reason.contains("most runs the other"), "{}", point.reason);
    assert_eq!(point.repeats_needed, None);
}

#[test]
fn many_points_want_more_runs_of_each() {
    let with_points = |points: u64| {
        let [base, new] = [("base", 1.0), ("new", 0.8)].map(|(name, factor)| {
            let mut all = side(name, &[]);
            for point in 0..points {
                let figures = STEADY.map(|figure| figure * factor);
                for mut run in side(&format!("{name}-{point}-"), &figures[..6]).runs {
                    run.parameters.writers = Some(point + 1);
                    all.runs.push(run);
                }
            }
            all
        });
        compare(&base, &new, &options()).unwrap()
    };
    assert_eq!(with_points(2).verdict, ComparisonVerdict::Regression);
    let many = with_points(10);
    assert_eq!((many.verdict, many.points.len()), (ComparisonVerdict::Inconclusive, 10));
    assert_eq!(many.points[0].repeats_needed, Some(8));
}

/// Runs of both sides in turns, each a minute after the other, the new side this much slower; `base_first` says it
/// of each pair.
fn in_turns(count: usize, factor: f64, base_first: impl Fn(usize) -> bool) -> [Runs; 2] {
    let mut sides = [side("base", &[]), side("new", &[])];
    for pair in 0..count {
        let drift = 1.05_f64.powi(pair as i32);
        let order = if base_first(pair) { [0, 1] } else { [1, 0] };
        for (turn, place) in order.into_iter().enumerate() {
            let speed = drift * if place == 0 { 1.0 } else { factor * (1.0 + 0.001 * (pair % 5) as f64) };
            let mut made = run(&format!("{}{pair}", sides[place].path), 1e5 * speed);
            made.started_at = format!("2026-11-22T{:02}:{:02}:{:02}.000Z", pair / 60, pair % 60, 10 * turn);
            sides[place].runs.push(made);
        }
    }
    sides
}

/// In the order in which a careless job makes its runs, the second of each pair is the new one, and slower for
/// that.
#[test]
fn pairs_whose_order_was_not_drawn_settle_nothing() {
    let paired = CompareOptions { method: Method::Paired, ..options() };
    let told = |count, factor, base_first: &dyn Fn(usize) -> bool| {
        let [base, new] = in_turns(count, factor, base_first);
        compare(&base, &new, &paired).unwrap().points.remove(0)
    };
    // Of 40 coins: no more than 5 on one side are as rare as one in a million.
    let orders: [(usize, &dyn Fn(usize) -> bool); 3] =
        [(8, &|_| true), (40, &|_| false), (40, &|pair| pair % 8 != 0)];
    for (count, base_first) in orders {
        for factor in [0.9, 1.0, 1.1] {
            let point = told(count, factor, base_first);
            assert_eq!((point.verdict, point.repeats_needed), (ComparisonVerdict::Inconclusive, None));
            assert!(point.reason.contains("was run first in"), "{}", point.reason);
        }
    }
    // Where each was first now and then, the drift falls out.
    for (factor, verdict) in [
        (0.9, ComparisonVerdict::Regression),
        (1.0, ComparisonVerdict::NoChange),
        (1.1, ComparisonVerdict::Better),
    ] {
        assert_eq!(told(40, factor, &|pair| pair % 3 == 0 || pair % 5 == 1).verdict, verdict, "{factor}");
    }
    // What is too little is told first.
    let point = told(5, 0.5, &|_| true);
    assert!(point.reason.ends_with("which takes 8 runs of each side at least"), "{}", point.reason);
    assert_eq!(point.repeats_needed, Some(8));
}

#[test]
fn one_regression_is_enough_and_what_is_alone_makes_no_verdict() {
    let (mut base, mut new) = (side("base", &STEADY), side("new", &STEADY));
    for (all, name, figures) in [(&mut base, "b", STEADY), (&mut new, "n", times(STEADY, 0.8))] {
        for mut run in side(name, &figures).runs {
            run.parameters.writers = Some(4);
            all.runs.push(run);
        }
    }
    let mut alone = run("alone", 1.0);
    alone.parameters.key_size = 9;
    new.runs.push(alone);
    let comparison = compare(&base, &new, &options()).unwrap();
    let verdicts: Vec<_> = comparison.points.iter().map(|point| point.verdict).collect();
    assert_eq!(verdicts, [ComparisonVerdict::NoChange, ComparisonVerdict::Regression]);
    // Each is one of two that chance has to spare.
    let least: Vec<_> = comparison.points.iter().map(|point| point.p_value_least * 3432.0 / 2.0).collect();
    assert!((least[0] - 2.0).abs() < 1e-9 && (least[1] - 2.0).abs() < 1e-9, "{least:?}");
    assert_eq!(comparison.verdict, ComparisonVerdict::Regression);
    assert_eq!((comparison.only_base.len(), comparison.only_new[0].runs), (0, 1));
}

#[test]
fn nothing_in_common_is_inconclusive() {
    let (base, mut new) = (side("base", &STEADY), side("new", &STEADY));
    new.runs.iter_mut().for_each(|run| run.parameters.key_size = 9);
    let comparison = compare(&base, &new, &options()).unwrap();
    assert_eq!((comparison.verdict, comparison.points.len()), (ComparisonVerdict::Inconclusive, 0));
    assert_eq!((comparison.only_base[0].runs, comparison.only_new[0].runs), (7, 7));
}

/// What may be changed about a run.
type Change = fn(&mut Run);

#[test]
fn what_is_not_comparable_is_refused_unless_told() {
    let changes: [(Difference, &str, Change); 12] = [
        (Difference::Server, "valkey 9.1.2, and new0/run.json with redis 7", |run| {
            run.server = "redis 7".into();
        }),
        (Difference::Machine, "2 × B, 8.0 GiB, Linux 6.1", |run| run.machine.cpu_model = "B".into()),
        (Difference::Machine, "4 × A", |run| run.machine.cpus = 4),
        (Difference::Machine, "4.0 GiB", |run| run.machine.memory_bytes = 4 << 30),
        (Difference::Machine, "Linux 7", |run| run.machine.os = "Linux 7".into()),
        (Difference::Target, "1 master (spawned cluster)", |run| run.parameters.target_masters = 1),
        (
            Difference::Target,
            "with servers of its own and 0 replicas, and new0/run.json with db.example",
            |run| {
                run.host = "db.example".into();
            },
        ),
        (Difference::Target, "and 3 replicas", |run| run.replicas = 3),
        (Difference::Verdict, "new0/run.json ended as `missing`; 6 more", |run| {
            run.verdict = "missing".into();
        }),
        (Difference::Client, "was limited by the client", |run| run.limited_by = "client".into()),
        (Difference::Rate, "was limited by --rate", |run| run.limited_by = "rate".into()),
        (Difference::Resumed, "went on from another", |run| run.is_resumed = true),
    ];
    for (difference, says, change) in changes {
        let (base, mut new) = (side("base", &STEADY), side("new", &STEADY));
        new.runs.iter_mut().for_each(change);
        let error = compare(&base, &new, &options()).unwrap_err();
        let CompareError::NotComparable(obstacles) = &error else { panic!("{error}") };
        assert_eq!(obstacles.iter().map(|one| one.difference).collect::<Vec<_>>(), [difference]);
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.cure().ends_with(&format!("--despite {}", difference.name())), "{}", error.cure());
        let told = CompareOptions { despite: vec![difference], ..options() };
        let comparison = compare(&base, &new, &told).unwrap();
        assert_eq!((comparison.verdict, comparison.points.len()), (ComparisonVerdict::NoChange, 1));
        assert_eq!(comparison.options.despite, [difference.name()]);
    }
}

#[test]
fn each_reason_is_told_once() {
    let (base, mut new) = (side("base", &STEADY), side("new", &STEADY));
    for run in &mut new.runs {
        (run.server, run.limited_by) = ("redis 7".into(), "client".into());
    }
    let error = compare(&base, &new, &options()).unwrap_err();
    assert!(error.cure().ends_with("--despite server,client"), "{}", error.cure());
    assert_eq!(error.to_string().matches("redis 7").count(), 1, "{error}");
}

#[test]
fn a_side_of_two_machines_is_refused_as_well() {
    let (mut base, new) = (side("base", &STEADY), side("new", &STEADY));
    base.runs[3].machine.cpus = 64;
    assert!(matches!(compare(&base, &new, &options()), Err(CompareError::NotComparable(_))));
}

#[test]
fn a_little_memory_more_or_less_is_the_same_machine() {
    let (base, mut new) = (side("base", &STEADY), side("new", &STEADY));
    new.runs.iter_mut().for_each(|run| run.machine.memory_bytes -= 50 << 20);
    assert!(compare(&base, &new, &options()).is_ok());
}

#[test]
fn a_run_that_reached_no_server_is_not_passed_by() {
    let (base, mut new) = (side("base", &STEADY), side("new", &STEADY));
    let failed = &mut new.runs[0];
    (failed.verdict, failed.server) = ("failed".into(), String::new());
    failed.parameters.target_kind.clear();
    failed.figures = [None; Metric::ALL.len()];
    let error = compare(&base, &new, &options()).unwrap_err();
    assert!(error.to_string().contains("new0/run.json ended as `failed`"), "{error}");
    let told = CompareOptions { despite: vec![Difference::Verdict], ..options() };
    let comparison = compare(&base, &new, &told).unwrap();
    assert_eq!((comparison.points[0].base_runs, comparison.points[0].new_runs), (7, 6));
    assert_eq!(
        comparison.warnings,
        ["1 of 7 runs of new came to no end or have no keys_per_second, and are left out"]
    );
}

/// What a fill that failed had measured until then is no figure of a fill, and a run that reached nothing knows
/// no machine.
#[test]
fn a_run_that_came_to_no_end_is_left_out_with_its_figures() {
    for verdict in ["failed", "interrupted", "unfinished"] {
        let (base, mut new) = (side("base", &STEADY), side("new", &STEADY));
        let failed = &mut new.runs[0];
        (failed.verdict, failed.machine) = (verdict.into(), Host::default());
        failed.figures[0] = Some(1.0);
        let told = CompareOptions { despite: vec![Difference::Verdict], ..options() };
        let point = compare(&base, &new, &told).unwrap().points.remove(0);
        assert_eq!((point.base_runs, point.new_runs), (7, 6), "{verdict}");
        assert!(point.metrics[0].new_median > 99.0, "{point:?}");
    }
}

#[test]
fn a_rate_that_was_asked_for_is_no_matter_to_latencies() {
    let (mut base, mut new) = (side("base", &STEADY), side("new", &STEADY));
    base.runs.iter_mut().chain(&mut new.runs).for_each(|run| run.limited_by = "rate".into());
    let latencies = CompareOptions { metric: Metric::LatencyUsP99, ..options() };
    assert!(compare(&base, &new, &latencies).is_ok());
    assert!(compare(&base, &new, &options()).is_err());
}

#[test]
fn runs_that_tell_less_than_they_should_are_noted() {
    let (base, mut new) = (side("base", &STEADY), side("new", &STEADY));
    new.runs[0].repaired = 3;
    new.runs[1].limited_by = "unknown".into();
    let notes = compare(&base, &new, &options()).unwrap().warnings;
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[0].starts_with("1 of 7 runs of new had keys written again"), "{notes:?}");
    assert!(notes[1].starts_with("1 of 7 runs of new were too short"), "{notes:?}");
}

#[test]
fn points_that_the_new_side_lacks_leave_it_open_unless_told() {
    let (mut base, new) = (side("base", &STEADY), side("new", &STEADY));
    let mut alone = run("alone", 1.0);
    alone.parameters.key_size = 9;
    base.runs.push(alone);
    let verdict = |despite: &[Difference]| {
        compare(&base, &new, &CompareOptions { despite: despite.into(), ..options() }).unwrap().verdict
    };
    assert_eq!(verdict(&[]), ComparisonVerdict::Inconclusive);
    assert_eq!(verdict(&[Difference::Points]), ComparisonVerdict::NoChange);
    // A regression stays one.
    let worse = side("new", &times(STEADY, 0.8));
    assert_eq!(compare(&base, &worse, &options()).unwrap().verdict, ComparisonVerdict::Regression);
}

#[test]
fn other_targets_are_joined_point_by_point() {
    let (mut base, mut new) = (side("base", &[]), side("new", &[]));
    for (all, name, masters) in [(&mut base, "b", 3), (&mut new, "n", 1)] {
        for writers in 1..=3 {
            for mut run in side(&format!("{name}{writers}-"), &STEADY).runs {
                (run.parameters.target_masters, run.parameters.writers) = (masters, Some(writers));
                all.runs.push(run);
            }
        }
    }
    let told = CompareOptions { despite: vec![Difference::Target], ..options() };
    let comparison = compare(&base, &new, &told).unwrap();
    let points: Vec<_> = comparison.points.iter().map(|point| (point.base_runs, point.new_runs)).collect();
    assert_eq!((points, comparison.only_base.len(), comparison.only_new.len()), (vec![(7, 7); 3], 0, 0));
}

#[test]
fn other_targets_that_could_be_several_stay_apart() {
    let (base, mut new) = (side("base", &STEADY), side("new", &STEADY));
    for (place, run) in new.runs.iter_mut().enumerate() {
        run.parameters.target_masters = 1 + place as u64 % 2;
    }
    let told = CompareOptions { despite: vec![Difference::Target], ..options() };
    let comparison = compare(&base, &new, &told).unwrap();
    assert_eq!((comparison.points.len(), comparison.only_base.len(), comparison.only_new.len()), (0, 1, 2));
}

#[test]
fn a_run_is_not_compared_with_itself() {
    let (base, mut new) = (side("base", &STEADY), side("new", &STEADY));
    new.runs[2].id = "base1".into();
    let error = compare(&base, &new, &options()).unwrap_err();
    assert!(error.to_string().contains("base1/run.json and new2/run.json"), "{error}");
}

#[test]
fn what_the_client_chose_otherwise_is_told() {
    let (base, mut new) = (side("base", &STEADY), side("new", &STEADY));
    new.runs.iter_mut().for_each(|run| run.chosen = vec![("pipeline_depth", "200".into())]);
    let comparison = compare(&base, &new, &options()).unwrap();
    assert!(comparison.warnings[0].contains("pipeline_depth 100 and 200"), "{:?}", comparison.warnings);
}

#[test]
fn a_figure_that_not_all_runs_have_is_not_shown() {
    let (base, mut new) = (side("base", &STEADY), side("new", &STEADY));
    let place = Metric::ALL.iter().position(|one| *one == Metric::ServersCpuSecondsPerGb).unwrap();
    new.runs[0].figures[place] = None;
    let comparison = compare(&base, &new, &options()).unwrap();
    let names: Vec<_> = comparison.points[0].metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "keys_per_second",
            "latency_us_p50",
            "latency_us_p99",
            "latency_us_p99_9",
            "client_cpu_seconds_per_gb"
        ]
    );
}

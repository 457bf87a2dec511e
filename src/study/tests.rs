//! Grids of made-up runs whose answers are known.

use super::*;
use crate::recorded::{Metric, Run, RunFacts, Runs};
use crate::results::{Aim, Bounds, Choice, CourseWhy, Host, PointParameters, Study};

/// A run of one point.
fn run(depth: Option<u64>, writers: u64, value_size: u64, keys_per_second: f64) -> Run {
    let mut figures = [Some(100.0); Metric::ALL.len()];
    figures[0] = Some(keys_per_second);
    Run {
        id: String::new(),
        place: "runs.csv, row 2".into(),
        file: "runs.csv".into(),
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
            value_size,
            keys: Some(1_000_000),
            command: "auto".into(),
            order: "slot".into(),
            reply: "off".into(),
            pipeline_depth: depth,
            writers: Some(writers),
            ..PointParameters::default()
        },
        server: "valkey 9.1.2".into(),
        machine: Host { cpu_model: "A".into(), cpus: 2, memory_bytes: 8 << 30, os: "Linux 6.1".into() },
        chosen: Vec::new(),
        figures,
        facts: RunFacts {
            keys: 1_000_000,
            client_peak_rss_bytes: 64 << 20,
            pipeline_depth: depth.unwrap_or(500),
            window: 2,
            writers,
            threads: 1,
            ..RunFacts::default()
        },
    }
}

/// Studies runs, which get names.
fn studied(mut runs: Vec<Run>) -> Study {
    runs.iter_mut().enumerate().for_each(|(number, run)| run.id = format!("r{number}"));
    let bounds = Bounds { rss_bytes: 128 << 20, in_flight_bytes: 4 << 20, within_percent: 10.0 };
    let source = Runs { path: "results".into(), runs, passed_over: Vec::new() };
    study(&[source], &[], &StudyOptions { bounds })
}

const DEPTHS: [Option<u64>; 3] = [Some(100), Some(1000), None];

/// Each point three times, one percent apart: deeper is twice as fast, and more writers a tenth.
fn grid() -> Vec<Run> {
    let mut runs = Vec::new();
    for (depth, rate) in DEPTHS.into_iter().zip([50_000.0, 100_000.0, 60_000.0]) {
        for writers in [1, 2] {
            for noise in [0.99, 1.0, 1.01] {
                let rate = rate * noise * if writers == 2 { 1.1 } else { 1.0 };
                runs.push(run(depth, writers, 512, rate));
            }
        }
    }
    runs
}

fn choice(study: &Study, aim: Aim) -> &Choice {
    study.choices[0].choices.iter().find(|choice| choice.aim == aim).unwrap()
}

fn flags(study: &Study, aim: Aim) -> &str {
    &choice(study, aim).best.as_ref().unwrap().flags
}

#[test]
fn runs_with_the_same_parameters_are_a_point() {
    let study = studied(grid());
    assert_eq!((study.runs, study.measured, study.points.len()), (18, 18, 6));
    let names: Vec<_> = study.swept.iter().map(|swept| (swept.name.as_str(), swept.is_setting)).collect();
    assert_eq!(names, [("pipeline_depth", true), ("writers", true)]);
    let values: Vec<_> = study.swept[0].values.iter().map(|value| value.text.as_str()).collect();
    assert_eq!(values, ["100", "1000", "auto"]);
    let fastest = &study.points[0];
    assert_eq!((fastest.values.as_slice(), fastest.runs.len()), ([1, 1].as_slice(), 3));
    assert!((fastest.rate.median - 110_000.0).abs() < 1e-6);
    assert_eq!(fastest.in_flight_bytes, 2 * 2 * 1000 * 576);
    assert!(study.points.windows(2).all(|two| two[0].rate.median >= two[1].rate.median));
    assert_eq!(study.reference, Some(0));
    let everywhere: Vec<_> = study.everywhere.iter().map(|(name, _)| name.as_str()).collect();
    assert!(everywhere.contains(&"value_size") && !everywhere.contains(&"tls"), "{everywhere:?}");
}

#[test]
fn effects_are_taken_where_all_else_is_equal() {
    let study = studied(grid());
    let [depth, writers] = &study.effects[..] else { panic!("{:?}", study.effects) };
    assert_eq!((depth.parameter, depth.combinations), (0, 2));
    assert!((depth.ratio().unwrap() - 2.0).abs() < 1e-9 && depth.is_told, "{depth:?}");
    let values: Vec<_> = depth.values.iter().map(|one| (one.value, one.wins)).collect();
    assert_eq!(values, [(1, 2), (2, 0), (0, 0)]);
    assert!((depth.values[1].share - 0.6).abs() < 1e-9, "{depth:?}");
    assert_eq!((writers.parameter, writers.combinations, writers.series_of), (1, 3, Some(0)));
    assert!((writers.ratio().unwrap() - 1.1).abs() < 1e-9 && writers.is_told, "{writers:?}");
    assert!(
        depth.is_slice && depth.series.len() == 2 && depth.series.iter().all(|one| one.points.len() == 3)
    );
}

#[test]
fn a_grid_with_holes_is_drawn_by_the_fastest_of_each() {
    // Depth and writers never vary alone.
    let study = studied(vec![run(Some(100), 1, 512, 1000.0), run(Some(1000), 2, 512, 2000.0)]);
    assert!(study.effects.iter().all(|effect| effect.ratio().is_none() && effect.combinations == 0));
    let points = |place: usize| study.effects[place].series.iter().map(|one| one.points.len()).sum::<usize>();
    assert_eq!([points(0), points(1)], [2, 2]);
    // A third parameter, and no two values of depth with all else equal.
    let runs = [(100, 1, 64), (100, 2, 64), (1000, 1, 128), (1000, 2, 128), (2000, 1, 256), (2000, 2, 256)];
    let study = studied(runs.map(|(depth, writers, size)| run(Some(depth), writers, size, 1000.0)).into());
    let depth = study.effects.iter().find(|effect| study.swept[effect.parameter].name == "pipeline_depth");
    assert_eq!(depth.map(|depth| (depth.is_slice, depth.ratio())), Some((false, None)));
    let writers =
        study.effects.iter().find(|effect| study.swept[effect.parameter].name == "writers").unwrap();
    assert_eq!((writers.ratio(), writers.is_slice, writers.is_told), (Some(1.0), true, false));
}

#[test]
fn what_is_faster_here_and_slower_there_has_no_effect() {
    let mut runs = Vec::new();
    for (size, factor) in [(64, 1.3), (128, 1.0 / 1.3), (256, 1.3), (512, 1.0 / 1.3)] {
        for (depth, rate) in [(100, 1000.0), (200, 1000.0 * factor)] {
            runs.extend([0.99, 1.0, 1.01].map(|noise| run(Some(depth), 1, size, rate * noise)));
        }
    }
    let study = studied(runs);
    let depth = study.effects.iter().find(|effect| study.swept[effect.parameter].name == "pipeline_depth");
    let depth = depth.unwrap();
    assert!(!depth.is_told && (depth.ratio().unwrap() - 1.0).abs() < 1e-9, "{depth:?}");
    assert!(depth.values.iter().all(|one| one.wins == 2), "{depth:?}");
    // And neither is the better choice.
    assert_eq!(choice(&study, Aim::Throughput).best.as_ref().unwrap().alike.len(), 1);
}

#[test]
fn the_fastest_is_chosen_and_what_cannot_be_told_from_it_is_named() {
    let mut runs = grid();
    // As fast as the fastest, but for the noise.
    runs.extend([0.995, 1.0, 1.005].map(|noise| run(Some(5000), 2, 512, 109_500.0 * noise)));
    let study = studied(runs);
    assert_eq!(flags(&study, Aim::Throughput), "--pipeline-depth 1000 --writers 2");
    // Depth 5000 was not run with one writer: it makes no workload unequal, and competes.
    let best = choice(&study, Aim::Throughput).best.as_ref().unwrap();
    assert_eq!((best.alike.len(), best.alike_left_out, best.score), (1, 0, 1.0));
    let alike: Vec<_> =
        best.alike[0].0.iter().map(|&(at, value)| study.swept[at].values[value].text.as_str()).collect();
    assert_eq!(alike, ["5000", "2"]);
    assert!(study.choices[0].can_tell && study.choices[0].place.is_empty());
}

#[test]
fn one_run_each_tells_nothing_apart() {
    let study = studied(vec![run(Some(100), 1, 512, 1000.0), run(Some(200), 1, 512, 9000.0)]);
    assert!(!study.choices[0].can_tell);
    assert_eq!(choice(&study, Aim::Throughput).best.as_ref().unwrap().alike.len(), 1);
}

#[test]
fn bounded_memory_bounds_the_client_and_what_is_in_flight() {
    let mut deep = grid();
    deep.push(run(Some(10_000), 2, 512, 500_000.0));
    let study = studied(deep.clone());
    assert_eq!(flags(&study, Aim::Throughput), "--pipeline-depth 10000 --writers 2");
    assert_eq!(flags(&study, Aim::BoundedMemory), "--pipeline-depth 1000 --writers 2");
    assert_eq!(choice(&study, Aim::BoundedMemory).candidates, 6);
    let large = |run: &mut Run| run.facts.client_peak_rss_bytes = 1 << 30;
    deep.iter_mut().for_each(large);
    let study = studied(deep.clone());
    assert_eq!(
        (choice(&study, Aim::BoundedMemory).candidates, &choice(&study, Aim::BoundedMemory).best),
        (0, &None)
    );
    // Where servers are in the client's process, its memory is theirs.
    deep.iter_mut().for_each(|run| run.parameters.target_kind = "embedded".into());
    let study = studied(deep);
    assert_eq!(flags(&study, Aim::BoundedMemory), "--pipeline-depth 1000 --writers 2");
    assert!(study.points.iter().all(|point| point.client_peak_rss_bytes.is_none()));
}

#[test]
fn a_small_footprint_is_nearly_as_fast_and_costs_less() {
    let with = |threads: u64, writers: u64, cpu: f64, rate: f64| {
        let mut run = run(Some(500), writers, 512, rate);
        run.parameters.threads = Some(threads);
        run.facts.threads = threads;
        let place = Metric::ALL.iter().position(|one| *one == Metric::ClientCpuSecondsPerGb).unwrap();
        run.figures[place] = Some(cpu);
        run
    };
    let fast = with(4, 4, 1.0, 1000.0);
    let slow = with(1, 1, 0.1, 899.0);
    let costly = with(2, 1, 0.9, 950.0);
    let cheap = with(2, 2, 0.5, 950.0);
    // A twentieth more processor time is no more, and it needs fewer connections.
    let small = with(2, 1, 0.525, 905.0);
    let small = Run { parameters: PointParameters { window: Some(1), ..small.parameters.clone() }, ..small };
    let chosen = |runs: &[&Run]| {
        let study = studied(runs.iter().map(|run| (*run).clone()).collect());
        flags(&study, Aim::SmallFootprint).to_owned()
    };
    let of_cheap = "--pipeline-depth 500 --writers 2 --threads 2";
    assert_eq!(chosen(&[&fast, &slow, &costly, &cheap]), of_cheap);
    assert_eq!(
        chosen(&[&fast, &slow, &cheap, &small]),
        "--pipeline-depth 500 --writers 1 --window 1 --threads 2"
    );
    assert_eq!(chosen(&[&fast, &slow]), "--pipeline-depth 500 --writers 4 --threads 4");
    // Nothing is small that holds so much in flight.
    let deep = RunFacts { pipeline_depth: 50_000, threads: 1, ..cheap.facts.clone() };
    let asked = PointParameters { pipeline_depth: Some(50_000), ..cheap.parameters.clone() };
    let deep = Run { facts: deep, parameters: asked, ..cheap.clone() };
    assert_eq!(chosen(&[&fast, &cheap, &deep]), of_cheap);
}

#[test]
fn what_may_be_in_flight_is_bounded_by_the_client_too() {
    let of = |depth: u64, writers: u64, size: u64| {
        let mut run = run(Some(depth), writers, size - 64, 1000.0);
        run.facts.keys = u64::MAX;
        studied(vec![run]).points[0].in_flight_bytes
    };
    assert_eq!(of(1000, 2, 1024), 2 * 2 * 1000 * 1024);
    // Two pipelines of 48 MiB begin before 64 MiB are unanswered; of 96 MiB, only one.
    assert_eq!([of(1024, 1, 48 << 10), of(1024, 1, 96 << 10)], [96 << 20, 96 << 20]);
    assert_eq!(of(1024, 4, 24 << 10), 4 * (24 << 20));
}

#[test]
fn settings_are_ranked_over_all_workloads() {
    let rates = [(512, 100, 1000.0), (512, 1000, 900.0), (4096, 100, 100.0), (4096, 1000, 200.0)];
    let mut runs: Vec<_> = rates.iter().map(|&(size, depth, rate)| run(Some(depth), 1, size, rate)).collect();
    // One more workload, with one setting only, says nothing about the other.
    runs.push(run(Some(100), 1, 64, 9000.0));
    let study = studied(runs);
    let choices = &study.choices[0];
    assert_eq!((choices.settings, choices.workloads, choices.workloads_left_out), (2, 2, 1));
    let best = choice(&study, Aim::Throughput).best.as_ref().unwrap();
    assert_eq!(best.flags, "--pipeline-depth 1000 --writers 1");
    assert!((best.score - 0.9_f64.sqrt()).abs() < 1e-9 && (best.share.min - 0.9).abs() < 1e-9, "{best:?}");
}

#[test]
fn other_servers_are_another_place() {
    let mut runs = grid();
    let others = grid().into_iter().map(|run| {
        let mut figures = run.figures;
        // There, depth does not matter.
        figures[0] = Some(run.facts.writers as f64);
        Run { server: "redis 7.0.15".into(), figures, ..run }
    });
    runs.extend(others);
    let study = studied(runs);
    let places: Vec<_> = study.choices.iter().map(|choices| choices.place.as_str()).collect();
    assert_eq!(places, ["server redis 7.0.15", "server valkey 9.1.2"]);
    assert_eq!(study.servers, ["redis 7.0.15", "valkey 9.1.2"]);
    let server = study.swept.iter().position(|swept| swept.name == "server");
    let of = |effect: &&crate::results::Effect| Some(effect.parameter) != server;
    assert!(study.effects.iter().filter(of).all(|effect| effect.series_of == server), "{:?}", study.effects);
    // One is held against the other at the same point.
    let counterparts: Vec<_> = study.counterparts.iter().map(|&place| &study.points[place]).collect();
    let [one, other] = counterparts.as_slice() else { panic!("{counterparts:?}") };
    assert!(study.reference.is_some_and(|reference| study.counterparts.contains(&reference)));
    assert!(
        one.values[server.unwrap()] != other.values[server.unwrap()] && one.parameters == other.parameters
    );
    assert_eq!(study.latencies, study.counterparts);
    let typical = study.courses.iter().filter(|course| course.why == CourseWhy::Typical);
    assert_eq!(typical.filter_map(|course| course.point).collect::<Vec<_>>(), study.counterparts);
}

#[test]
fn keys_that_follow_from_sizes_are_not_swept() {
    let of = |size: u64, keys: u64| {
        let mut run = run(Some(100), 1, size, 1000.0);
        run.parameters.keys = Some(keys);
        run
    };
    let swept =
        |runs: Vec<Run>| -> Vec<String> { studied(runs).swept.into_iter().map(|swept| swept.name).collect() };
    assert_eq!(swept(vec![of(512, 2000), of(1024, 1000)]), ["value_size"]);
    assert_eq!(swept(vec![of(512, 2000), of(512, 1000)]), ["keys"]);
    assert_eq!(swept(vec![of(512, 2000), of(512, 2000)]), Vec::<String>::new());
}

#[test]
fn runs_that_measured_nothing_are_named_and_count_nowhere() {
    let failed = Run { verdict: "failed".into(), ..run(Some(100), 1, 512, 1e9) };
    let resumed = Run { is_resumed: true, ..run(Some(100), 1, 512, 1e9) };
    let mut short = run(Some(100), 1, 512, 1.0);
    short.figures[0] = None;
    let mut limited = run(Some(100), 1, 512, 1000.0);
    limited.limited_by = "client".into();
    let study = studied(vec![failed, resumed, short, limited]);
    assert_eq!((study.runs, study.measured, study.points.len(), study.client_limited), (4, 1, 1, 1));
    let told: Vec<_> = study.unmeasured.iter().map(|run| run.what.as_str()).collect();
    assert_eq!(told[0], "ended as `failed`");
    assert!(told[1].starts_with("went on from another run") && told[2] == "too short to be measured");
    let nothing = studied(vec![Run { verdict: "missing".into(), ..run(None, 1, 1, 1.0) }]);
    assert_eq!((nothing.measured, nothing.points.len(), nothing.reference), (0, 0, None));
    assert!(nothing.effects.is_empty() && nothing.choices.is_empty() && nothing.courses.len() == 1);
}

#[test]
fn few_runs_are_all_looked_at_and_many_are_not() {
    let study = studied(grid()[..3].to_vec());
    assert!(study.courses.len() == 3 && study.courses.iter().all(|course| course.why == CourseWhy::Few));
    assert_eq!(study.latencies, [0]);
    let mut runs = grid();
    runs[0].facts.incidents = 2;
    runs[5].facts.incidents = 9;
    runs[7].facts.incidents = 1;
    let study = studied(runs);
    let whys: Vec<_> = study.courses.iter().map(|course| (course.run.as_str(), course.why)).collect();
    // The fastest point's middle run, and then those with the most incidents.
    assert_eq!(
        whys,
        [("r10", CourseWhy::Typical), ("r5", CourseWhy::Incidents), ("r0", CourseWhy::Incidents)]
    );
    assert_eq!(study.latencies.len(), 6);
}

#[test]
fn a_depth_in_bytes_is_a_value_of_its_own() {
    let sized = |bytes: u64, rate: f64| {
        let mut run = run(None, 1, 512, rate);
        run.parameters.pipeline_bytes = Some(bytes);
        run
    };
    let runs = vec![sized(1 << 20, 1000.0), run(None, 1, 512, 900.0), sized(256 << 10, 800.0)];
    let study = studied(runs.clone());
    let values = |study: &Study| -> Vec<(String, Option<f64>)> {
        study.swept[0].values.iter().map(|value| (value.text.clone(), value.number)).collect()
    };
    let [small, large] = [("256KiB".to_owned(), Some(262_144.0)), ("1MiB".to_owned(), Some(1_048_576.0))];
    assert_eq!(values(&study), [small.clone(), large.clone(), ("auto".into(), None)]);
    assert_eq!(
        (study.points.len(), flags(&study, Aim::Throughput)),
        (3, "--pipeline-depth 1MiB --writers 1")
    );
    // Beside keys, bytes are no numbers to be drawn along one axis.
    let mixed = studied(runs.into_iter().chain([run(Some(1000), 1, 512, 700.0)]).collect());
    let expected = [("1000".into(), Some(1000.0)), (small.0, None), (large.0, None), ("auto".into(), None)];
    assert_eq!(values(&mixed), expected);
}

#[test]
fn options_to_copy_are_words_of_a_shell() {
    let mut runs = vec![run(Some(100), 1, 512, 1000.0), run(Some(200), 1, 512, 9000.0)];
    runs.iter_mut().for_each(|run| run.parameters.command = "set; touch it's\n".into());
    let study = studied(runs);
    let expected = r"--command 'set; touch it'\''s ' --pipeline-depth 200 --writers 1";
    assert_eq!(flags(&study, Aim::Throughput), expected);
}

#[test]
fn thousands_of_runs_come_to_a_bounded_study() {
    let mut runs = Vec::new();
    for depth in 1..=50 {
        for size in 1..=50 {
            for writers in 1..=4 {
                // Nothing is the fastest everywhere.
                let rate = 1000.0 + ((depth * 31 + writers * 17 + size * 7919) % 101) as f64;
                let mut run = run(Some(depth), writers, size, rate);
                run.verdict = if depth == 50 { "failed".into() } else { "exact".into() };
                run.facts.warnings = vec![format!("warning {depth}")];
                runs.push(run);
            }
        }
    }
    let study = studied(runs);
    assert_eq!((study.runs, study.points.len()), (10_000, 9_800));
    assert!(study.effects.iter().all(|effect| effect.series.len() <= 8));
    assert!(study.effects.iter().any(|effect| effect.series_left_out > 0));
    assert_eq!((study.unmeasured.len(), study.unmeasured_left_out), (20, 180));
    assert!(study.latencies.len() <= 6 && study.courses.len() <= 3 && study.warnings.len() <= 10);
    let best = choice(&study, Aim::Throughput).best.as_ref().unwrap();
    assert!(best.alike.len() == 5 && best.alike_left_out > 10, "{}", best.alike_left_out);
}

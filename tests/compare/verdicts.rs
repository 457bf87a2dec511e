//! Each verdict, with its exit code.

use crate::compare::made::{Place, STEADY, compare, times};

#[test]
fn each_verdict_has_its_exit_code() {
    let place = Place::new();
    let base = place.table("base.csv", &STEADY, &[]);
    for (factor, code, headline) in [
        (1.0, 0, "no change: whatever has changed in keys_per_second is less than 3 %"),
        (0.99, 0, "no change"),
        (1.1, 0, "better: keys_per_second is better"),
        (0.9, 4, "regression: keys_per_second is worse"),
        (0.972, 5, "inconclusive: these runs cannot tell"),
    ] {
        let new = place.table("new.csv", &times(factor), &[]);
        compare(&base, &new, "").ended(code, headline).says("7+7");
        let markdown = compare(&base, &new, "--format markdown");
        markdown.ended(code, &format!("### fillbench: {headline}"));
        assert_eq!(compare(&base, &new, "--json").code, Some(code));
    }
}

#[test]
fn three_runs_against_three_say_that_they_are_too_few() {
    let place = Place::new();
    let (base, new) = (place.table("b.csv", &STEADY[..3], &[]), place.table("n.csv", &times(0.5)[..3], &[]));
    compare(&base, &new, "")
        .ended(5, "inconclusive")
        .says("too few runs: whatever they measure, p cannot be below 0.1000, and has to be below 0.01")
        .says("about 6 runs of each side would settle it");
    let (base, new) = (place.table("b.csv", &STEADY[..2], &[]), place.table("n.csv", &times(0.5)[..2], &[]));
    compare(&base, &new, "")
        .ended(5, "inconclusive")
        .says("and has to be below 0.01, which takes 5 runs of each side at least");
}

#[test]
fn noise_says_how_many_runs_would_settle_it() {
    let place = Place::new();
    let noisy = STEADY.map(|figure| 1e5 + 4.0 * (figure - 1e5));
    let base = place.table("base.csv", &noisy, &[]);
    let new = place.table("new.csv", &noisy, &[]);
    compare(&base, &new, "")
        .ended(5, "inconclusive")
        .says("too noisy")
        .says("runs of each side would settle it");
}

#[test]
fn what_matters_is_said_by_the_threshold() {
    let place = Place::new();
    let base = place.table("base.csv", &STEADY, &[]);
    let new = place.table("new.csv", &times(0.9), &[]);
    compare(&base, &new, "--threshold 15%").ended(0, "no change").says("less than 15 %");
    compare(&base, &new, "--threshold 9%").ended(4, "regression");
}

#[test]
fn another_metric_decides_if_told() {
    let place = Place::new();
    let base = place.table("base.csv", &STEADY, &[("latency_us_p99", "1000")]);
    let new = place.table("new.csv", &times(1.1), &[("latency_us_p99", "1500")]);
    compare(&base, &new, "").ended(0, "better").says("p99 +50.0%");
    compare(&base, &new, "--metric latency_us_p99")
        .ended(4, "regression: latency_us_p99 is worse")
        .says("1.00 ms 1.50 ms +50.0%")
        .says("keys/s +10.0%");
    for (metric, figure) in
        [("servers_cpu_seconds_per_gb", "3.00 s/GB"), ("client_cpu_seconds_per_gb", "2.50 s/GB")]
    {
        let cells = |seconds: &'static str| {
            [
                ("servers_cpu_user_seconds", seconds),
                ("servers_cpu_system_seconds", "0.5"),
                ("client_cpu_seconds", seconds),
                ("payload_bytes", "1000000000"),
            ]
        };
        let base = place.table("base.csv", &STEADY, &cells("1.5"));
        let new = place.table("new.csv", &STEADY, &cells("2.5"));
        compare(&base, &new, &format!("--metric {metric}")).ended(4, "regression").says(figure);
    }
}

/// Runs of two points on each side.
fn two_points(place: &Place, second: f64) -> [std::path::PathBuf; 2] {
    for (side, factor) in [("base", 1.0), ("new", second)] {
        place.table(&format!("{side}/one.csv"), &STEADY, &[("asked_writers", "1")]);
        place.table(&format!("{side}/two.csv"), &times(factor), &[("asked_writers", "2")]);
    }
    ["base", "new"].map(|side| place.path(side))
}

#[test]
fn points_are_matched_by_their_parameters_and_named_by_what_differs() {
    let place = Place::new();
    let [base, new] = two_points(&place, 0.8);
    let compared = compare(&base, &new, "");
    compared.ended(4, "regression: keys_per_second is worse at 1 of 2 points");
    compared.says("writers 1 7+7 100k 100k +0.0%").says("writers 2 7+7 100k 80.0k -20.0%");
    compared.says("everywhere target_kind embedded, target_mode cluster, target_masters 1, key_size 16");
    assert!(compared.shown.lines().all(|line| line.chars().count() < 80), "{}", compared.shown);
}

#[test]
fn what_the_new_side_lacks_leaves_it_open() {
    let place = Place::new();
    let [base, new] = two_points(&place, 1.0);
    place.table("new/three.csv", &[1.0], &[("asked_writers", "3")]);
    place.table("base/four.csv", &[1.0, 2.0], &[("asked_writers", "4")]);
    compare(&base, &new, "")
        .ended(5, "inconclusive: the new side lacks 1 of the base's 3 points")
        .says("only base writers 4 (2 runs)")
        .says("only new writers 3 (1 run)");
    compare(&base, &new, "--despite points").ended(0, "no change").says("only base writers 4 (2 runs)");
    let alone = place.table("alone.csv", &STEADY, &[("asked_writers", "9")]);
    compare(&base, &alone, "").ended(5, "inconclusive: no point is on both sides").says("only new writers 9");
}

/// What was left open and came out one way or another is the same point all the same.
#[test]
fn what_was_asked_makes_the_point() {
    let place = Place::new();
    let base = place.table("base.csv", &STEADY, &[("writers", "1")]);
    let new = place.table("new.csv", &times(1.001), &[("writers", "2"), ("group_keys", "7")]);
    compare(&base, &new, "").ended(0, "no change").says("the client chose otherwise").says("writers 1 and 2");
    for (column, cell) in [
        ("key_size", "17"),
        ("value_size", "33"),
        ("account_planned", "1"),
        ("asked_command", "set"),
        ("asked_order", "stride"),
        ("asked_reply", "on"),
        ("asked_pipeline_depth", "7"),
        ("asked_window", "7"),
        ("asked_threads", "7"),
        ("ttl_seconds", "7.5"),
        ("asked_rate_keys_per_second", "7.5"),
        ("asked_rate_bytes_per_second", "7.5"),
        ("asked_wait_replicas", "1"),
        ("serial", "true"),
        ("flush", "true"),
        ("warm_up_percent", "12.5"),
        ("tls", "true"),
        ("asked_discard", "true"),
        ("asked_until_memory", "80%"),
    ] {
        let new = place.table("new.csv", &STEADY, &[(column, cell)]);
        compare(&base, &new, "").ended(5, "inconclusive: no point is on both sides").says(cell);
    }
}

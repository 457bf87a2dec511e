//! Comparisons to test reports with: one with each verdict, one of a single point, one of nothing.

use super::{
    COMPARE_SCHEMA, CompareAsked, CompareMethod, ComparedPoint, Comparison, ComparisonVerdict,
    LiveComparison, LiveEnd, LiveLook, LivePair, LonePoint, MetricChange, PercentInterval, PointParameters,
    Program,
};

fn parameters(depth: u64) -> PointParameters {
    PointParameters {
        target_kind: "attached".into(),
        target_mode: "cluster".into(),
        target_masters: 3,
        key_size: 256,
        value_size: 512,
        keys: Some(1_000_000),
        command: "auto".into(),
        order: "slot".into(),
        reply: "off".into(),
        pipeline_depth: Some(depth),
        writers: Some(2),
        ..PointParameters::default()
    }
}

fn metric(name: &str, medians: (f64, f64), interval: (f64, f64)) -> MetricChange {
    MetricChange {
        name: name.into(),
        higher_is_better: name == "keys_per_second",
        base_median: medians.0,
        new_median: medians.1,
        change_percent: Some(100.0 * (medians.1 / medians.0 - 1.0)),
        interval_percent: Some(PercentInterval { low: interval.0, high: interval.1 }),
    }
}

fn point(depth: u64, new: f64, interval: (f64, f64), p: f64, verdict: ComparisonVerdict) -> ComparedPoint {
    ComparedPoint {
        parameters: parameters(depth),
        base_runs: 7,
        new_runs: 8,
        metrics: vec![
            metric("keys_per_second", (1_234_567.0, new), interval),
            metric("latency_us_p50", (1_800.0, 1_790.0), (-1.0, 1.0)),
            metric("latency_us_p99", (12_345.0, 12_340.0), (-4.0, 5.5)),
            metric("client_cpu_seconds_per_gb", (0.321, 0.319), (-2.0, 2.0)),
            metric("servers_cpu_seconds_per_gb", (1.21, 3.4), (150.0, 220.0)),
        ],
        p_value: p / 4.0,
        p_value_corrected: p,
        p_value_least: 0.0012,
        verdict,
        reason: "too noisy: the interval holds 0 and reaches beyond ±3 %; even 100 runs of each side would not settle it"
            .into(),
        repeats_needed: None,
    }
}

/// A point with each verdict, and one on one side only.
pub(crate) fn compared() -> Comparison {
    use ComparisonVerdict::{Better, Inconclusive, NoChange, Regression};
    let open = point(10_000, 1_239_500.0, (-12.5, 10.25), 0.8065, Inconclusive);
    Comparison {
        schema: COMPARE_SCHEMA.into(),
        program: Program { version: "0.1.0".into() },
        options: CompareAsked {
            base: "results/a_b|c".into(),
            new: "results/new".into(),
            metric: "keys_per_second".into(),
            threshold_percent: 3.0,
            despite: vec!["server".into()],
            paired: false,
        },
        method: CompareMethod { confidence: 0.99, significance: 0.01, resamples: 10_000, seed: 1 },
        live: None,
        points: vec![
            point(10, 1_234_000.0, (-0.8, 0.64), 1.0, NoChange),
            point(100, 1_101_000.0, (-12.4, -8.9), 0.0012, Regression),
            point(1_000, 2_801_000.0, (104.8, 133.2), 0.000_04, Better),
            ComparedPoint {
                repeats_needed: Some(23),
                reason: "too noisy: the interval holds 0 and reaches beyond ±3 %".into(),
                ..open.clone()
            },
            ComparedPoint { parameters: PointParameters { writers: None, ..parameters(10_000) }, ..open },
        ],
        only_base: vec![LonePoint { parameters: parameters(5), runs: 7 }],
        only_new: vec![LonePoint { parameters: parameters(6), runs: 1 }],
        warnings: vec!["1 of 36 runs of results/new have no keys_per_second".into()],
        verdict: Regression,
    }
}

/// One point, whose base was 0 where it is no more.
pub(crate) fn compared_alone() -> Comparison {
    let mut only = point(10, 1_234_000.0, (-0.8, 0.64), 0.5, ComparisonVerdict::NoChange);
    only.metrics.truncate(2);
    (only.metrics[1].base_median, only.metrics[1].change_percent, only.metrics[1].interval_percent) =
        (0.0, None, None);
    Comparison {
        points: vec![only],
        only_base: Vec::new(),
        only_new: Vec::new(),
        warnings: Vec::new(),
        verdict: ComparisonVerdict::NoChange,
        ..compared()
    }
}

/// No point on both sides.
pub(crate) fn compared_apart() -> Comparison {
    Comparison { points: Vec::new(), verdict: ComparisonVerdict::Inconclusive, ..compared() }
}

/// Runs that were made in turns, and settled at the second look.
pub(crate) fn compared_live() -> Comparison {
    let look = |pairs, interval: (f64, f64), p_value_corrected, verdict| LiveLook {
        pairs,
        change_percent: Some(-5.4),
        interval_percent: Some(PercentInterval { low: interval.0, high: interval.1 }),
        p_value_corrected,
        verdict,
    };
    let only = point(10, 1_168_000.0, (-8.1, -3.0), 0.0049, ComparisonVerdict::Regression);
    let pair = |number: u64| LivePair {
        base: format!("base-{number}"),
        new: format!("new-{number}"),
        base_first: number.is_multiple_of(3),
    };
    Comparison {
        options: CompareAsked {
            base: "127.0.0.1:7001".into(),
            new: "127.0.0.1:7011".into(),
            paired: true,
            ..compared().options
        },
        method: CompareMethod { confidence: 0.9975, resamples: 0, seed: 0, ..compared().method },
        live: Some(LiveComparison {
            max_runs: 40,
            warm_up_percent: 10.0,
            first_warm_up_percent: Some(100.0),
            renewed_after_pairs: Some(1),
            shuffle_seed: 1234,
            planned_looks: vec![10, 16, 25, 40],
            looks: vec![
                look(10, (-11.3, 0.6), 0.1953, ComparisonVerdict::Inconclusive),
                look(16, (-8.1, -3.0), 0.0049, ComparisonVerdict::Regression),
            ],
            pairs: (1..=16).map(pair).collect(),
            ended: LiveEnd::Settled,
        }),
        points: vec![ComparedPoint { base_runs: 16, new_runs: 16, ..only }],
        only_base: Vec::new(),
        only_new: Vec::new(),
        warnings: Vec::new(),
        ..compared()
    }
}

//! The record of a live comparison: that of any other, and how it went.

use super::design::SIGNIFICANCE;
use super::judge::Pair;
use super::state::LiveOptions;
use crate::compare::comparison::chosen_otherwise;
use crate::results::{
    COMPARE_SCHEMA, CompareAsked, CompareMethod, ComparedPoint, Comparison, LiveComparison, LiveEnd,
    LiveLook, LivePair, Program, Side,
};

pub(super) fn comparison(
    options: &LiveOptions,
    pairs: &[Pair],
    looks: &[LiveLook],
    (point, warnings): (ComparedPoint, Vec<String>),
    ended: LiveEnd,
) -> Comparison {
    let (asked, design) = (&options.compare, &options.design);
    let [base, new] = options.names.clone();
    let pair = |pair: &Pair| LivePair {
        base: pair.base.id.clone(),
        new: pair.new.id.clone(),
        base_first: pair.base_first,
    };
    Comparison {
        schema: COMPARE_SCHEMA.into(),
        program: Program { version: env!("CARGO_PKG_VERSION").into() },
        options: CompareAsked {
            base,
            new,
            metric: asked.metric.name().into(),
            threshold_percent: asked.threshold_percent,
            despite: asked.despite.iter().map(|one| one.name().into()).collect(),
            paired: true,
        },
        method: CompareMethod {
            confidence: 1.0 - design.significance(),
            significance: SIGNIFICANCE,
            // The interval is that of the test, and nothing is drawn for it.
            resamples: 0,
            seed: 0,
        },
        live: Some(LiveComparison {
            max_runs: design.max_runs(),
            warm_up_percent: options.warm_up_percent,
            shuffle_seed: design.shuffle_seed,
            planned_looks: design.looks.clone(),
            looks: looks.to_vec(),
            pairs: pairs.iter().map(pair).collect(),
            ended,
        }),
        verdict: point.verdict,
        points: vec![point],
        only_base: Vec::new(),
        only_new: Vec::new(),
        warnings,
    }
}

/// What should be known beside.
pub(super) fn warnings(options: &LiveOptions, failed: &[u64; 2], first: &Pair) -> Vec<String> {
    let mut warnings = options.warnings.clone();
    for (side, &failed) in Side::BOTH.into_iter().zip(failed) {
        let runs = if failed == 1 { "run" } else { "runs" };
        if failed > 0 {
            warnings.push(format!("{failed} {runs} of the {} side failed, and did not count", side.name()));
        }
    }
    warnings.extend(chosen_otherwise(&first.base, &first.new));
    warnings
}

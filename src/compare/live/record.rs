//! The record of a live comparison: that of any other, and how it went.

use super::round::Pair;
use super::state::LiveOptions;
use crate::results::{ComparedPoint, Comparison, LiveComparison, LiveEnd, LiveLook, LivePair};

/// The record of these pairs, whole rounds of them, and of the looks that were taken.
pub(super) fn comparison(
    options: &LiveOptions,
    pairs: &[Pair],
    looks: &[LiveLook],
    (point, warnings): (ComparedPoint, Vec<String>),
    ended: LiveEnd,
) -> Comparison {
    let design = &options.design;
    let pair = |pair: &Pair| LivePair {
        base: pair.base.id.clone(),
        new: pair.new.id.clone(),
        base_first: pair.base_first,
    };
    let live = LiveComparison {
        max_runs: design.max_runs(),
        warm_up_percent: options.warm_up_percent,
        first_warm_up_percent: options.renewed.then_some(options.first_warm_up_percent),
        renewed_after_pairs: options.renewed.then_some(design.round_pairs),
        shuffle_seed: design.shuffle_seed,
        planned_looks: design.looks.clone(),
        looks: looks.to_vec(),
        pairs: pairs.iter().map(pair).collect(),
        ended,
    };
    options.compare.recorded(options.names.clone(), design.looks.len(), vec![point], warnings, Some(live))
}

/// What a look at so many pairs has come to.
pub(super) fn look(pairs: usize, point: &ComparedPoint) -> LiveLook {
    let decisive = point.metrics.first();
    LiveLook {
        pairs: pairs as u64,
        change_percent: decisive.and_then(|one| one.change_percent),
        interval_percent: decisive.and_then(|one| one.interval_percent),
        p_value_corrected: point.p_value_corrected,
        verdict: point.verdict,
    }
}

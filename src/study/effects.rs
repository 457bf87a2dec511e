//! What each swept parameter does to throughput: a factor over the whole grid, and a slice of it to draw.

use std::collections::{BTreeMap, BTreeSet};

use super::ranks::RankSum;
use crate::results::{Effect, EffectSeries, EffectValue, StudiedPoint, Swept};

/// Series that one drawing can hold.
const SERIES_MAX: usize = 8;

/// What runs of other servers or machines are kept apart by, whatever else matters more.
const APART: [&str; 2] = ["server", "machine"];

/// The effect of each swept parameter, largest first.
pub(super) fn effects(swept: &[Swept], points: &[StudiedPoint], reference: Option<usize>) -> Vec<Effect> {
    let Some(reference) = reference.map(|place| &points[place]) else { return Vec::new() };
    let mut effects: Vec<_> = (0..swept.len()).map(|parameter| alone(parameter, points)).collect();
    let ratios: Vec<_> = effects.iter().map(|effect| effect.ratio().unwrap_or_default()).collect();
    for effect in &mut effects {
        let others = (0..swept.len()).filter(|&other| other != effect.parameter);
        let is_apart = |place: &usize| APART.contains(&swept[*place].name.as_str());
        effect.series_of = others.max_by(|a, b| {
            is_apart(a).cmp(&is_apart(b)).then(ratios[*a].total_cmp(&ratios[*b])).then(b.cmp(a))
        });
        draw(effect, points, reference);
    }
    effects.sort_by(|a, b| ratios[b.parameter].total_cmp(&ratios[a.parameter]));
    effects
}

/// Its values held against each other wherever all else is equal.
fn alone(parameter: usize, points: &[StudiedPoint]) -> Effect {
    let mut alike: BTreeMap<Vec<usize>, BTreeMap<usize, &StudiedPoint>> = BTreeMap::new();
    for point in points {
        let mut others = point.values.clone();
        others.remove(parameter);
        alike.entry(others).or_default().insert(point.values[parameter], point);
    }
    alike.retain(|_, group| group.len() > 1);
    let mut values: BTreeMap<usize, (Vec<f64>, u64)> = BTreeMap::new();
    for group in alike.values() {
        let fastest = group.values().map(|point| speed(point)).fold(0.0, f64::max);
        for (&value, point) in group {
            let (logs, wins) = values.entry(value).or_default();
            logs.push((speed(point) / fastest).ln());
            *wins += u64::from(speed(point) >= fastest);
        }
    }
    let share = |(value, (logs, wins)): (usize, (Vec<f64>, u64))| EffectValue {
        value,
        share: (logs.iter().sum::<f64>() / logs.len() as f64).exp(),
        wins,
    };
    let mut values: Vec<EffectValue> = values.into_iter().map(share).collect();
    values.sort_by(|a, b| b.share.total_cmp(&a.share));
    let best = values.first().map_or(1.0, |best| best.share);
    values.iter_mut().for_each(|value| value.share /= best);
    let mut ranks = RankSum::default();
    if let (Some(best), Some(worst)) = (values.first(), values.last()) {
        let both = alike.values().filter_map(|group| group.get(&best.value).zip(group.get(&worst.value)));
        both.for_each(|(best, worst)| ranks.add(&speeds(best), &speeds(worst)));
    }
    let combinations = alike.len() as u64;
    Effect { parameter, values, combinations, is_told: ranks.tells(), ..Effect::default() }
}

/// Bytes of keys and values a second, the middle of all runs.
fn speed(point: &StudiedPoint) -> f64 {
    point.bytes_per_second(point.rate.median)
}

/// The same of each run.
fn speeds(point: &StudiedPoint) -> Vec<f64> {
    point.keys_per_second.iter().map(|&rate| point.bytes_per_second(rate)).collect()
}

/// The slice through the reference point, or, where the grid has too few points there, the fastest of all
/// that
/// have the same two values.
fn draw(effect: &mut Effect, points: &[StudiedPoint], reference: &StudiedPoint) {
    let is_free = |place: usize| place == effect.parameter || Some(place) == effect.series_of;
    let is_in_slice = |point: &StudiedPoint| {
        let pairs = point.values.iter().zip(&reference.values).enumerate();
        pairs.into_iter().all(|(place, (own, other))| is_free(place) || own == other)
    };
    let values = |is_taken: &dyn Fn(&StudiedPoint) -> bool| {
        let taken = points.iter().filter(|point| is_taken(point));
        taken.map(|point| point.values[effect.parameter]).collect::<BTreeSet<_>>().len()
    };
    let (of_slice, of_all) = (values(&is_in_slice), values(&|_| true));
    effect.is_slice = of_slice >= 2 && 2 * of_slice >= of_all;
    let mut series: BTreeMap<Option<usize>, BTreeMap<usize, usize>> = BTreeMap::new();
    for (place, point) in points.iter().enumerate() {
        if effect.is_slice && !is_in_slice(point) {
            continue;
        }
        let of = series.entry(effect.series_of.map(|other| point.values[other])).or_default();
        let fastest = of.entry(point.values[effect.parameter]).or_insert(place);
        if speed(point) > speed(&points[*fastest]) {
            *fastest = place;
        }
    }
    let all = series.len();
    let own = effect.series_of.map(|other| reference.values[other]);
    let kept = spread_out(&series.keys().copied().collect::<Vec<_>>(), own);
    effect.series_left_out = (all - kept.len()) as u64;
    let kept = series.into_iter().filter(|(value, _)| kept.contains(value));
    effect.series =
        kept.map(|(value, points)| EffectSeries { value, points: points.into_iter().collect() }).collect();
}

/// So many as can be drawn, from the first to the last, one's own among them.
fn spread_out(all: &[Option<usize>], own: Option<usize>) -> Vec<Option<usize>> {
    if all.len() <= SERIES_MAX {
        return all.to_vec();
    }
    let mut kept: Vec<_> =
        (0..SERIES_MAX).map(|place| all[place * (all.len() - 1) / (SERIES_MAX - 1)]).collect();
    if !kept.contains(&own) {
        let nearest = kept.iter_mut().skip(1).take(SERIES_MAX - 2).min_by_key(|one| {
            let (one, own) = (one.unwrap_or_default(), own.unwrap_or_default());
            one.abs_diff(own)
        });
        if let Some(nearest) = nearest {
            *nearest = own;
        }
    }
    kept
}

//! The best settings for an aim, with what speaks for them and which others are as good.

use super::parameters::Parameters;
use super::ranks::RankSum;
use super::settings::{Contest, Settings, flags, places};
use crate::results::{Aim, Bounds, Choice, Choices, Chosen, Spread, StudiedPoint};

/// Places whose best settings are told.
const PLACES_MAX: usize = 8;

/// Settings that are named as being as good.
const ALIKE_MAX: usize = 5;

/// Processor time is measured, and this share more of it is no more.
const CPU_TOLERANCE: f64 = 0.1;

/// The choices for each place. There are none where there is nothing to choose from.
pub(super) fn choices(points: &[StudiedPoint], parameters: &Parameters, bounds: Bounds) -> Vec<Choices> {
    if parameters.swept.iter().all(|swept| !swept.is_setting) {
        return Vec::new();
    }
    let places = places(points, parameters);
    let made = places.iter().take(PLACES_MAX).map(|(place, of_place)| {
        let contest = Contest::of(points, of_place, parameters);
        let told = place.iter().map(|&(parameter, value)| {
            let swept = &parameters.swept[parameter];
            format!("{} {}", swept.name, swept.values[value].text)
        });
        let against = |two: &[Settings]| two[0].against(&two[1], points);
        Choices {
            place: told.collect::<Vec<_>>().join(", "),
            settings: contest.settings.len() as u64,
            workloads: contest.workloads as u64,
            workloads_left_out: contest.workloads_left_out as u64,
            can_tell: contest.settings.windows(2).map(against).all(RankSum::can_tell),
            bounds,
            choices: [Aim::Throughput, Aim::BoundedMemory, Aim::SmallFootprint]
                .map(|aim| choice(aim, &contest, points, bounds))
                .into(),
        }
    });
    made.filter(|choices| choices.settings > 1).collect()
}

fn choice(aim: Aim, contest: &Contest, points: &[StudiedPoint], bounds: Bounds) -> Choice {
    let chosen: Vec<Chosen> = contest.settings.iter().map(|one| evidence(one, points)).collect();
    let floor =
        contest.settings.first().map_or(0.0, |best| best.score * (1.0 - bounds.within_percent / 100.0));
    let is_bounded = |one: &Chosen| {
        one.in_flight_bytes <= bounds.in_flight_bytes
            && one.rss_bytes.is_none_or(|bytes| bytes <= bounds.rss_bytes)
    };
    let is_candidate = |one: &Chosen| match aim {
        Aim::Throughput => true,
        Aim::BoundedMemory => is_bounded(one),
        Aim::SmallFootprint => is_bounded(one) && one.score >= floor,
    };
    let candidates: Vec<usize> = (0..chosen.len()).filter(|&place| is_candidate(&chosen[place])).collect();
    let best = match aim {
        Aim::Throughput | Aim::BoundedMemory => candidates.first().copied(),
        Aim::SmallFootprint => smallest(&candidates, &chosen),
    };
    let best = best.map(|best| {
        let own = &contest.settings[best];
        let is_alike = |&&place: &&usize| {
            let is_told = || own.against(&contest.settings[place], points).tells();
            place != best && aim != Aim::SmallFootprint && !is_told()
        };
        let alike: Vec<_> =
            candidates.iter().filter(is_alike).map(|&place| &contest.settings[place]).collect();
        let left_out = alike.len().saturating_sub(ALIKE_MAX) as u64;
        let alike = alike.into_iter().take(ALIKE_MAX).map(|one| (one.values.clone(), one.score)).collect();
        Chosen { alike, alike_left_out: left_out, ..chosen[best].clone() }
    });
    Choice { aim, candidates: candidates.len() as u64, best }
}

/// What they cost and how fast they are.
fn evidence(settings: &Settings, points: &[StudiedPoint]) -> Chosen {
    let all: Vec<&StudiedPoint> = settings.points.iter().map(|&place| &points[place]).collect();
    let most = |of: fn(&StudiedPoint) -> u64| all.iter().map(|point| of(point)).max().unwrap_or_default();
    let rss: Option<Vec<u64>> = all.iter().map(|point| point.client_peak_rss_bytes).collect();
    let cpu: Option<Vec<f64>> =
        all.iter().map(|point| point.client_cpu_seconds_per_gb.map(|spread: Spread| spread.median)).collect();
    let of_client = |point: &&StudiedPoint| -> u64 {
        point.limited_by.iter().filter(|(word, _)| word == "client").map(|(_, count)| count).sum()
    };
    Chosen {
        values: settings.values.clone(),
        flags: all.first().map_or_else(String::new, |point| flags(&point.parameters)),
        points: settings.points.clone(),
        share: settings.share,
        score: settings.score,
        threads: most(|point| point.threads),
        writers: most(|point| point.writers),
        in_flight_bytes: most(|point| point.in_flight_bytes),
        rss_bytes: rss.and_then(|all| all.into_iter().max()),
        client_cpu_seconds_per_gb: cpu
            .filter(|all| !all.is_empty())
            .map(|all| all.iter().sum::<f64>() / all.len() as f64),
        client_limited: all.iter().map(of_client).sum(),
        alike: Vec::new(),
        alike_left_out: 0,
    }
}

/// Fewest threads; of those, the least processor time or hardly more; of those, the fewest connections; of
/// those, the least in flight; of those, the fastest.
fn smallest(candidates: &[usize], all: &[Chosen]) -> Option<usize> {
    let mut left = candidates.to_vec();
    keep_least(&mut left, |place| all[place].threads);
    let cpu = |place: usize| all[place].client_cpu_seconds_per_gb;
    let least = left.iter().filter_map(|&place| cpu(place)).fold(f64::INFINITY, f64::min);
    if left.iter().all(|&place| cpu(place).is_some()) {
        left.retain(|&place| cpu(place).is_some_and(|cpu| cpu <= least * (1.0 + CPU_TOLERANCE)));
    }
    keep_least(&mut left, |place| all[place].writers);
    keep_least(&mut left, |place| all[place].in_flight_bytes);
    left.first().copied()
}

fn keep_least(places: &mut Vec<usize>, of: impl Fn(usize) -> u64) {
    let least = places.iter().map(|&place| of(place)).min();
    places.retain(|&place| Some(of(place)) == least);
}

//! Latencies of points by percentile.

use super::page::{Figure, Undrawn};
use super::words::{apart, common, plural};
use crate::chart::{PercentileSeries, Percentiles, Words, percentiles};
use crate::report::terminal::words::micros;
use crate::results::{RunDetail, Study};

/// Percentiles that are drawn of a histogram: so many steps for each nine.
const STEPS_EACH_NINE: u32 = 20;

/// Nines that are drawn, and then the longest.
const NINES_MAX: u32 = 6;

/// The latencies of some points, all runs of a point together.
pub(super) fn latencies(study: &Study, details: &[RunDetail], undrawn: &mut Undrawn) -> Vec<Figure> {
    let known: Vec<(usize, Vec<(u64, u64)>)> = study
        .latencies
        .iter()
        .map(|&place| (place, merged(&study.points[place].runs, details)))
        .filter(|(_, histogram)| !histogram.is_empty())
        .collect();
    if known.is_empty() {
        return Vec::new();
    }
    let places: Vec<usize> = known.iter().map(|(place, _)| *place).collect();
    let names = apart(study, &places);
    let series = known.iter().zip(&names).map(|((_, histogram), name)| PercentileSeries {
        name: if known.len() == 1 { "pipelines".into() } else { name.clone() },
        points: drawn(histogram),
    });
    let series: Vec<_> = series.collect();
    let title = "Latency of pipelines by percentile";
    let ends = known.iter().zip(&names).map(|((_, histogram), name)| {
        let name = if known.len() == 1 { "All runs" } else { name };
        let [p50, p99] = [50.0, 99.0].map(|percentile| micros(at(histogram, percentile)));
        format!("{name}: half of the pipelines within {p50}, 99% within {p99}")
    });
    let alt = format!("{}.", ends.collect::<Vec<_>>().join("; "));
    let chosen = match known.len() {
        all if all == study.points.len() => String::new(),
        _ if study.counterparts.len() > 1 => " Drawn is the same point of each.".into(),
        _ => format!(
            " Drawn are the best settings' point, the fastest, the slowest, and those with the lowest and \
             the highest 99th percentile, of {}.",
            plural(study.points.len() as u64, "point")
        ),
    };
    let shared = common(study, &places);
    let shared =
        if shared.is_empty() || known.len() == 1 { String::new() } else { format!(" All: {shared}.") };
    let is_deeper = |place: &&usize| {
        study.points[**place].parameters.asked_depth() != study.points[places[0]].parameters.asked_depth()
    };
    let depth = match places.iter().any(|place| is_deeper(&place)) {
        true => " A deeper pipeline takes longer by itself: there is more in it.",
        false => "",
    };
    let caption = format!(
        "From a pipeline's first byte until its barrier is answered.{depth} Each further nine takes the same \
         width; both axes are logarithmic. The histograms of repeated runs are added up.{shared}{chosen}"
    );
    let words = Words { title: title.into(), description: alt.clone() };
    let svg = percentiles(&Percentiles { words, series });
    let figure = svg.map(|svg| Figure { file: "latency.svg".into(), title: title.into(), alt, caption, svg });
    undrawn.or_note(figure).into_iter().collect()
}

/// The histograms of some runs added up: percentiles are never averaged.
pub(super) fn merged(runs: &[String], details: &[RunDetail]) -> Vec<(u64, u64)> {
    let mut all = std::collections::BTreeMap::new();
    for detail in details.iter().filter(|detail| runs.contains(&detail.run)) {
        for (value, count) in &detail.latencies {
            let sum: &mut u64 = all.entry(*value).or_default();
            *sum = sum.saturating_add(*count);
        }
    }
    all.into_iter().collect()
}

/// The latency within which a share of the pipelines ended, in percent.
fn at(histogram: &[(u64, u64)], percentile: f64) -> u64 {
    let total: u64 = histogram.iter().map(|(_, count)| count).sum();
    let mut seen = 0;
    let reaches = |(_, count): &&(u64, u64)| {
        seen += count;
        100.0 * seen as f64 >= percentile * total as f64
    };
    histogram.iter().find(reaches).or(histogram.last()).map_or(0, |(value, _)| *value)
}

/// Points of a percentile plot: as many for each nine as the eye can tell, as far as there are pipelines.
fn drawn(histogram: &[(u64, u64)]) -> Vec<(f64, f64)> {
    let total: u64 = histogram.iter().map(|(_, count)| count).sum();
    let steps = (0..NINES_MAX * STEPS_EACH_NINE).map(|step| {
        let beyond = 10_f64.powf(-f64::from(step) / f64::from(STEPS_EACH_NINE));
        (100.0 * (1.0 - beyond), beyond)
    });
    // Beyond one pipeline of all, there is only the longest.
    let told = steps.take_while(|(_, beyond)| beyond * total as f64 >= 1.0);
    let points = told.map(|(percentile, _)| (percentile, at(histogram, percentile) as f64));
    points.chain(histogram.last().map(|(value, _)| (100.0, *value as f64))).collect()
}

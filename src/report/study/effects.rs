//! What each swept parameter does: a drawing, and the factor over the whole grid.

use serde::Serialize;

use super::page::{Figure, Undrawn};
use super::words::{in_bytes, plural, settings, spoken, throughput, value};
use crate::chart::{Axis, ChartError, Scale, Spread, SpreadPoint, SpreadSeries, Unit, Words, XAxis, spread};
use crate::results::{Effect, EffectSeries, StudiedPoint, Study, Swept};

/// A parameter whose largest value is so many times its smallest is drawn by ratios.
const LOG_FROM: f64 = 8.0;

/// Values whose wins are told.
const FASTEST_TOLD: usize = 3;

/// One parameter.
#[derive(Clone, Debug, Serialize)]
pub(super) struct EffectShown {
    pub(super) name: String,
    /// The factor, and which value is how often the fastest.
    pub(super) text: String,
    pub(super) figure: Option<Figure>,
    /// Each value with its throughput, as far as the drawing has one series with the best of it.
    #[serde(skip)]
    pub(super) values: Vec<(String, f64, String)>,
}

/// All of them, those that matter most first.
pub(super) fn shown(study: &Study, undrawn: &mut Undrawn) -> Vec<EffectShown> {
    study
        .effects
        .iter()
        .map(|effect| EffectShown {
            name: spoken(&study.swept[effect.parameter].name),
            text: text(study, effect),
            figure: undrawn.or_note(figure(study, effect)),
            values: values(study, effect),
        })
        .collect()
}

fn text(study: &Study, effect: &Effect) -> String {
    let swept = &study.swept[effect.parameter];
    let Some(ratio) = effect.ratio else {
        return format!(
            "It never varies alone, so these runs do not tell what it does by itself: {}.",
            all(swept)
        );
    };
    let told = effect
        .fastest
        .iter()
        .take(FASTEST_TOLD)
        .map(|(place, wins)| format!("{} in {wins}", value(&swept.name, &swept.values[*place].text)));
    let told: Vec<_> = told.collect();
    let rest = if effect.fastest.len() > FASTEST_TOLD { ", others in the rest" } else { "" };
    let of = plural(effect.combinations, "combination");
    let all_else =
        if study.swept.len() > 1 { format!(" (the median over {of} of all else)") } else { String::new() };
    let first = format!("The best value is {ratio:.2} times as fast as the worst{all_else}.");
    match (effect.combinations, study.swept.len()) {
        (1, _) | (_, 1) => match effect.fastest.first() {
            Some((place, _)) => {
                format!("{first} Fastest: {}.", value(&swept.name, &swept.values[*place].text))
            }
            None => first,
        },
        _ => format!("{first} Fastest: {}{rest}.", told.join(", ")),
    }
}

fn all(swept: &Swept) -> String {
    let told: Vec<_> = swept.values.iter().take(8).map(|one| value(&swept.name, &one.text)).collect();
    told.join(", ")
}

fn figure(study: &Study, effect: &Effect) -> Result<Figure, ChartError> {
    let swept = &study.swept[effect.parameter];
    let title = format!("Throughput by {}", spoken(&swept.name));
    let alt = alt(study, effect);
    // Decimal, as rates are told everywhere else.
    let label = if in_bytes(study) { "bytes of keys and values" } else { "keys" };
    let x = axis(swept);
    let is_named = matches!(x, XAxis::Names { .. });
    let svg = spread(&Spread {
        words: Words { title: title.clone(), description: alt.clone() },
        x,
        y: Axis { label: label.into(), scale: Scale::Linear, unit: Unit::PerSecond },
        series: effect.series.iter().map(|one| series(study, effect, one, is_named)).collect(),
    })?;
    let file = format!("throughput-by-{}.svg", swept.name.replace('_', "-"));
    Ok(Figure { file, title, alt, caption: caption(study, effect), svg })
}

fn axis(swept: &Swept) -> XAxis {
    let numbers: Option<Vec<f64>> = swept.values.iter().map(|value| value.number).collect();
    let Some(numbers) = numbers else {
        let names = swept.values.iter().map(|one| value(&swept.name, &one.text)).collect();
        return XAxis::Names { label: spoken(&swept.name), names };
    };
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let most = numbers.iter().copied().fold(0.0, f64::max);
    let scale = if least > 0.0 && most >= LOG_FROM * least { Scale::Log } else { Scale::Linear };
    let unit =
        if ["key_size", "value_size"].contains(&swept.name.as_str()) { Unit::Bytes } else { Unit::Plain };
    XAxis::Numbers(Axis { label: spoken(&swept.name), scale, unit })
}

fn series(study: &Study, effect: &Effect, one: &EffectSeries, is_named: bool) -> SpreadSeries {
    let measure = |point: &StudiedPoint, rate: f64| match in_bytes(study) {
        true => point.bytes_per_second(rate),
        false => rate,
    };
    let values = &study.swept[effect.parameter].values;
    let points = one.points.iter().map(|&(place, point)| {
        let point = &study.points[point];
        SpreadPoint {
            x: values[place].number.filter(|_| !is_named).unwrap_or(place as f64),
            median: measure(point, point.rate.median),
            all: point.keys_per_second.iter().map(|&rate| measure(point, rate)).collect(),
        }
    });
    SpreadSeries { name: series_name(study, effect, one), points: points.collect() }
}

fn series_name(study: &Study, effect: &Effect, one: &EffectSeries) -> String {
    match effect.series_of.zip(one.value) {
        Some(value) => settings(study, &[value]),
        None => "all runs".into(),
    }
}

fn caption(study: &Study, effect: &Effect) -> String {
    let mut text = String::from(
        "Lines join the medians of repeated runs; bars reach from the slowest run to the fastest.",
    );
    let is_free = |place: &usize| *place == effect.parameter || Some(*place) == effect.series_of;
    let others: Vec<usize> = (0..study.swept.len()).filter(|place| !is_free(place)).collect();
    let reference = study.reference.map(|place| &study.points[place]);
    if let (false, Some(reference)) = (others.is_empty(), reference) {
        let held: Vec<_> = others.iter().map(|&place| (place, reference.values[place])).collect();
        text += &match effect.is_slice {
            true => format!(" All else: {}.", settings(study, &held)),
            false => {
                let names: Vec<_> = others.iter().map(|&place| spoken(&study.swept[place].name)).collect();
                format!(" Each point is the fastest of all that differ in {} only.", names.join(", "))
            }
        };
    }
    if effect.series_left_out > 0 {
        text += &format!(" {} are left out.", plural(effect.series_left_out, "other line"));
    }
    text
}

/// The ends of each line in words.
fn alt(study: &Study, effect: &Effect) -> String {
    let swept = &study.swept[effect.parameter];
    let of = |place: usize| value(&swept.name, &swept.values[place].text);
    let line = |one: &EffectSeries| {
        let speed = |entry: &&(usize, usize)| {
            study.points[entry.1].bytes_per_second(study.points[entry.1].rate.median)
        };
        let by_speed = |a: &&(usize, usize), b: &&(usize, usize)| speed(a).total_cmp(&speed(b));
        let (slowest, fastest) = (one.points.iter().min_by(by_speed)?, one.points.iter().max_by(by_speed)?);
        let shown = |point: usize| throughput(study, &study.points[point], study.points[point].rate.median);
        let name = series_name(study, effect, one);
        Some(match slowest == fastest {
            true => format!("{name}: {} at {}", shown(fastest.1), of(fastest.0)),
            false => format!(
                "{name}: from {} at {} to {} at {}",
                shown(slowest.1),
                of(slowest.0),
                shown(fastest.1),
                of(fastest.0)
            ),
        })
    };
    let lines: Vec<_> = effect.series.iter().filter_map(line).collect();
    format!("Throughput against {}. {}.", spoken(&swept.name), lines.join("; "))
}

/// The fastest point drawn at each value: value, measure, and the same in words.
fn values(study: &Study, effect: &Effect) -> Vec<(String, f64, String)> {
    let swept = &study.swept[effect.parameter];
    let fastest = |place: usize| {
        let drawn = effect.series.iter().flat_map(|one| &one.points).filter(move |entry| entry.0 == place);
        let speed = |point: usize| study.points[point].bytes_per_second(study.points[point].rate.median);
        drawn.map(|entry| entry.1).max_by(|a, b| speed(*a).total_cmp(&speed(*b)))
    };
    let places = (0..swept.values.len()).filter_map(|place| Some((place, fastest(place)?)));
    places
        .map(|(place, point)| {
            let point = &study.points[point];
            let measure = match in_bytes(study) {
                true => point.bytes_per_second(point.rate.median),
                false => point.rate.median,
            };
            (
                value(&swept.name, &swept.values[place].text),
                measure,
                throughput(study, point, point.rate.median),
            )
        })
        .collect()
}

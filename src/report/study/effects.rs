//! What each swept parameter does: a drawing, and the factor over the whole grid.

use serde::Serialize;

use super::page::{Figure, Undrawn};
use super::words::{in_bytes, plural, settings, share, spoken, throughput, value};
use crate::chart::{
    Axis, ChartError, MedianPoint, MedianSeries, Medians, Scale, Unit, Words, XAxis, medians,
};
use crate::results::{Effect, EffectSeries, EffectValue, StudiedPoint, Study, Swept};

/// A parameter whose largest value is so many times its smallest is drawn by ratios.
const LOG_FROM: f64 = 8.0;

/// Values that are told in a sentence, beside the best and the worst.
const VALUES_TOLD: usize = 3;

/// Values that are listed of a parameter that never varies alone.
const VALUES_LISTED: usize = 8;

/// One parameter.
#[derive(Clone, Debug, Serialize)]
pub(super) struct EffectShown {
    pub(super) name: String,
    /// The factor, and which value is how often the fastest.
    pub(super) text: String,
    pub(super) figure: Option<Figure>,
    /// Each value, and its throughput as a share of the best one's, all else being equal.
    #[serde(skip)]
    pub(super) shares: Vec<(String, f64)>,
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
            shares: shares(study, effect),
        })
        .collect()
}

fn text(study: &Study, effect: &Effect) -> String {
    let swept = &study.swept[effect.parameter];
    let of = |one: &EffectValue| value(&swept.name, &swept.values[one.value].text);
    let (Some(ratio), [best, between @ .., worst]) = (effect.ratio(), effect.values.as_slice()) else {
        return format!(
            "It never varies alone, so these runs do not tell what it does by itself: {}.",
            all(swept)
        );
    };
    let mut text = match effect.is_told {
        true => String::new(),
        false => format!("These runs do not tell {} from {}, and it may be chance: ", of(best), of(worst)),
    };
    text += &format!("{} is {ratio:.2} times as fast as {}", of(best), of(worst));
    if effect.combinations > 1 {
        text += &format!(" on average over {} of all else", plural(effect.combinations, "combination"));
    }
    let told = between.iter().take(VALUES_TOLD).map(|one| format!("{} to {}", of(one), share(one.share)));
    let told: Vec<_> = told.collect();
    if !told.is_empty() {
        let rest = if between.len() > VALUES_TOLD { ", …" } else { "" };
        text += &format!("; {}{rest} of it", told.join(", ").replacen(" to ", " comes to ", 1));
    }
    text += ".";
    if effect.combinations > 1 {
        text += &wins(effect, &of);
    }
    text
}

/// Which values are the fastest in single combinations, and in how many.
fn wins(effect: &Effect, of: &impl Fn(&EffectValue) -> String) -> String {
    let mut winners: Vec<_> = effect.values.iter().filter(|one| one.wins > 0).collect();
    winners.sort_by_key(|one| std::cmp::Reverse(one.wins));
    let told: Vec<_> =
        winners.iter().take(VALUES_TOLD).map(|one| format!("{} in {}", of(one), one.wins)).collect();
    let rest = if winners.len() > VALUES_TOLD { ", others in the rest" } else { "" };
    format!(" One by one, the fastest is {}{rest}.", told.join(", "))
}

fn all(swept: &Swept) -> String {
    let told: Vec<_> =
        swept.values.iter().take(VALUES_LISTED).map(|one| value(&swept.name, &one.text)).collect();
    told.join(", ")
}

fn figure(study: &Study, effect: &Effect) -> Result<Figure, ChartError> {
    let swept = &study.swept[effect.parameter];
    let title = format!("Throughput by {}", spoken(&swept.name));
    let alt = alt(study, effect);
    let (label, unit) =
        if in_bytes(study) { ("keys and values", Unit::BytesPerSecond) } else { ("keys", Unit::PerSecond) };
    let x = axis(swept);
    let is_named = matches!(x, XAxis::Names { .. });
    let svg = medians(&Medians {
        words: Words { title: title.clone(), description: alt.clone() },
        x,
        y: Axis { label: label.into(), scale: Scale::Linear, unit },
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
    let has_unit = swept.values.iter().any(|value| value.text.parse::<f64>().is_err());
    let is_size = has_unit || ["key_size", "value_size"].contains(&swept.name.as_str());
    let unit = if is_size { Unit::Bytes } else { Unit::Plain };
    XAxis::Numbers(Axis { label: spoken(&swept.name), scale, unit })
}

fn series(study: &Study, effect: &Effect, one: &EffectSeries, is_named: bool) -> MedianSeries {
    let measure = |point: &StudiedPoint, rate: f64| match in_bytes(study) {
        true => point.bytes_per_second(rate),
        false => rate,
    };
    let values = &study.swept[effect.parameter].values;
    let points = one.points.iter().map(|&(place, point)| {
        let point = &study.points[point];
        MedianPoint {
            x: values[place].number.filter(|_| !is_named).unwrap_or(place as f64),
            median: measure(point, point.rate.median),
            all: point.keys_per_second.iter().map(|&rate| measure(point, rate)).collect(),
        }
    });
    MedianSeries { name: series_name(study, effect, one), points: points.collect() }
}

fn series_name(study: &Study, effect: &Effect, one: &EffectSeries) -> String {
    match effect.series_of.zip(one.value) {
        Some(value) => settings(study, &[value]),
        None => "all runs".into(),
    }
}

fn caption(study: &Study, effect: &Effect) -> String {
    let medians = match axis(&study.swept[effect.parameter]) {
        XAxis::Numbers(_) => "Lines join the medians of repeated runs",
        XAxis::Names { .. } => "Markers are the medians of repeated runs",
    };
    let mut text = format!("{medians}; bars reach from the slowest run to the fastest.");
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

/// In the order of the values.
fn shares(study: &Study, effect: &Effect) -> Vec<(String, f64)> {
    let swept = &study.swept[effect.parameter];
    let mut values = effect.values.clone();
    values.sort_by_key(|one| one.value);
    values.iter().map(|one| (value(&swept.name, &swept.values[one.value].text), one.share)).collect()
}

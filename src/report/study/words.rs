//! What all forms of a study say in the same words.

use crate::report::terminal::words::{byte_rate, key_rate, micros, short};
use crate::results::{Spread, StudiedPoint, Study};
pub(super) use crate::units::plural;
use crate::units::show_bytes;

/// What stands where something is not known.
pub(super) const UNKNOWN: &str = "–";

/// A parameter as prose has it: `pipeline depth`.
pub(super) fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

/// Bytes, without digits that say nothing: `4 MiB`.
pub(super) fn bytes(bytes: u64) -> String {
    show_bytes(bytes).replace(".0 ", " ")
}

/// What a parameter is set to, with its unit.
pub(super) fn value(name: &str, text: &str) -> String {
    match text.parse::<u64>() {
        Ok(size) if ["key_size", "value_size"].contains(&name) => bytes(size),
        Ok(count) if count >= 10_000 => crate::units::show_count(count),
        _ => text.into(),
    }
}

/// Some settings: `pipeline depth 1,000, writers 2`.
pub(super) fn settings(study: &Study, values: &[(usize, usize)]) -> String {
    let told = values.iter().map(|&(parameter, at)| {
        let swept = &study.swept[parameter];
        format!("{} {}", spoken(&swept.name), value(&swept.name, &swept.values[at].text))
    });
    let told: Vec<_> = told.collect();
    if told.is_empty() { "the one point".into() } else { told.join(", ") }
}

/// What tells a point from the others.
pub(super) fn point(study: &Study, point: &StudiedPoint) -> String {
    settings(study, &point.values.iter().copied().enumerate().collect::<Vec<_>>())
}

/// Some settings where there is little room: `mset, depth 1000, writers 2`.
pub(super) fn short_settings(study: &Study, values: &[(usize, usize)]) -> String {
    let told = values.iter().map(|&(parameter, at)| {
        let swept = &study.swept[parameter];
        let value = value(&swept.name, &swept.values[at].text);
        match swept.name.as_str() {
            // Their values say what they are.
            "command" | "order" | "server" | "machine" if value != "auto" => value,
            "pipeline_depth" => format!("depth {value}"),
            "key_size" => format!("keys of {value}"),
            "value_size" => format!("values of {value}"),
            name => format!("{} {value}", spoken(name)),
        }
    });
    let told: Vec<_> = told.collect();
    if told.is_empty() { "all runs".into() } else { told.join(", ") }
}

/// What tells some points from each other, for each of them: what they have in common is left out.
pub(super) fn apart(study: &Study, places: &[usize]) -> Vec<String> {
    let points: Vec<_> = places.iter().map(|&place| &study.points[place]).collect();
    let differs =
        |parameter: usize| points.iter().any(|point| point.values[parameter] != points[0].values[parameter]);
    let varying: Vec<usize> = (0..study.swept.len()).filter(|&parameter| differs(parameter)).collect();
    let name = |point: &&StudiedPoint| {
        let values: Vec<_> = varying.iter().map(|&parameter| (parameter, point.values[parameter])).collect();
        short_settings(study, &values)
    };
    points.iter().map(name).collect()
}

/// What some points have in common, of what is swept; empty if nothing.
pub(super) fn common(study: &Study, places: &[usize]) -> String {
    let Some(&first) = places.first() else { return String::new() };
    let values = &study.points[first].values;
    let is_common = |parameter: &usize| {
        places.iter().all(|&place| study.points[place].values[*parameter] == values[*parameter])
    };
    let common: Vec<_> =
        (0..values.len()).filter(is_common).map(|parameter| (parameter, values[parameter])).collect();
    if common.is_empty() { String::new() } else { settings(study, &common) }
}

/// Whether throughput is told in bytes: keys of different sizes are no common measure.
pub(super) fn in_bytes(study: &Study) -> bool {
    study.swept.iter().any(|swept| ["key_size", "value_size"].contains(&swept.name.as_str()))
}

/// A point's throughput in the study's measure.
pub(super) fn throughput(study: &Study, point: &StudiedPoint, keys_per_second: f64) -> String {
    match in_bytes(study) {
        true => byte_rate(point.bytes_per_second(keys_per_second)),
        false => key_rate(keys_per_second),
    }
}

/// `1.20M keys/s, 1.10M to 1.30M in 3 runs`
pub(super) fn rate_with_range(study: &Study, point: &StudiedPoint) -> String {
    let median = throughput(study, point, point.rate.median);
    match point.runs.len() {
        1 => format!("{median} in 1 run"),
        runs => format!("{median} ({} in {runs} runs)", range(study, point)),
    }
}

/// `1.10M to 1.30M`
pub(super) fn range(study: &Study, point: &StudiedPoint) -> String {
    let Spread { min, max, .. } = point.rate;
    match in_bytes(study) {
        true => format!(
            "{} to {}",
            byte_rate(point.bytes_per_second(min)),
            byte_rate(point.bytes_per_second(max))
        ),
        false => format!("{} to {}", short(min), short(max)),
    }
}

/// A latency, if it is known.
pub(super) fn latency(spread: Option<Spread>) -> String {
    spread.map_or_else(|| UNKNOWN.into(), |spread| micros(spread.median.round() as u64))
}

/// Processor time for a gigabyte, if it is known.
pub(super) fn per_gb(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| UNKNOWN.into(), |seconds| format!("{seconds:.2} s/GB"))
}

/// A share of a whole in percent: `97%`.
pub(super) fn share(share: f64) -> String {
    format!("{:.0}%", (100.0 * share).floor())
}

/// What happened to how many: `server 2, client 1`; the word alone if it is the only one.
pub(super) fn counts(words: &[(String, u64)]) -> String {
    match words {
        [] => UNKNOWN.into(),
        [(word, _)] => word.clone(),
        several => {
            let told: Vec<_> = several.iter().map(|(word, count)| format!("{word} {count}")).collect();
            told.join(", ")
        }
    }
}

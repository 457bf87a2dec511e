//! The parameters of runs as texts, and which of them differ.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::recorded::Run;
use crate::results::{Swept, SweptValue};
use crate::units::parse_bytes;

/// Parameters that say how keys are sent. The others say which, and where to.
const SETTINGS: [&str; 8] =
    ["command", "order", "reply", "pipeline_depth", "writers", "window", "threads", "serial"];

/// Parameters that say where to.
pub(super) const PLACES: [&str; 5] = ["machine", "server", "target_kind", "target_mode", "target_masters"];

/// What a parameter is that was not given.
const UNSAID: [&str; 3] = ["auto", "none", "false"];

/// A run's parameters under their names, always in the same order: what it was asked, and where it ran.
pub(super) fn named(run: &Run) -> Vec<(&'static str, String)> {
    let mut all = vec![("machine", machine(run)), ("server", run.server.clone())];
    all.extend(run.parameters.named());
    all
}

/// The machine that sent a run.
pub(super) fn machine(run: &Run) -> String {
    run.machine.describe()
}

/// What differs between runs, and what does not and was asked.
pub(super) struct Parameters {
    pub(super) swept: Vec<Swept>,
    pub(super) everywhere: Vec<(String, String)>,
    /// For each swept parameter, its place in [`named`].
    places: Vec<usize>,
    /// For each swept parameter, the place of each value.
    numbers: Vec<BTreeMap<String, usize>>,
}

impl Parameters {
    /// Those of some runs.
    pub(super) fn of(runs: &[&Run]) -> Self {
        let names: Vec<&'static str> =
            runs.first().map_or_else(Vec::new, |run| named(run).into_iter().map(|(name, _)| name).collect());
        let mut values: Vec<BTreeSet<String>> = vec![BTreeSet::new(); names.len()];
        for run in runs {
            for (seen, (_, value)) in values.iter_mut().zip(named(run)) {
                if !seen.contains(&value) {
                    seen.insert(value);
                }
            }
        }
        let follows = keys_follow_from_sizes(runs);
        let (mut swept, mut everywhere) = (Vec::new(), Vec::new());
        let (mut places, mut numbers) = (Vec::new(), Vec::new());
        for (place, (name, seen)) in names.into_iter().zip(values).enumerate() {
            if seen.len() > 1 && !(name == "keys" && follows) {
                let values = in_order(seen);
                let number = |(place, value): (usize, &SweptValue)| (value.text.clone(), place);
                numbers.push(values.iter().enumerate().map(number).collect());
                swept.push(Swept { name: name.into(), is_setting: SETTINGS.contains(&name), values });
                places.push(place);
            } else if let Some(value) = seen.first().filter(|value| seen.len() == 1 && is_said(value)) {
                everywhere.push((name.to_owned(), value.clone()));
            }
        }
        Self { swept, everywhere, places, numbers }
    }

    /// For each swept parameter, the place of a run's value.
    pub(super) fn values(&self, run: &Run) -> Vec<usize> {
        let all = named(run);
        let place = |(place, numbers): (&usize, &BTreeMap<String, usize>)| {
            numbers.get(&all[*place].1).copied().unwrap_or_default()
        };
        self.places.iter().zip(&self.numbers).map(place).collect()
    }
}

fn is_said(value: &str) -> bool {
    !value.is_empty() && !UNSAID.contains(&value)
}

/// What a value is, in the order in which values are told.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Value {
    Number(f64),
    /// In bytes, with its unit.
    Size(f64),
    Word,
}

impl Value {
    fn of(text: &str) -> Self {
        match (text.parse::<f64>(), parse_bytes(text)) {
            (Ok(number), _) if number.is_finite() => Self::Number(number),
            (Err(_), Ok(bytes)) => Self::Size(bytes as f64),
            _ => Self::Word,
        }
    }
}

/// Numbers rising, sizes rising, and then words.
fn in_order(values: BTreeSet<String>) -> Vec<SweptValue> {
    let mut values: Vec<_> = values.into_iter().map(|text| (Value::of(&text), text)).collect();
    values.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    let has_numbers = values.iter().any(|(value, _)| matches!(value, Value::Number(_)));
    let number = |value: Value| match value {
        Value::Number(number) => Some(number),
        // Keys and bytes are no common measure.
        Value::Size(bytes) => Some(bytes).filter(|_| !has_numbers),
        Value::Word => None,
    };
    values.into_iter().map(|(value, text)| SweptValue { number: number(value), text }).collect()
}

/// Whether there is one number of keys for each size of them: with `--data`, it follows from that.
fn keys_follow_from_sizes(runs: &[&Run]) -> bool {
    let mut keys = BTreeMap::new();
    runs.iter().all(|run| {
        let parameters = &run.parameters;
        let sizes = (parameters.key_size, parameters.value_size);
        *keys.entry(sizes).or_insert(parameters.keys) == parameters.keys
    }) && keys.len() > 1
}

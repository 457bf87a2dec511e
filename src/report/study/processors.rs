//! What points cost in processor time.

use super::page::{Figure, Undrawn};
use super::words::{apart, common, plural};
use crate::chart::{Axis, BarRow, Bars, Scale, Unit, Words, bars};
use crate::results::Study;

/// Points that have a bar of processor time.
const PROCESSORS_MAX: usize = 12;

/// Processor time of client and servers for each gigabyte, for some points.
pub(super) fn processors(study: &Study, undrawn: &mut Undrawn) -> Option<Figure> {
    let of = |place: &usize| {
        let point = &study.points[*place];
        let client = point.client_cpu_seconds_per_gb?.median;
        Some((*place, client, point.servers_cpu_seconds_per_gb.map(|spread| spread.median)))
    };
    let of_workload = comparable(study);
    let known: Vec<_> = of_workload.iter().filter_map(of).collect();
    let has_servers = known.iter().any(|(_, _, servers)| servers.is_some());
    // A bar without its servers would look like a cheap one.
    let mut known: Vec<_> =
        known.into_iter().filter(|(_, _, servers)| servers.is_some() == has_servers).collect();
    if known.is_empty() {
        return None;
    }
    let count = known.len();
    let total = |entry: &(usize, f64, Option<f64>)| entry.1 + entry.2.unwrap_or_default();
    known.sort_by(|a, b| total(a).total_cmp(&total(b)));
    if count > PROCESSORS_MAX {
        known.drain(PROCESSORS_MAX / 2..count - PROCESSORS_MAX / 2);
    }
    let places: Vec<usize> = known.iter().map(|(place, _, _)| *place).collect();
    let names = apart(study, &places);
    let rows = known.iter().zip(&names).map(|((_, client, servers), name)| BarRow {
        name: name.clone(),
        values: std::iter::once(*client).chain(*servers).collect(),
    });
    let title = "Processor time for each GB";
    let (least, most) = (known.first()?, known.last()?);
    let alt = match count {
        1 => format!("{:.2} seconds of processors for 10⁹ bytes of keys and values.", total(least)),
        _ => format!(
            "From {:.2} seconds for 10⁹ bytes of keys and values ({}) to {:.2} ({}).",
            total(least),
            names[0],
            total(most),
            names[names.len() - 1]
        ),
    };
    let left_out = match count - known.len() {
        0 => String::new(),
        more => {
            format!(" {} between the cheapest and the dearest are left out.", plural(more as u64, "point"))
        }
    };
    let shared = common(study, &places);
    let shared = if shared.is_empty() || count == 1 { String::new() } else { format!(" All: {shared}.") };
    let caption = format!(
        "Seconds of processors, user and system, for 10⁹ bytes of keys and values: medians of repeated \
         runs.{shared}{left_out}"
    );
    let chart = Bars {
        words: Words { title: title.into(), description: alt.clone() },
        x: Axis { label: "processor time".into(), scale: Scale::Linear, unit: Unit::Seconds },
        series: std::iter::once("client")
            .chain(has_servers.then_some("servers"))
            .map(str::to_owned)
            .collect(),
        rows: rows.collect(),
    };
    let figure = bars(&chart);
    undrawn.or_note(figure.map(|svg| Figure {
        file: "processors.svg".into(),
        title: title.into(),
        alt,
        caption,
        svg,
    }))
}

/// The reference and its counterparts, where there are any; else the points of the reference's workload: a gigabyte
/// of small keys costs more than one of large ones, however they are sent. All points, if that workload has only one.
fn comparable(study: &Study) -> Vec<usize> {
    if study.counterparts.len() > 1 {
        return study.counterparts.clone();
    }
    let all = 0..study.points.len();
    let Some(reference) = study.reference.map(|place| &study.points[place]) else { return all.collect() };
    let is_same = |place: &usize| {
        let pairs = study.points[*place].values.iter().zip(&reference.values).zip(&study.swept);
        pairs.into_iter().all(|((own, other), swept)| swept.is_setting || own == other)
    };
    let alike: Vec<usize> = all.clone().filter(is_same).collect();
    if alike.len() > 1 { alike } else { all.collect() }
}

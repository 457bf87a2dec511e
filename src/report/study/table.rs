//! All points as rows, those of one workload together and the fastest first.

use serde::Serialize;

use super::words::{UNKNOWN, counts, in_bytes, latency, per_gb, range, spoken, throughput, value};
use crate::report::terminal::words::key_rate;
use crate::results::{StudiedPoint, Study};
use crate::units::{show_bytes, show_count};

/// Rows at most: a page that nobody can load helps nobody.
const ROWS_MAX: usize = 400;

/// Points as rows.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) head: Vec<Head>,
    pub(super) rows: Vec<Row>,
}

/// The head of a column.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Head {
    pub(super) name: String,
    /// Whether its cells are figures.
    pub(super) is_figure: bool,
}

/// A point.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    /// Its throughput in percent of the fastest of its workload.
    pub(super) percent: u64,
    /// Whether the client limited any of its runs.
    pub(super) is_client_limited: bool,
}

/// All points, or as many as a page can hold.
pub(super) fn table(study: &Study) -> Table {
    let workloads = workloads(study);
    let each = (ROWS_MAX / workloads.len().max(1)).max(1);
    let whole = study.points.len();
    let rows: Vec<Row> = workloads
        .iter()
        .flat_map(|places| {
            let fastest = places.first().map_or(0.0, |&place| study.points[place].rate.median);
            places
                .iter()
                .take(if whole > ROWS_MAX { each } else { whole })
                .map(move |&place| (place, fastest))
        })
        .take(ROWS_MAX)
        .map(|(place, fastest)| row(study, &study.points[place], fastest))
        .collect();
    let order =
        if workloads.len() > 1 { "by workload, and then the fastest first" } else { "the fastest first" };
    let left_out = match whole - rows.len() {
        0 => String::new(),
        more => format!(
            " Of {} points, {} are left out, the slowest of each workload first: runs.csv has them all.",
            show_count(whole as u64),
            show_count(more as u64)
        ),
    };
    let caption = format!(
        "Each point with the median of its runs, {order}. The shaded bar is the share of the workload's \
         fastest point.{left_out}"
    );
    Table { caption, head: head(study), rows }
}

/// The points of each workload, which stand together.
fn workloads(study: &Study) -> Vec<Vec<usize>> {
    let of = |point: &StudiedPoint| -> Vec<usize> {
        let values = point.values.iter().zip(&study.swept);
        values.filter(|(_, swept)| !swept.is_setting).map(|(value, _)| *value).collect()
    };
    let mut workloads: Vec<Vec<usize>> = Vec::new();
    for place in 0..study.points.len() {
        match workloads.last_mut() {
            Some(last) if of(&study.points[last[0]]) == of(&study.points[place]) => last.push(place),
            _ => workloads.push(vec![place]),
        }
    }
    workloads
}

fn head(study: &Study) -> Vec<Head> {
    let swept = study.swept.iter().map(|swept| {
        let is_figure = swept.values.iter().any(|value| value.number.is_some());
        Head { name: spoken(&swept.name), is_figure }
    });
    let figure = |name: &str| Head { name: name.into(), is_figure: true };
    let word = |name: &str| Head { name: name.into(), is_figure: false };
    let mut head: Vec<_> = swept.collect();
    head.extend([figure("throughput"), figure("slowest to fastest run"), figure("runs")]);
    if in_bytes(study) {
        head.push(figure("keys"));
    }
    head.extend([
        figure("p50"),
        figure("p99"),
        figure("client CPU"),
        figure("server CPU"),
        figure("client memory"),
        figure("in flight"),
        word("limited by"),
        word("verdict"),
        figure("incidents"),
    ]);
    head
}

fn row(study: &Study, point: &StudiedPoint, fastest: f64) -> Row {
    let swept = study.swept.iter().zip(&point.values);
    let mut cells: Vec<String> =
        swept.map(|(swept, &place)| value(&swept.name, &swept.values[place].text)).collect();
    let range = if point.runs.len() > 1 { range(study, point) } else { UNKNOWN.into() };
    cells.extend([throughput(study, point, point.rate.median), range, point.runs.len().to_string()]);
    if in_bytes(study) {
        cells.push(key_rate(point.rate.median));
    }
    cells.extend([
        latency(point.latency_us_p50),
        latency(point.latency_us_p99),
        per_gb(point.client_cpu_seconds_per_gb.map(|spread| spread.median)),
        per_gb(point.servers_cpu_seconds_per_gb.map(|spread| spread.median)),
        point.client_peak_rss_bytes.map_or_else(|| UNKNOWN.into(), show_bytes),
        show_bytes(point.in_flight_bytes),
        counts(&point.limited_by),
        counts(&point.verdicts),
        point.incidents.to_string(),
    ]);
    Row {
        cells,
        percent: if fastest > 0.0 { (100.0 * point.rate.median / fastest).round() as u64 } else { 0 },
        is_client_limited: point.limited_by.iter().any(|(word, _)| word == "client"),
    }
}

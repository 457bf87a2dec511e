//! All points as rows, those of one workload together and the fastest first.

use serde::Serialize;

use super::words::{UNKNOWN, bytes, counts, in_bytes, latency, range, spoken, throughput, value};
use crate::report::terminal::words::short;
use crate::results::{Spread, StudiedPoint, Study};
use crate::units::show_count;

/// Rows at most: a page that nobody can load helps nobody.
const ROWS_MAX: usize = 400;

/// The column that is always there, by the name that the page knows it by.
const LIMITED_BY: &str = "limited by";

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
    /// Whether another workload begins with it.
    pub(super) begins: bool,
}

/// All points, or as many as a page can hold.
pub(super) fn table(study: &Study) -> Table {
    let workloads = workloads(study);
    let each = (ROWS_MAX / workloads.len().max(1)).max(1);
    let whole = study.points.len();
    let rows_of = |(number, places): (usize, &Vec<usize>)| -> Vec<Row> {
        let fastest = places.first().map_or(0.0, |&place| study.points[place].rate.median);
        let shown = places.iter().take(if whole > ROWS_MAX { each } else { whole });
        let mut rows: Vec<Row> = shown.map(|&place| row(study, &study.points[place], fastest)).collect();
        if let Some(first) = rows.first_mut().filter(|_| number > 0) {
            first.begins = true;
        }
        rows
    };
    let rows: Vec<Row> = workloads.iter().enumerate().flat_map(rows_of).take(ROWS_MAX).collect();
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
    let mut table = Table { caption: String::new(), head: head(study), rows };
    let everywhere = table.take_what_is_the_same(study.swept.len());
    table.caption = format!(
        "Each point with the median of its runs, {order}. The shaded bar is the share of the workload's \
         fastest point.{everywhere}{left_out}"
    );
    table
}

impl Table {
    /// Takes away the columns that say the same in all rows, but for the first ones, and gives that in words. What limited
    /// the runs stays: figures mean little without it.
    fn take_what_is_the_same(&mut self, first: usize) -> String {
        let [one, rows @ ..] = self.rows.as_slice() else { return String::new() };
        let is_same = |place: &usize| rows.iter().all(|row| row.cells[*place] == one.cells[*place]);
        let same: Vec<usize> = match rows.is_empty() {
            true => Vec::new(),
            false => {
                let others = (first..self.head.len()).filter(|&place| self.head[place].name != LIMITED_BY);
                others.filter(is_same).collect()
            }
        };
        let told: Vec<_> =
            same.iter().map(|&place| format!("{} {}", self.head[place].name, one.cells[place])).collect();
        for place in same.into_iter().rev() {
            self.head.remove(place);
            self.rows.iter_mut().for_each(|row| drop(row.cells.remove(place)));
        }
        if told.is_empty() { String::new() } else { format!(" In all rows: {}.", told.join(", ")) }
    }
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
        head.push(figure("keys/s"));
    }
    head.extend([
        figure("p50"),
        figure("p99"),
        figure("client CPU, s/GB"),
        figure("server CPU, s/GB"),
        figure("client memory"),
        figure("in flight"),
        word(LIMITED_BY),
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
        cells.push(short(point.rate.median));
    }
    cells.extend([
        latency(point.latency_us_p50),
        latency(point.latency_us_p99),
        seconds(point.client_cpu_seconds_per_gb),
        seconds(point.servers_cpu_seconds_per_gb),
        point.client_peak_rss_bytes.map_or_else(|| UNKNOWN.into(), bytes),
        bytes(point.in_flight_bytes),
        counts(&point.limited_by),
        counts(&point.verdicts),
        point.incidents.to_string(),
    ]);
    Row {
        cells,
        percent: if fastest > 0.0 { (100.0 * point.rate.median / fastest).round() as u64 } else { 0 },
        is_client_limited: point.limited_by.iter().any(|(word, _)| word == "client"),
        begins: false,
    }
}

/// The median of seconds, without the unit, which the head of the column has.
fn seconds(spread: Option<Spread>) -> String {
    spread.map_or_else(|| UNKNOWN.into(), |spread| format!("{:.2}", spread.median))
}

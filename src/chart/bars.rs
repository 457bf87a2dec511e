//! Drawing [`Bars`]: horizontal bars, each stacked from parts, with their whole written behind them.

use super::axis::Range;
use super::check::{Sieve, at_most};
use super::error::ChartError;
use super::frame::{LINE, MARGIN, Plot, heading, left_out, notes, open_series};
use super::legend::{Sample, bar};
use super::model::{BarRow, Bars, MAX_SERIES, Scale};
use super::style::TEXT_NARROW;
use super::svg::{Anchor, Body, WIDTH};
use super::text::{shorten, width};

/// Bars of one drawing.
const MAX_ROWS: usize = 64;

/// Ticks, about.
const TICKS: usize = 5;

/// Height of a bar.
const BAR: f64 = 22.0;

/// What is free between two bars, and beside them.
const GAP: f64 = 12.0;

/// Names up to this width stand before their bars, longer ones above.
const NAMES_BEFORE: f64 = 160.0;

/// Draws stacked bars.
///
/// # Errors
/// [`ChartError`] if there is nothing to draw, too much of it, or a row has not one value a series.
pub fn bars(chart: &Bars) -> Result<String, ChartError> {
    let title = &chart.words.title;
    at_most(title, "series", chart.series.len(), MAX_SERIES)?;
    at_most(title, "rows", chart.rows.len(), MAX_ROWS)?;
    if chart.x.scale == Scale::Log {
        return Err(ChartError::StackedLog(title.clone()));
    }
    let mut sieve = Sieve::default();
    let rows: Vec<_> =
        chart.rows.iter().map(|row| Row::new(chart, row, &mut sieve)).collect::<Result<_, _>>()?;
    if rows.iter().all(|row| row.parts.is_empty()) {
        return Err(ChartError::Empty(title.clone()));
    }
    let greatest = rows.iter().map(|row| row.total).fold(0.0, f64::max);
    let range = Range::exactly(Scale::Linear, chart.x.unit, 0.0, greatest, TICKS);

    let mut body = Body::new(chart);
    body.hatchings(chart.series.len());
    let names: Vec<_> = chart.series.iter().map(String::as_str).collect();
    let top = heading(&mut body, title, &names, Sample::Bar);
    let layout = Layout::new(&rows, top);
    let plot = layout.plot;
    for tick in &range.ticks {
        let x = plot.x(range.share(tick.value), 0.0);
        body.line("grid", (x, plot.top), (x, plot.bottom));
    }
    for (index, row) in rows.iter().enumerate() {
        layout.draw(&mut body, chart, &range, row, index);
    }
    body.line("axis", (plot.left, plot.top), (plot.left, plot.bottom));
    let ticks: Vec<_> =
        (range.ticks.iter()).map(|tick| (plot.x(range.share(tick.value), 0.0), tick.text.clone())).collect();
    let bottom = plot.x_axis(&mut body, &ticks, &chart.x.label);
    let bottom = notes(&mut body, bottom, left_out(sieve.left_out, false).as_slice());
    Ok(body.into_document("bars", &chart.words, bottom))
}

/// What can be drawn of a row.
struct Row<'a> {
    name: &'a str,
    /// Which series, and its value.
    parts: Vec<(usize, f64)>,
    total: f64,
    /// The total as it is written.
    written: String,
}

impl<'a> Row<'a> {
    fn new(chart: &Bars, row: &'a BarRow, sieve: &mut Sieve) -> Result<Self, ChartError> {
        let (found, series) = (row.values.len(), chart.series.len());
        if found != series {
            return Err(ChartError::Uneven { row: row.name.clone(), found, series });
        }
        let mut parts = Vec::with_capacity(found);
        for (index, &value) in row.values.iter().enumerate() {
            if sieve.keeps(&row.name, Scale::Linear, value)? {
                parts.push((index, value));
            }
        }
        let total = parts.iter().map(|part| part.1).sum::<f64>().min(f64::MAX);
        // Where every part is unknown, so is the whole.
        let written = if parts.is_empty() { "unknown".into() } else { chart.x.unit.write(total) };
        Ok(Self { name: &row.name, parts, total, written })
    }
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> f64 {
    texts.map(|text| width(text, TEXT_NARROW)).fold(0.0, f64::max)
}

/// Where the rows stand.
struct Layout {
    plot: Plot,
    /// Height of a row.
    pitch: f64,
    /// Whether names stand above their bars.
    has_names_above: bool,
}

impl Layout {
    fn new(rows: &[Row], top: f64) -> Self {
        let names = widest(rows.iter().map(|row| row.name));
        let totals = widest(rows.iter().map(|row| row.written.as_str()));
        let has_names_above = names > NAMES_BEFORE;
        let left = if has_names_above { MARGIN } else { MARGIN + names + GAP };
        let pitch = if has_names_above { LINE + BAR + GAP } else { BAR + GAP };
        let right = WIDTH - MARGIN - totals - GAP;
        let bottom = top + pitch * rows.len() as f64 + GAP / 2.0;
        Self { plot: Plot { left, right, top, bottom }, pitch, has_names_above }
    }

    fn draw(&self, body: &mut Body, chart: &Bars, range: &Range, row: &Row, index: usize) {
        let bottom = self.plot.top + self.pitch * (index + 1) as f64;
        let (top, middle) = (bottom - BAR, bottom - BAR / 2.0);
        if self.has_names_above {
            let name = shorten(row.name, TEXT_NARROW, WIDTH - 2.0 * MARGIN - GAP / 2.0);
            body.text("name", (self.plot.left + GAP / 2.0, top - LINE / 2.0), Anchor::Start, &name);
        } else {
            body.text("name", (self.plot.left - GAP, middle), Anchor::End, row.name);
        }
        let mut before = 0.0;
        for &(series, value) in &row.parts {
            let x = |value: f64| self.plot.x(range.share(value), 0.0);
            let (left, right) = (x(before), x(before + value));
            before += value;
            if right > left {
                let value = chart.x.unit.write(value);
                open_series(body, series, &format!("{}, {}: {value}", row.name, chart.series[series]));
                bar(body, series, (left, top), (right - left, BAR));
                body.close();
            }
        }
        let end = self.plot.x(range.share(row.total), 0.0);
        body.text("total", (end + GAP / 2.0, middle), Anchor::Start, &row.written);
    }
}

//! Drawing [`Percentiles`]: latencies, the rarest of which get as much room as the most common.

use super::axis::Range;
use super::check::{Sieve, at_most, ends};
use super::decimate::kept;
use super::error::ChartError;
use super::frame::{Plot, heading, left_out, notes, open_series};
use super::legend::Sample;
use super::marker::marker;
use super::model::{MAX_SERIES, PercentileSeries, Percentiles, Scale, Unit};
use super::svg::{Body, polyline};

/// Nines beyond which percentiles are not told apart: one in ten million.
const MAX_NINES: f64 = 7.0;

/// Room for the longest latency of all, which is at no number of nines, as a share of a nine.
const LONGEST: f64 = 0.9;

/// Ticks of the upright axis, at most.
const Y_TICKS: usize = 8;

/// What the axes measure.
const X_LABEL: &str = "percentile (%)";
const Y_LABEL: &str = "latency";

/// Draws latencies by percentile.
///
/// # Errors
/// [`ChartError`] if there is nothing to draw, too much of it, or what is no percentile.
pub fn percentiles(chart: &Percentiles) -> Result<String, ChartError> {
    let title = &chart.words.title;
    at_most(title, "series", chart.series.len(), MAX_SERIES)?;
    let mut sieve = Sieve::default();
    let lines: Vec<_> =
        chart.series.iter().map(|series| points(series, &mut sieve)).collect::<Result<_, _>>()?;
    let Some((least, greatest)) = ends(lines.iter().flatten().map(|point| point.1)) else {
        return Err(ChartError::Empty(title.clone()));
    };
    let across = Across::new(lines.iter().flatten().map(|point| point.0));

    let mut body = Body::new(chart);
    let names: Vec<_> = chart.series.iter().map(|series| series.name.as_str()).collect();
    let top = heading(&mut body, title, &names, Sample::Line);
    let range = Range::around(Scale::Log, Unit::Microseconds, least, greatest, Y_TICKS);
    let plot = Plot::with_y_axis(&mut body, top, Y_LABEL, &range, 0.0);
    let ticks = across.ticks();
    for (percentile, _) in &ticks {
        let x = plot.x(across.share(*percentile), 0.0);
        body.line("grid", (x, plot.top), (x, plot.bottom));
    }
    let written: Vec<_> = ticks
        .iter()
        .map(|(percentile, text)| (plot.x(across.share(*percentile), 0.0), text.clone()))
        .collect();
    let bottom = plot.x_axis(&mut body, &written, X_LABEL);
    for (index, line) in lines.iter().enumerate() {
        let spread_out: Vec<_> = line.iter().map(|point| (across.share(point.0), point.1)).collect();
        let place = |at: usize| (plot.x(spread_out[at].0, 0.0), plot.y(&range, line[at].1));
        open_series(&mut body, index, &chart.series[index].name);
        body.path("line", &polyline(kept(&spread_out).into_iter().map(place)));
        body.close();
        for at in marked(line, &ticks) {
            let (percentile, latency) = line[at];
            let series = if lines.len() > 1 { format!("{}, ", names[index]) } else { String::new() };
            let words = format!("{series}{}: {}", name(percentile), Unit::Microseconds.write(latency));
            open_series(&mut body, index, &words);
            body.path("marker", &marker(index, place(at)));
            body.close();
        }
    }
    let bottom = notes(&mut body, bottom, left_out(sieve.left_out, true).as_slice());
    Ok(body.into_document("percentiles", &chart.words, bottom))
}

/// What can be drawn of a series, by percentile.
fn points(series: &PercentileSeries, sieve: &mut Sieve) -> Result<Vec<(f64, f64)>, ChartError> {
    let mut points = Vec::with_capacity(series.points.len());
    for &(percentile, latency) in &series.points {
        if percentile.is_finite() && !(0.0..=100.0).contains(&percentile) {
            return Err(ChartError::NoPercentile { name: series.name.clone(), percentile });
        }
        if !percentile.is_finite() {
            sieve.left_out += 1;
        } else if sieve.keeps(&series.name, Scale::Log, latency)? {
            points.push((percentile, latency));
        }
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    Ok(points)
}

/// How many nines a percentile has: 90 has one, 99.9 has three, 50 has 0.3.
fn nines(percentile: f64) -> f64 {
    (-(1.0 - percentile / 100.0).log10()).min(MAX_NINES)
}

/// How percentiles are laid out.
struct Across {
    /// The last tick's nines.
    nines: f64,
    /// Whether there is a longest latency, at 100.
    has_longest: bool,
}

impl Across {
    fn new(percentiles: impl Iterator<Item = f64> + Clone) -> Self {
        let has_longest = percentiles.clone().any(|percentile| percentile >= 100.0);
        let below = percentiles.filter(|percentile| *percentile < 100.0).map(nines);
        // What is a little beyond a tick, as the last step of a histogram often is, needs no further one.
        let nines = (below.fold(0.0, f64::max) - 0.05).ceil().clamp(2.0, MAX_NINES);
        Self { nines, has_longest }
    }

    /// Where a percentile stands, from 0 at the left to 1 at the right.
    fn share(&self, percentile: f64) -> f64 {
        let width = self.nines + if self.has_longest { LONGEST } else { 0.0 };
        if percentile >= 100.0 { 1.0 } else { nines(percentile).min(self.nines) / width }
    }

    /// Percentiles that are marked, and how they are written.
    fn ticks(&self) -> Vec<(f64, String)> {
        let nines = (1..=self.nines as usize).map(|nines| match nines {
            1 => (90.0, "90".to_owned()),
            2 => (99.0, "99".to_owned()),
            more => (100.0 - 10f64.powi(2 - more as i32), format!("99.{}", "9".repeat(more - 2))),
        });
        let longest = self.has_longest.then(|| (100.0, "max".to_owned()));
        [(0.0, "0".to_owned()), (50.0, "50".to_owned())].into_iter().chain(nines).chain(longest).collect()
    }
}

/// Places of the points that get a marker: the first ones that reach a tick.
fn marked(line: &[(f64, f64)], ticks: &[(f64, String)]) -> Vec<usize> {
    let reach = |tick: f64| line.iter().position(|point| point.0 >= tick - 1e-9);
    let mut marked: Vec<_> = ticks.iter().skip(1).filter_map(|tick| reach(tick.0)).collect();
    marked.dedup();
    marked
}

/// A percentile in words, for a mouse over it.
fn name(percentile: f64) -> String {
    let rounded = (percentile * 1e5).round() / 1e5;
    if rounded >= 100.0 { "longest".into() } else { format!("{rounded} %") }
}

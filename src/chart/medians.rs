//! Drawing a [`Medians`]: something that was measured several times against a parameter.

use super::axis::Range;
use super::check::{Sieve, at_most, ends};
use super::error::ChartError;
use super::frame::{Plot, heading, left_out, notes, open_series};
use super::legend::Sample;
use super::marker::marker;
use super::model::{MAX_SERIES, MedianPoint, MedianSeries, Medians, Scale, XAxis};
use super::svg::{Body, number, polyline};

/// Points of a series.
const MAX_POINTS: usize = 200;

/// Names that a parameter may be chosen from.
const MAX_NAMES: usize = 24;

/// Runs of a point that are drawn as dots; of more, the range and the median say more.
const MAX_DOTS: usize = 15;

/// Ticks of the upright axis, about.
const Y_TICKS: usize = 6;

/// Values of a parameter that may all be ticks, and ticks where there are more of them.
const MAX_VALUE_TICKS: usize = 14;
const X_TICKS: usize = 6;

/// Half the width of a range's ends.
const CAP: f64 = 5.0;

/// Between series that stand at the same value of the parameter.
const DODGE: f64 = 9.0;

/// What can be drawn of a series, sorted by `x`.
struct Line<'a> {
    name: &'a str,
    points: Vec<MedianPoint>,
}

/// Draws medians and their ranges against a parameter.
///
/// # Errors
/// [`ChartError`] if there is nothing to draw, too much of it, or it contradicts itself.
pub fn medians(chart: &Medians) -> Result<String, ChartError> {
    let title = &chart.words.title;
    at_most(title, "series", chart.series.len(), MAX_SERIES)?;
    if let XAxis::Names { names, .. } = &chart.x {
        at_most(title, "names", names.len(), MAX_NAMES)?;
    }
    let mut sieve = Sieve::default();
    let lines: Vec<_> =
        chart.series.iter().map(|series| line(chart, series, &mut sieve)).collect::<Result<_, _>>()?;
    let points = || lines.iter().flat_map(|line| &line.points);
    let measured = points().flat_map(|point| point.all.iter().copied().chain([point.median]));
    let Some((least, greatest)) = ends(measured) else {
        return Err(ChartError::Empty(title.clone()));
    };

    let mut body = Body::new(chart);
    let names: Vec<_> = chart.series.iter().map(|series| series.name.as_str()).collect();
    let sample = if has_lines(&chart.x) { Sample::Line } else { Sample::Marker };
    let top = heading(&mut body, title, &names, sample);
    let range = Range::around(chart.y.scale, chart.y.unit, least, greatest, Y_TICKS);
    let plot = Plot::with_y_axis(&mut body, top, &chart.y.label, &range, 0.0);
    let mut values: Vec<_> = points().map(|point| point.x).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let across = Across::new(&chart.x, &plot, &values, lines.len());
    let bottom = across.draw_axis(&mut body, &values);
    for (index, line) in lines.iter().enumerate() {
        open_series(&mut body, index, "");
        let place = |point: &MedianPoint| across.x(index, point.x);
        if has_lines(&chart.x) {
            let places = line.points.iter().map(|one| (place(one), plot.y(&range, one.median)));
            body.path("line", &polyline(places));
        }
        for point in &line.points {
            body.open("point", &words(chart, line.name, point));
            draw_point(&mut body, index, point, place(point), |value| plot.y(&range, value));
            body.close();
        }
        body.close();
    }
    let has_log =
        chart.y.scale == Scale::Log || matches!(&chart.x, XAxis::Numbers(axis) if axis.scale == Scale::Log);
    let note = left_out(sieve.left_out, has_log);
    let bottom = notes(&mut body, bottom, note.as_slice());
    Ok(body.into_document("medians", &chart.words, bottom))
}

fn has_lines(x: &XAxis) -> bool {
    matches!(x, XAxis::Numbers(_))
}

fn line<'a>(chart: &Medians, series: &'a MedianSeries, sieve: &mut Sieve) -> Result<Line<'a>, ChartError> {
    at_most(&chart.words.title, "points in a series", series.points.len(), MAX_POINTS)?;
    let mut points = Vec::with_capacity(series.points.len());
    for point in &series.points {
        let is_placed = match &chart.x {
            XAxis::Numbers(axis) => sieve.keeps(&series.name, axis.scale, point.x)?,
            XAxis::Names { names, .. } => {
                let is_name = point.x >= 0.0 && point.x.fract() == 0.0 && point.x < names.len() as f64;
                if !is_name {
                    let name = series.name.clone();
                    return Err(ChartError::NoSuchName { name, x: point.x, names: names.len() });
                }
                true
            }
        };
        let mut all = Vec::with_capacity(point.all.len());
        for &value in &point.all {
            if sieve.keeps(&series.name, chart.y.scale, value)? {
                all.push(value);
            }
        }
        if sieve.keeps(&series.name, chart.y.scale, point.median)? && is_placed {
            points.push(MedianPoint { all, ..*point });
        }
    }
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    Ok(Line { name: &series.name, points })
}

/// Where values of the parameter stand.
struct Across<'a> {
    axis: &'a XAxis,
    plot: &'a Plot,
    /// Of numbers; names stand at even distances.
    range: Option<Range>,
    /// Left free at both ends.
    space: f64,
    /// Between two series at the same value, and how many there are.
    dodge: f64,
    series: usize,
}

impl<'a> Across<'a> {
    /// `values` are sorted.
    fn new(axis: &'a XAxis, plot: &'a Plot, values: &[f64], series: usize) -> Self {
        let width = plot.right - plot.left;
        let (range, space) = match axis {
            XAxis::Numbers(axis) => {
                let (least, greatest) = ends(values.iter().copied()).unwrap_or((1.0, 1.0));
                let range = Range::exactly(axis.scale, axis.unit, least, greatest, X_TICKS);
                (Some(range), width * 0.06)
            }
            XAxis::Names { names, .. } => (None, width / names.len().max(1) as f64 / 2.0),
        };
        let mut across = Self { axis, plot, range, space, dodge: 0.0, series };
        let distances = values.windows(2).map(|two| across.middle(two[1]) - across.middle(two[0]));
        let room = distances.fold(width, f64::min) * 0.6;
        across.dodge = (room / series.max(1) as f64).min(DODGE);
        across
    }

    /// The place of a value.
    fn middle(&self, value: f64) -> f64 {
        let share = match (&self.range, self.axis) {
            (Some(range), _) => range.share(value),
            (None, XAxis::Names { names, .. }) if names.len() > 1 => value / (names.len() - 1) as f64,
            _ => 0.5,
        };
        self.plot.x(share, self.space)
    }

    /// The place of a value in a series. Series at the same value stand side by side, so that their ranges
    /// can be told apart.
    fn x(&self, series: usize, value: f64) -> f64 {
        self.middle(value) + (series as f64 - (self.series as f64 - 1.0) / 2.0) * self.dodge
    }

    fn draw_axis(&self, body: &mut Body, values: &[f64]) -> f64 {
        let axis = match self.axis {
            XAxis::Numbers(axis) => axis,
            XAxis::Names { label, names } => {
                let place = |(index, name): (usize, &String)| (self.middle(index as f64), name.clone());
                let ticks: Vec<_> = names.iter().enumerate().map(place).collect();
                return self.plot.x_axis_of_names(body, &ticks, label);
            }
        };
        let round = self.range.iter().flat_map(|range| &range.ticks);
        let round = round.map(|tick| (self.middle(tick.value), tick.text.clone()));
        let own = values.iter().map(|&value| (self.middle(value), axis.unit.write_exact(value)));
        let ticks: Vec<_> = if values.len() <= MAX_VALUE_TICKS { own.collect() } else { round.collect() };
        self.plot.x_axis(body, &ticks, &axis.label)
    }
}

fn draw_point(body: &mut Body, series: usize, point: &MedianPoint, x: f64, height: impl Fn(f64) -> f64) {
    if let Some((least, greatest)) = ends(point.all.iter().copied()).filter(|(a, b)| a < b) {
        let (low, high) = (number(height(least)), number(height(greatest)));
        let (left, x, right) = (number(x - CAP), number(x), number(x + CAP));
        body.path("range", &format!("M{left} {low}H{right}M{x} {low}V{high}M{left} {high}H{right}"));
    }
    if (2..=MAX_DOTS).contains(&point.all.len()) {
        // A line of no length with round ends is a dot.
        let dot = |&value: &f64| format!("M{} {}h0", number(x), number(height(value)));
        body.path("dots", &point.all.iter().map(dot).collect::<String>());
    }
    body.path("marker", &marker(series, (x, height(point.median))));
}

/// What a mouse over a point tells.
fn words(chart: &Medians, series: &str, point: &MedianPoint) -> String {
    let at = match &chart.x {
        XAxis::Numbers(axis) => axis.unit.write_exact(point.x),
        XAxis::Names { names, .. } => names.get(point.x as usize).cloned().unwrap_or_default(),
    };
    let write = |value: f64| chart.y.unit.write(value);
    let runs = match ends(point.all.iter().copied()) {
        Some((least, greatest)) if point.all.len() > 1 => {
            format!(" ({} to {}, {} runs)", write(least), write(greatest), point.all.len())
        }
        _ => String::new(),
    };
    let series = if chart.series.len() > 1 { format!("{series}, ") } else { String::new() };
    format!("{series}{at}: {}{runs}", write(point.median))
}

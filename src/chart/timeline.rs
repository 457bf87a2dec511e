//! Drawing a [`Timeline`]: something over the seconds of a run, and what happened meanwhile.

use super::axis::Range;
use super::check::{Sieve, at_most, ends};
use super::decimate::{singles, strips};
use super::error::ChartError;
use super::frame::{LINE, Plot, heading, left_out, notes, open_series};
use super::legend::Sample;
use super::marker::marker;
use super::model::{MAX_SERIES, Mark, Scale, TimeSeries, Timeline, Unit};
use super::style::TEXT_NARROW;
use super::svg::{Anchor, Body, polyline};
use super::text::width;

/// Ticks of the axes, about.
const X_TICKS: usize = 5;
const Y_TICKS: usize = 6;

/// Points of a line that are drawn each by itself, about two units apart. Of more, as many strips are drawn
/// as can be told apart.
const MAX_POINTS: usize = 240;
const STRIPS: usize = 120;

/// Between two markers of a line, in units.
const BETWEEN_MARKERS: f64 = 110.0;

/// Marks that are named below the drawing, and marks that are drawn.
const MAX_NAMED: usize = 12;
const MAX_DRAWN: usize = 200;

/// Rows of numbers above the data, for marks that are close to each other.
const MAX_LANES: usize = 3;

/// The data are as wide as this in any case.
const LEAST_WIDTH: f64 = 390.0;

/// The narrowest band that can be seen.
const MIN_BAND: f64 = 2.0;

/// Draws something over time, as far as it was measured. Marks beyond that stand at its end.
///
/// # Errors
/// [`ChartError`] if there is nothing to draw, or too much of it.
pub fn timeline(chart: &Timeline) -> Result<String, ChartError> {
    let title = &chart.words.title;
    at_most(title, "series", chart.series.len(), MAX_SERIES)?;
    let mut sieve = Sieve::default();
    let lines: Vec<_> = (chart.series.iter())
        .map(|series| Line::new(series, chart.y.scale, &mut sieve))
        .collect::<Result<_, _>>()?;
    let points = || lines.iter().flat_map(|line| &line.points);
    let (Some((least, greatest)), Some((_, last))) =
        (ends(points().map(|point| point.1)), ends(points().map(|point| point.0)))
    else {
        return Err(ChartError::Empty(title.clone()));
    };
    let time = Range::exactly(Scale::Linear, Unit::Seconds, 0.0, last, X_TICKS);
    let marks = Marks::new(&chart.marks, &mut sieve);

    let mut body = Body::new(chart);
    let names: Vec<_> = chart.series.iter().map(|series| series.name.as_str()).collect();
    let top = heading(&mut body, title, &names, Sample::Line);
    let range = Range::around(chart.y.scale, chart.y.unit, least, greatest, Y_TICKS);
    let lanes = marks.lanes(&time);
    let above = lanes.iter().flatten().max().map_or(0.0, |&lane| LANE * (lane + 1) as f64);
    let plot = Plot::with_y_axis(&mut body, top, &chart.y.label, &range, above);
    marks.draw(&mut body, &plot, &time, &lanes);
    for (index, line) in lines.iter().enumerate() {
        let place = |(x, y): (f64, f64)| (plot.x(time.share(x), 0.0), plot.y(&range, y));
        open_series(&mut body, index, &chart.series[index].name);
        let first = plot.left + BETWEEN_MARKERS * (index as f64 + 0.5) / lines.len() as f64;
        line.draw(&mut body, index, first, place);
        body.close();
    }
    let ticks: Vec<_> =
        (time.ticks.iter()).map(|tick| (plot.x(time.share(tick.value), 0.0), tick.text.clone())).collect();
    let bottom = plot.x_axis(&mut body, &ticks, "time");
    let mut below = marks.names();
    if let Some(seconds) = lines.iter().filter_map(Line::strip_seconds).reduce(f64::max) {
        let seconds = Unit::Seconds.write(seconds);
        below.push(format!("Lines: medians of about {seconds} each. Shaded: least to greatest."));
    }
    below.extend(left_out(sieve.left_out, chart.y.scale == Scale::Log));
    let bottom = notes(&mut body, bottom, &below);
    Ok(body.into_document("timeline", &chart.words, bottom))
}

/// What can be drawn of a series, by time.
struct Line {
    points: Vec<(f64, f64)>,
    /// Places of points before which something was left out, so that no line leads to them.
    gaps: Vec<usize>,
}

impl Line {
    fn new(series: &TimeSeries, scale: Scale, sieve: &mut Sieve) -> Result<Self, ChartError> {
        let mut sorted = Vec::with_capacity(series.points.len());
        for &(seconds, value) in &series.points {
            if sieve.keeps(&series.name, Scale::Linear, seconds)? {
                sorted.push((seconds, value));
            }
        }
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut line = Self { points: Vec::with_capacity(sorted.len()), gaps: Vec::new() };
        for (seconds, value) in sorted {
            if sieve.keeps(&series.name, scale, value)? {
                line.points.push((seconds, value));
            } else {
                line.gaps.push(line.points.len());
            }
        }
        Ok(line)
    }

    /// Whether something was left out between two points.
    fn has_gap(&self, before: usize, after: usize) -> bool {
        let next = self.gaps.partition_point(|&gap| gap <= before);
        self.gaps.get(next).is_some_and(|&gap| gap <= after)
    }

    fn is_dense(&self) -> bool {
        self.points.len() > MAX_POINTS
    }

    /// How long a strip is, where points are so many that strips are drawn.
    fn strip_seconds(&self) -> Option<f64> {
        let (first, last) = (self.points.first()?, self.points.last()?);
        self.is_dense().then(|| (last.0 - first.0) / STRIPS as f64)
    }

    /// Draws the line with a few markers, the first of them at `first` or to the right of it. Of a line with
    /// too many points, the medians of narrow strips are drawn, and how far the others go.
    fn draw(&self, body: &mut Body, series: usize, first: f64, place: impl Fn((f64, f64)) -> (f64, f64)) {
        let strips = if self.is_dense() { strips(&self.points, STRIPS) } else { singles(&self.points) };
        let (mut line, mut area) = (String::new(), String::new());
        for piece in strips.chunk_by(|before, after| !self.has_gap(before.last, after.first)) {
            line += &polyline(piece.iter().map(|strip| place((strip.x, strip.median))));
            let above = piece.iter().map(|strip| place((strip.x, strip.greatest)));
            let below = piece.iter().rev().map(|strip| place((strip.x, strip.least)));
            area += &format!("{}Z", polyline(above.chain(below)));
        }
        if self.is_dense() {
            body.path("area", &area);
        }
        body.path("line", &line);
        let places: Vec<_> = strips.iter().map(|strip| place((strip.x, strip.median))).collect();
        for at in marked(&places, first) {
            body.path("marker", &marker(series, at));
        }
    }
}

/// The places that get a marker: about as far apart as can be told, and one in any case.
fn marked(places: &[(f64, f64)], first: f64) -> Vec<(f64, f64)> {
    let mut next = first;
    let mut marked = Vec::new();
    for &place in places {
        if place.0 >= next {
            marked.push(place);
            next = place.0 + BETWEEN_MARKERS;
        }
    }
    if marked.is_empty() {
        marked.extend(places.last());
    }
    marked
}

/// Height of a row of numbers above the data.
const LANE: f64 = LINE * 0.8;

/// Marks that can be drawn, from left to right.
struct Marks<'a> {
    shown: Vec<&'a Mark>,
    /// How many more there are.
    more: usize,
}

impl<'a> Marks<'a> {
    fn new(marks: &'a [Mark], sieve: &mut Sieve) -> Self {
        let mut shown: Vec<_> = marks.iter().filter(|mark| mark.from_seconds.is_finite()).collect();
        sieve.left_out += marks.len() - shown.len();
        shown.sort_by(|a, b| a.from_seconds.total_cmp(&b.from_seconds));
        let more = shown.len().saturating_sub(MAX_DRAWN);
        shown.truncate(MAX_DRAWN);
        Self { shown, more }
    }

    /// The row above the data in which each number stands, if there is room for it in one.
    fn lanes(&self, time: &Range) -> Vec<Option<usize>> {
        let mut ends = [f64::NEG_INFINITY; MAX_LANES];
        let mut lane = |(index, mark): (usize, &&Mark)| {
            let half = width(&(index + 1).to_string(), TEXT_NARROW) / 2.0 + 2.0;
            let middle = LEAST_WIDTH * (time.share(mark.from_seconds) + time.share(last(mark))) / 2.0;
            let free = ends.iter().position(|&end| end <= middle - half)?;
            ends[free] = middle + half;
            Some(free)
        };
        self.shown.iter().enumerate().take(MAX_NAMED).map(&mut lane).collect()
    }

    /// Shades the bands and draws the lines, with numbers above the data.
    fn draw(&self, body: &mut Body, plot: &Plot, time: &Range, lanes: &[Option<usize>]) {
        for (index, mark) in self.shown.iter().enumerate() {
            let x = |seconds: f64| plot.x(time.share(seconds), 0.0);
            let (from, to) = (x(mark.from_seconds), x(last(mark)));
            body.open("mark", &words(mark));
            if end(mark).is_some() {
                let width = (to - from).max(MIN_BAND);
                body.rect("band", (from, plot.top), (width, plot.bottom - plot.top));
            } else {
                body.line("moment", (from, plot.top), (from, plot.bottom));
            }
            if let Some(Some(lane)) = lanes.get(index) {
                let at = ((from + to) / 2.0, plot.top - LANE * (*lane as f64 + 0.5));
                body.line("moment", (at.0, at.1 + LANE / 2.0), (at.0, plot.top));
                body.text("number", at, Anchor::Middle, &(index + 1).to_string());
            }
            body.close();
        }
    }

    /// What the numbers mean.
    fn names(&self) -> Vec<String> {
        let named = self.shown.iter().enumerate().take(MAX_NAMED);
        let mut names: Vec<_> =
            named.map(|(index, mark)| format!("{}. {}", index + 1, words(mark))).collect();
        let shaded = self.shown.len().saturating_sub(MAX_NAMED);
        if shaded > 0 {
            names.push(format!("{shaded} more without a number"));
        }
        if self.more > 0 {
            names.push(format!("{} later ones are not drawn", self.more));
        }
        names
    }
}

/// When a mark was over, if that is known.
fn end(mark: &Mark) -> Option<f64> {
    mark.to_seconds.filter(|to| to.is_finite()).map(|to| to.max(mark.from_seconds))
}

/// Where a mark ends in the drawing.
fn last(mark: &Mark) -> f64 {
    end(mark).unwrap_or(mark.from_seconds)
}

fn words(mark: &Mark) -> String {
    let from = clock(mark.from_seconds);
    match end(mark) {
        Some(to) => format!("{}: {from} to {}", mark.name, clock(to)),
        None => format!("{}: {from}", mark.name),
    }
}

/// A moment of a run: `12.5 s`, `3 min 20 s`.
fn clock(seconds: f64) -> String {
    if seconds < 120.0 {
        return if seconds > 0.0 { Unit::Seconds.write(seconds) } else { "0 s".into() };
    }
    format!("{} min {} s", (seconds / 60.0).floor(), (seconds % 60.0).floor())
}

//! What surrounds the data of every chart: title, legend, axes with their grid, and notes below. Places are
//! counted with the larger text of narrow screens, so nothing overlaps on any.

use super::axis::Range;
use super::legend::Sample;
use super::marker::class;
use super::style::{TEXT_NARROW, TITLE_NARROW};
use super::svg::{Anchor, Body, WIDTH};
use super::text::{shorten, width, wrap};

/// Left free at all edges, in units.
pub(super) const MARGIN: f64 = 12.0;

/// Height of a line of text.
pub(super) const LINE: f64 = 25.0;

/// Between things that belong together.
const GAP: f64 = 8.0;

/// Height of the area of the data.
const PLOT_HEIGHT: f64 = 250.0;

/// Lines of a title; more is cut off.
const MAX_TITLE_LINES: usize = 3;

/// Bold text is wider.
const BOLD: f64 = 1.08;

/// Width for text that goes from one edge to the other.
const FULL_WIDTH: f64 = WIDTH - 2.0 * MARGIN;

/// Writes the title and the legend, if there is more than one series. Returns where they end.
pub(super) fn heading(body: &mut Body, title: &str, names: &[&str], sample: Sample) -> f64 {
    let mut y = MARGIN;
    for line in wrap(title, TITLE_NARROW * BOLD, FULL_WIDTH, MAX_TITLE_LINES) {
        body.text("title", (MARGIN, y + LINE / 2.0), Anchor::Start, &line);
        y += LINE;
    }
    y += GAP;
    if names.len() > 1 { legend(body, y, names, sample) + GAP } else { y }
}

/// Writes samples and names: in one row if they fit, else in columns. Returns where they end.
fn legend(body: &mut Body, top: f64, names: &[&str], sample: Sample) -> f64 {
    let offset = sample.width() + GAP;
    let most = FULL_WIDTH - offset;
    let names: Vec<_> = names.iter().map(|name| shorten(name, TEXT_NARROW, most)).collect();
    let length = |name: &String| offset + width(name, TEXT_NARROW) + 2.0 * GAP;
    let whole: f64 = names.iter().map(length).sum();
    let widest = names.iter().map(length).fold(1.0, f64::max);
    let is_one_row = whole - 2.0 * GAP <= FULL_WIDTH;
    let columns = (((FULL_WIDTH + 2.0 * GAP) / widest) as usize).max(1);
    let (mut x, mut y) = (MARGIN, top + LINE / 2.0);
    for (series, name) in names.iter().enumerate() {
        if series > 0 && !is_one_row && series % columns == 0 {
            (x, y) = (MARGIN, y + LINE);
        }
        sample.draw(body, series, (x, y));
        body.text("name", (x + offset, y), Anchor::Start, name);
        x += if is_one_row { length(name) } else { widest };
    }
    y + LINE / 2.0
}

/// The area of the data, in units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plot {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Plot {
    /// Draws the upright axis below `top`: what it measures, its ticks and the grid. Between the former and the
    /// grid, `above` units are left free.
    pub(super) fn with_y_axis(body: &mut Body, top: f64, label: &str, range: &Range, above: f64) -> Self {
        let widths = range.ticks.iter().map(|tick| width(&tick.text, TEXT_NARROW));
        let left = MARGIN + widths.fold(0.0, f64::max) + GAP;
        let label = shorten(label, TEXT_NARROW, FULL_WIDTH);
        body.text("label", (MARGIN, top + LINE / 2.0), Anchor::Start, &label);
        let top = top + LINE + 1.5 * GAP + above;
        let plot = Self { left, right: WIDTH - 2.0 * MARGIN, top, bottom: top + PLOT_HEIGHT };
        for &value in &range.minor {
            plot.level("minor", body, range, value);
        }
        for tick in &range.ticks {
            plot.level("grid", body, range, tick.value);
            let at = (plot.left - GAP, plot.y(range, tick.value));
            body.text("tick", at, Anchor::End, &tick.text);
        }
        body.line("axis", (plot.left, plot.bottom), (plot.right, plot.bottom));
        plot
    }

    fn level(&self, class: &str, body: &mut Body, range: &Range, value: f64) {
        let y = self.y(range, value);
        body.line(class, (self.left, y), (self.right, y));
    }

    /// The height of a value.
    pub(super) fn y(&self, range: &Range, value: f64) -> f64 {
        self.bottom - range.share(value) * (self.bottom - self.top)
    }

    /// A place between the left (0) and the right (1), with some space left free at both ends.
    pub(super) fn x(&self, share: f64, space: f64) -> f64 {
        self.left + space + share * (self.right - self.left - 2.0 * space)
    }

    /// Draws the level axis below the data: ticks from left to right, those with text that would overlap
    /// without it, and what the axis measures. Returns where it ends.
    pub(super) fn x_axis(&self, body: &mut Body, ticks: &[(f64, String)], label: &str) -> f64 {
        let y = self.bottom + GAP + LINE / 2.0;
        for (x, _) in ticks {
            body.line("axis", (*x, self.bottom), (*x, self.bottom + 5.0));
        }
        for (x, text) in without_overlaps(ticks) {
            body.text("tick", (x, y), Anchor::Middle, text);
        }
        self.x_label(body, y + LINE / 2.0, label)
    }

    /// As [`Plot::x_axis`], for names, all of which are written: in several rows if they are long.
    pub(super) fn x_axis_of_names(&self, body: &mut Body, ticks: &[(f64, String)], label: &str) -> f64 {
        let slot = (self.right - self.left) / ticks.len().max(1) as f64 - GAP;
        let widest = ticks.iter().map(|(_, text)| width(text, TEXT_NARROW)).fold(0.0, f64::max);
        let rows = ((widest / slot).ceil().max(1.0) as usize).min(MAX_NAME_ROWS);
        for (index, (x, text)) in ticks.iter().enumerate() {
            let row = (index % rows) as f64;
            let text = shorten(text, TEXT_NARROW, slot * rows as f64 + GAP * (rows as f64 - 1.0));
            let y = self.bottom + GAP + LINE * (row + 0.5);
            body.line("axis", (*x, self.bottom), (*x, self.bottom + 5.0 + LINE * row));
            body.text("tick", (centre(*x, &text), y), Anchor::Middle, &text);
        }
        self.x_label(body, self.bottom + GAP + LINE * rows as f64, label)
    }

    fn x_label(&self, body: &mut Body, top: f64, label: &str) -> f64 {
        let label = shorten(label, TEXT_NARROW, FULL_WIDTH);
        let middle = centre((self.left + self.right) / 2.0, &label);
        body.text("label", (middle, top + LINE / 2.0), Anchor::Middle, &label);
        top + LINE + GAP
    }
}

/// Rows for names that are too long to stand side by side.
const MAX_NAME_ROWS: usize = 3;

/// The middle of a text that should be in the middle of a place, moved so that none of it is cut off.
fn centre(x: f64, text: &str) -> f64 {
    let half = width(text, TEXT_NARROW) / 2.0;
    x.max(GAP / 2.0 + half).min(WIDTH - GAP / 2.0 - half)
}

/// The ticks that have room for their text. Of those at even distances every second one, or third, and so
/// on; of others all that fit beside the last one, which tells how far the axis goes, and each other.
fn without_overlaps(ticks: &[(f64, String)]) -> Vec<(f64, &str)> {
    let half = |text: &str| width(text, TEXT_NARROW) / 2.0 + GAP / 2.0;
    let placed: Vec<_> = ticks.iter().map(|(x, text)| (centre(*x, text), text.as_str())).collect();
    let fits = |a: &(f64, &str), b: &(f64, &str)| a.0 + half(a.1) <= b.0 - half(b.1);
    let distances: Vec<_> = ticks.windows(2).map(|two| two[1].0 - two[0].0).collect();
    if distances.windows(2).all(|two| (two[1] - two[0]).abs() < 1.0) {
        let every = |step: usize| placed.iter().step_by(step).copied().collect::<Vec<_>>();
        let is_clear = |kept: &[(f64, &str)]| kept.windows(2).all(|two| fits(&two[0], &two[1]));
        let clear = (1..=placed.len()).map(every).find(|kept| is_clear(kept));
        return clear.unwrap_or_default();
    }
    let mut kept: Vec<(f64, &str)> = Vec::new();
    for tick in placed.iter().rev() {
        if kept.last().is_none_or(|after| fits(tick, after)) {
            kept.push(*tick);
        }
    }
    kept
}

/// Writes what else a reader has to know, each note on lines of its own. Returns where they end.
pub(super) fn notes(body: &mut Body, top: f64, notes: &[String]) -> f64 {
    let mut y = top;
    for line in notes.iter().flat_map(|note| wrap(note, TEXT_NARROW, FULL_WIDTH, 3)) {
        body.text("note", (MARGIN, y + LINE / 2.0), Anchor::Start, &line);
        y += LINE;
    }
    y + GAP / 2.0
}

/// What to say of values that are not in the drawing.
pub(super) fn left_out(count: usize, has_log: bool) -> Option<String> {
    let values = if count == 1 { "1 value is" } else { &format!("{count} values are") };
    let zero = if has_log { ", or zero, which a logarithmic axis has not" } else { "" };
    (count > 0).then(|| format!("{values} left out: not a number{zero}."))
}

/// Begins the group of a series, told by its name.
pub(super) fn open_series(body: &mut Body, series: usize, name: &str) {
    body.open(&class(series), name);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(ticks: &[(f64, &str)]) -> Vec<String> {
        let ticks: Vec<_> = ticks.iter().map(|(x, text)| (*x, (*text).to_owned())).collect();
        without_overlaps(&ticks).iter().map(|(_, text)| (*text).to_owned()).collect()
    }

    #[test]
    fn ticks_at_even_distances_stay_even() {
        let ticks = [(100.0, "10 min"), (150.0, "20 min"), (200.0, "30 min"), (250.0, "40 min")];
        assert_eq!(kept(&ticks), ["10 min", "30 min"]);
        let apart = ticks.map(|(x, text)| (x * 2.0, text));
        assert_eq!(kept(&apart), ["10 min", "20 min", "30 min", "40 min"]);
    }

    #[test]
    fn of_other_ticks_the_last_one_stays() {
        let ticks = [(100.0, "1"), (110.0, "2"), (130.0, "4"), (170.0, "8"), (250.0, "16")];
        assert_eq!(kept(&ticks), ["16", "8", "4", "1"]);
        assert_eq!(kept(&[(300.0, "512 B")]), ["512 B"]);
        assert!(kept(&[]).is_empty());
    }
}

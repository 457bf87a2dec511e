//! What stands for a series in a legend: a piece of it.

use super::marker::{class, marker};
use super::model::MAX_SERIES;
use super::svg::Body;

/// How a legend shows what a series looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    /// A piece of line with a marker.
    Line,
    /// A marker alone, where there are no lines.
    Marker,
    /// A piece of bar.
    Bar,
}

impl Sample {
    /// How wide the sample is.
    pub(super) fn width(self) -> f64 {
        match self {
            Self::Line => 36.0,
            Self::Marker => 14.0,
            Self::Bar => 20.0,
        }
    }

    /// Draws it, centred in height, from a place to the right.
    pub(super) fn draw(self, body: &mut Body, series: usize, (x, y): (f64, f64)) {
        body.open(&class(series), "");
        let middle = (x + self.width() / 2.0, y);
        if self == Self::Line {
            body.line("line", (x, y), (x + self.width(), y));
        }
        match self {
            Self::Line | Self::Marker => body.path("marker", &marker(series, middle)),
            Self::Bar => bar(body, series, (x, y - 8.0), (self.width(), 16.0)),
        }
        body.close();
    }
}

/// A piece of bar with the series' hatching.
pub(super) fn bar(body: &mut Body, series: usize, corner: (f64, f64), size: (f64, f64)) {
    body.rect("bar", corner, size);
    let hatching = series % MAX_SERIES;
    if hatching > 0 {
        body.hatch(hatching, corner, size);
    }
}

//! Charts: data in, the text of a stand-alone SVG file out. Nothing here knows what the numbers mean, where
//! they come from, or where the drawing goes.
//!
//! A drawing is legible by itself and among others in a page: its ids are its own, its styles reach nothing
//! else, it follows the light or dark of the reader and prints light. Series differ in colour, and in marker,
//! dash or hatching as well. There is no script, no font and no address in it, and its size is bounded.

mod axis;
mod bars;
mod check;
mod decimate;
mod error;
mod frame;
mod legend;
mod marker;
mod medians;
mod model;
mod percentiles;
mod style;
mod svg;
#[cfg(test)]
mod tests;
mod text;
mod timeline;
mod unit;

pub use bars::bars;
pub use error::ChartError;
pub use medians::medians;
pub use model::{
    Axis, BarRow, Bars, MAX_SERIES, Mark, MedianPoint, MedianSeries, Medians, PercentileSeries, Percentiles,
    Scale, TimeSeries, Timeline, Unit, Words, XAxis,
};
pub use percentiles::percentiles;
pub use timeline::timeline;

//! Why something cannot be drawn.

/// Why something cannot be drawn. What is not finite is never the cause: it is left out, and the drawing says
/// how many values that were.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ChartError {
    /// Nothing is left that could be drawn.
    #[error("`{0}` has no values to draw")]
    Empty(
        /// The chart's title.
        String,
    ),
    /// More than a reader could tell apart, or than a drawing should hold.
    #[error("`{title}` has {count} {what}, of {most} at most")]
    TooMany {
        /// The chart's title.
        title: String,
        /// Series, points, rows, names or marks.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// All axes begin at zero, or above it.
    #[error("`{name}` has the value {value}, and a chart has none below zero")]
    Negative {
        /// The series or row.
        name: String,
        /// The value.
        value: f64,
    },
    /// Beyond what an axis can show.
    #[error("`{name}` has the value {value:e}, and a chart has none above 1e21")]
    TooGreat {
        /// The series or row.
        name: String,
        /// The value.
        value: f64,
    },
    /// Not between 0 and 100.
    #[error("`{name}` has a percentile {percentile}, which is not from 0 to 100")]
    NoPercentile {
        /// The series.
        name: String,
        /// What it has.
        percentile: f64,
    },
    /// A point stands at a name that is not there.
    #[error("`{name}` has a point at the name number {x}, and there are {names} names, from 0")]
    NoSuchName {
        /// The series.
        name: String,
        /// What it has.
        x: f64,
        /// How many names there are.
        names: usize,
    },
    /// A row does not have one value for each series.
    #[error("the row `{row}` has {found} values, for {series} series")]
    Uneven {
        /// The row.
        row: String,
        /// Its values.
        found: usize,
        /// How many it should have.
        series: usize,
    },
    /// The parts of a stacked bar can be compared from zero on only.
    #[error("`{0}` stacks bars on a logarithmic axis: their parts could not be compared")]
    StackedLog(
        /// The chart's title.
        String,
    ),
}

//! What a chart can be asked to show: plain data with its units, before anything is placed.

/// How many series a chart may have: as many as there are colours that nearly everybody can tell apart.
pub const MAX_SERIES: usize = 8;

/// What a chart is called, and what it shows in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// Stands above the drawing, and is its accessible name.
    pub title: String,
    /// What somebody needs to know who does not see the drawing: its alt text.
    pub description: String,
}

/// How values are laid out along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Evenly, from zero on.
    Linear,
    /// By their ratio, from somewhat below the least on. Zero is nowhere: such values are left out.
    Log,
}

/// What values are, which decides how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of anything: `64`, `10 k`.
    Plain,
    /// Bytes: `64 KiB`.
    Bytes,
    /// Anything a second: `1.2 M/s`.
    PerSecond,
    /// Bytes a second: `300 MB/s`, decimal, as links are rated.
    BytesPerSecond,
    /// Microseconds: `300 µs`, `3 ms`, `1.5 s`.
    Microseconds,
    /// Seconds: `0.5 s`, `30 s`, `5 min`.
    Seconds,
    /// Percent, where the whole is 100: `25 %`.
    Percent,
}

/// One direction of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What is measured: `throughput`. Ticks carry the unit.
    pub label: String,
    /// How values are laid out.
    pub scale: Scale,
    /// What values are.
    pub unit: Unit,
}

/// What medians are drawn against.
#[derive(Clone, Debug, PartialEq)]
pub enum XAxis {
    /// A parameter that is a number. Where its values are few, they are the ticks.
    Numbers(Axis),
    /// A parameter that is chosen from names, side by side and without lines between them.
    Names {
        /// What is chosen: `command`.
        label: String,
        /// The names from left to right. A point's `x` is the place of its name, from 0.
        names: Vec<String>,
    },
}

/// Something that was measured several times against a parameter: medians joined by a line, with the range
/// and each run.
#[derive(Clone, Debug, PartialEq)]
pub struct Medians {
    /// Title and alt text.
    pub words: Words,
    /// The parameter.
    pub x: XAxis,
    /// What was measured.
    pub y: Axis,
    /// What else was different: at most eight.
    pub series: Vec<MedianSeries>,
}

/// One line of medians.
#[derive(Clone, Debug, PartialEq)]
pub struct MedianSeries {
    /// As the legend has it.
    pub name: String,
    /// In any order.
    pub points: Vec<MedianPoint>,
}

/// What was measured at one value of the parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct MedianPoint {
    /// The parameter, or the place of its name.
    pub x: f64,
    /// The middle of all runs.
    pub median: f64,
    /// Each run: the least and greatest are the ends of a bar, and where they are few, each is a dot.
    pub all: Vec<f64>,
}

/// Latencies by percentile: each further nine (90 %, 99 %, 99.9 %, …) takes the same width, and latencies stand
/// on a logarithmic axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Percentiles {
    /// Title and alt text.
    pub words: Words,
    /// At most eight.
    pub series: Vec<PercentileSeries>,
}

/// One line of percentiles.
#[derive(Clone, Debug, PartialEq)]
pub struct PercentileSeries {
    /// As the legend has it.
    pub name: String,
    /// Percentile (0 to 100) and latency in microseconds, in any order. The one at 100, the longest
    /// latency of all, has a place of its own at the right.
    pub points: Vec<(f64, f64)>,
}

/// Something over the seconds of a run, with what happened meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// Title and alt text.
    pub words: Words,
    /// What was measured.
    pub y: Axis,
    /// At most eight.
    pub series: Vec<TimeSeries>,
    /// What happened.
    pub marks: Vec<Mark>,
}

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeSeries {
    /// As the legend has it.
    pub name: String,
    /// Seconds since the beginning, and the value, in any order.
    pub points: Vec<(f64, f64)>,
}

/// Something that happened: a band of time, or a line where no end is known. Marks are numbered from left to
/// right, and their names stand below the drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// What happened, and to whom.
    pub name: String,
    /// When it began, in seconds since the beginning.
    pub from_seconds: f64,
    /// When it was over, where it was.
    pub to_seconds: Option<f64>,
}

/// Horizontal bars, one a row, each stacked from parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// Title and alt text.
    pub words: Words,
    /// What the length of a bar is. Always linear.
    pub x: Axis,
    /// What the parts are, from the left: at most eight.
    pub series: Vec<String>,
    /// The bars from the top down.
    pub rows: Vec<BarRow>,
}

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct BarRow {
    /// Stands before the bar.
    pub name: String,
    /// One value for each series.
    pub values: Vec<f64>,
}

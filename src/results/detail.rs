//! What is known of one run beside its figures: over time, master by master, and how its latencies were
//! spread. It is read again from what a run left, bounded whatever that is.

use super::Incident;

/// One run, looked at closely. What was not found is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunDetail {
    /// The run.
    pub run: String,
    /// Its masters, in slot order.
    pub masters: Vec<MasterDetail>,
    /// What happened to them.
    pub incidents: Vec<Incident>,
    /// How much more did.
    pub incidents_left_out: u64,
    /// From its beginning to its end.
    pub course: Course,
    /// Latencies of its pipelines in microseconds, rising, and how many pipelines had each.
    pub latencies: Vec<(u64, u64)>,
}

/// One master's part in a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MasterDetail {
    /// Where it was reached.
    pub address: String,
    /// Slots that it owned in the beginning.
    pub slots: u64,
    /// Keys executed there.
    pub keys: u64,
    /// Keys a second, over its own part of the fill.
    pub keys_per_second: f64,
    /// Processor seconds during the fill; `None` if it would not say.
    pub cpu_seconds: Option<f64>,
}

/// A run over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// The masters, as [`Slice::keys_per_second`] has them.
    pub masters: Vec<String>,
    /// About a second each, or several where the run was long.
    pub slices: Vec<Slice>,
}

/// A part of a run's time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slice {
    /// When it began, in seconds since the first byte.
    pub start_seconds: f64,
    /// When it was over.
    pub end_seconds: f64,
    /// Keys a second of each master; `None` where it had no part in it.
    pub keys_per_second: Vec<Option<f64>>,
    /// The 99th percentile of the latencies, in microseconds, of the second and master where it was largest.
    /// `None` if no pipeline ended.
    pub latency_us_p99: Option<u64>,
}

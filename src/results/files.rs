//! The names of the files that runs leave, for those who write them and those who read them again.

/// The folder of the runs of a sweep, each with a folder of its own.
pub const RUNS_FOLDER: &str = "runs";
/// The record of a run.
pub const RUN_FILE: &str = "run.json";
/// A row for each run.
pub const RUNS_TABLE: &str = "runs.csv";
/// A row for each second and master.
pub const INTERVALS_TABLE: &str = "intervals.csv";
/// The histogram of each run.
pub const LATENCY_TABLE: &str = "latency.csv";
/// The histograms of a run second by second.
pub const LATENCY_LOG: &str = "latency.hlog";
/// The record of a sweep.
pub const SWEEP_FILE: &str = "sweep.json";

//! Runs by what they were asked: which points they make, what each parameter does to throughput, which
//! settings are best at what, and which runs are worth a closer look. Places in [`Study::points`] and in
//! [`Swept::values`] count from 0.

use super::{PointParameters, Spread};

/// What follows from some runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Study {
    /// What was named, in that order.
    pub paths: Vec<String>,
    /// Runs found.
    pub runs: u64,
    /// When the first and the last of them started: RFC 3339, UTC.
    pub started_at: (String, String),
    /// Runs that points are made of: exact ones, and those whose keys were thrown away as asked.
    pub measured: u64,
    /// How much each of these filled, in bytes of keys and values.
    pub fill_bytes: Spread,
    /// How long that took, in seconds.
    pub fill_seconds: Spread,
    /// Runs of these that the client limited: they measured it, and not the servers.
    pub client_limited: u64,
    /// Runs of these that were over too soon to say what limited them.
    pub too_short: u64,
    /// Folders of live comparisons that they were found in, whose two sides may make one point.
    pub compared: Vec<String>,
    /// Runs that no point is made of, the first of them.
    pub unmeasured: Vec<Unmeasured>,
    /// How many more.
    pub unmeasured_left_out: u64,
    /// Sweeps that were to have more runs than are there.
    pub absent: Vec<Absent>,
    /// What looks like runs and is none, and why: `a.csv, which has no column x`.
    pub passed_over: Vec<String>,
    /// The machines that sent the runs.
    pub machines: Vec<String>,
    /// The servers' names and versions.
    pub servers: Vec<String>,
    /// Where the runs were sent.
    pub targets: Vec<String>,
    /// Versions of the program that sent them.
    pub programs: Vec<String>,
    /// What is not the same in all points.
    pub swept: Vec<Swept>,
    /// What is, and was asked.
    pub everywhere: Vec<(String, String)>,
    /// Runs with the same parameters, machine and servers; fastest first among those of one workload.
    pub points: Vec<StudiedPoint>,
    /// The point that the grid is looked at from: that of the best settings at a workload in the middle.
    pub reference: Option<usize>,
    /// It, and the points that differ from it in nothing but the server, the machine or the target.
    pub counterparts: Vec<usize>,
    /// What each swept parameter does, those that matter most first.
    pub effects: Vec<Effect>,
    /// The best settings, for each place that runs were sent to.
    pub choices: Vec<Choices>,
    /// What users were warned of, and how many runs of it, most frequent first.
    pub warnings: Vec<(String, u64)>,
    /// Points whose latencies are worth a look.
    pub latencies: Vec<usize>,
    /// Runs that are worth a look from their beginning to their end.
    pub courses: Vec<CourseOf>,
}

/// A run that no point is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmeasured {
    /// The file that it was read from, and the row if it has rows.
    pub place: String,
    /// How it ended, or what else is the matter.
    pub what: String,
    /// Why, in its own words; empty if it does not say.
    pub why: String,
}

/// A sweep that was to have more runs than are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Absent {
    /// Its folder.
    pub folder: String,
    /// How many runs.
    pub runs: u64,
}

/// A parameter that differs between points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Swept {
    /// Its name, as in `runs.csv` without `asked_`.
    pub name: String,
    /// Whether it says how keys are sent; else it says which and where.
    pub is_setting: bool,
    /// What it is set to, rising.
    pub values: Vec<SweptValue>,
}

/// What a parameter is set to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweptValue {
    /// As it was given; `auto` was left open.
    pub text: String,
    /// The same as a number, if it is one; a size is one of bytes, unless others of the values are bare numbers.
    pub number: Option<f64>,
}

/// Runs that were asked the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudiedPoint {
    /// For each of [`Study::swept`], the place of its value.
    pub values: Vec<usize>,
    /// What they were asked.
    pub parameters: PointParameters,
    /// Their ids.
    pub runs: Vec<String>,
    /// Keys a second of each run.
    pub keys_per_second: Vec<f64>,
    /// The same together.
    pub rate: Spread,
    /// Bytes of a key and its value.
    pub bytes_per_key: u64,
    /// Median latency of pipelines, in microseconds, and its spread over the runs.
    pub latency_us_p50: Option<Spread>,
    /// The 99th percentile.
    pub latency_us_p99: Option<Spread>,
    /// Processor seconds of the client for 10^9 bytes of keys and values.
    pub client_cpu_seconds_per_gb: Option<Spread>,
    /// The same of all servers together.
    pub servers_cpu_seconds_per_gb: Option<Spread>,
    /// Largest resident set of the client in any run, in bytes; `None` where servers are a part of it.
    pub client_peak_rss_bytes: Option<u64>,
    /// Bytes of keys and values that may be unanswered at a master: writers, window and depth together.
    pub in_flight_bytes: u64,
    /// Threads of the client.
    pub threads: u64,
    /// Connections that write to each master.
    pub writers: u64,
    /// What limited the runs, and how many of them.
    pub limited_by: Vec<(String, u64)>,
    /// How the runs ended, and how many of them.
    pub verdicts: Vec<(String, u64)>,
    /// Incidents in all runs together.
    pub incidents: u64,
}

impl StudiedPoint {
    /// Bytes of keys and values a second, at so many keys a second.
    pub fn bytes_per_second(&self, keys_per_second: f64) -> f64 {
        keys_per_second * self.bytes_per_key as f64
    }
}

/// What one parameter does to throughput.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effect {
    /// Which of [`Study::swept`].
    pub parameter: usize,
    /// What each value comes to where all else is equal, best first; empty if it never varies alone.
    pub values: Vec<EffectValue>,
    /// Over how many combinations of all else.
    pub combinations: u64,
    /// Whether the runs tell the best value from the worst: if not, the difference may be chance.
    pub is_told: bool,
    /// The parameter that the series are of, if there is another.
    pub series_of: Option<usize>,
    /// One for each value of it, or one.
    pub series: Vec<EffectSeries>,
    /// Values of it that have no series, because there are too many.
    pub series_left_out: u64,
    /// Whether all other parameters are those of the reference point; else each point is the fastest of all
    /// that have these two values.
    pub is_slice: bool,
}

impl Effect {
    /// How many times as fast the best value is as the worst, on average. `None` if it never varies alone.
    pub fn ratio(&self) -> Option<f64> {
        self.values.first().zip(self.values.last()).map(|(best, worst)| best.share / worst.share)
    }
}

/// What one value of a parameter comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EffectValue {
    /// Its place.
    pub value: usize,
    /// Throughput as a share of that of the best value, by the geometric mean over all combinations: 0 to 1.
    pub share: f64,
    /// In how many of these it is the fastest.
    pub wins: u64,
}

/// Points over the values of a parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EffectSeries {
    /// The place of its value.
    pub value: Option<usize>,
    /// The place of the parameter's value, and the point.
    pub points: Vec<(usize, usize)>,
}

/// The best settings in one place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    /// Servers, target and machine, as far as they differ; empty if there is one place only.
    pub place: String,
    /// How many settings there are to choose from.
    pub settings: u64,
    /// Workloads that each of them was run with.
    pub workloads: u64,
    /// Workloads that some were not run with.
    pub workloads_left_out: u64,
    /// Whether the runs are so many that they could tell settings apart: else nobody knows what is chance.
    pub can_tell: bool,
    /// What was bounded.
    pub bounds: Bounds,
    /// One for each aim.
    pub choices: Vec<Choice>,
}

/// What counts as bounded and small.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Resident set of the client at most, in bytes.
    pub rss_bytes: u64,
    /// In flight to each master at most, in bytes of keys and values.
    pub in_flight_bytes: u64,
    /// So much slower than the fastest at most, in percent.
    pub within_percent: f64,
}

/// What settings are chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Most throughput.
    Throughput,
    /// Most throughput of those within the bounds on memory.
    BoundedMemory,
    /// Least threads, processor time, connections and bytes in flight of those within the bounds on memory that are
    /// nearly as fast as the fastest.
    SmallFootprint,
}

/// A choice of settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What for.
    pub aim: Aim,
    /// How many settings meet the aim's condition.
    pub candidates: u64,
    /// The best of them; `None` if there are none.
    pub best: Option<Chosen>,
}

/// Settings, and what speaks for them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chosen {
    /// The place of the value of each swept setting: parameter, value.
    pub values: Vec<(usize, usize)>,
    /// Options of a fill, to be copied; empty if all is left open.
    pub flags: String,
    /// The point at each workload.
    pub points: Vec<usize>,
    /// Throughput as a share of the workload's fastest point, over the workloads: 0 to 1.
    pub share: Spread,
    /// Its geometric mean.
    pub score: f64,
    /// Threads of the client, at most.
    pub threads: u64,
    /// Connections to each master, at most.
    pub writers: u64,
    /// In flight to each master, at most, in bytes.
    pub in_flight_bytes: u64,
    /// Resident set of the client, at most, in bytes.
    pub rss_bytes: Option<u64>,
    /// Processor seconds of the client for a gigabyte, the mean over the workloads.
    pub client_cpu_seconds_per_gb: Option<f64>,
    /// Runs of it that the client limited.
    pub client_limited: u64,
    /// Other candidates that these runs cannot tell from it, best first, with their scores.
    pub alike: Vec<(Vec<(usize, usize)>, f64)>,
    /// How many more.
    pub alike_left_out: u64,
}

/// A run that is worth a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CourseOf {
    /// Which.
    pub run: String,
    /// Its point, if one is made of it.
    pub point: Option<usize>,
    /// Why it was chosen.
    pub why: CourseWhy,
}

/// Why a run is worth a look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CourseWhy {
    /// There are so few that all are.
    #[default]
    Few,
    /// The middle run of the reference point.
    Typical,
    /// One of those with the most incidents.
    Incidents,
}

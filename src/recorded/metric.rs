//! What runs are judged by.

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Keys a second.
    KeysPerSecond,
    /// Mean latency of the run's pipelines.
    LatencyUsMean,
    /// Their median.
    LatencyUsP50,
    /// 90th percentile.
    LatencyUsP90,
    /// 99th percentile.
    LatencyUsP99,
    /// 99.9th percentile.
    LatencyUsP99_9,
    /// The longest.
    LatencyUsMax,
    /// Processor seconds of the client for 10^9 bytes of keys and values.
    ClientCpuSecondsPerGb,
    /// The same of all servers together.
    ServersCpuSecondsPerGb,
}

impl Metric {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::KeysPerSecond,
        Self::LatencyUsMean,
        Self::LatencyUsP50,
        Self::LatencyUsP90,
        Self::LatencyUsP99,
        Self::LatencyUsP99_9,
        Self::LatencyUsMax,
        Self::ClientCpuSecondsPerGb,
        Self::ServersCpuSecondsPerGb,
    ];

    /// Its name, which is that of its column in `runs.csv` where it is one.
    pub fn name(self) -> &'static str {
        match self {
            Self::KeysPerSecond => "keys_per_second",
            Self::LatencyUsMean => "latency_us_mean",
            Self::LatencyUsP50 => "latency_us_p50",
            Self::LatencyUsP90 => "latency_us_p90",
            Self::LatencyUsP99 => "latency_us_p99",
            Self::LatencyUsP99_9 => "latency_us_p99_9",
            Self::LatencyUsMax => "latency_us_max",
            Self::ClientCpuSecondsPerGb => "client_cpu_seconds_per_gb",
            Self::ServersCpuSecondsPerGb => "servers_cpu_seconds_per_gb",
        }
    }

    /// The one with a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// Whether more is better.
    pub fn higher_is_better(self) -> bool {
        self == Self::KeysPerSecond
    }
}

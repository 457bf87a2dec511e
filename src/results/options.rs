//! What a fill was asked, as it was typed.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// What [`Options::writers`] may be.
pub const WRITERS: RangeInclusive<u64> = 1..=256;
/// What [`Options::window`] may be.
pub const WINDOWS: RangeInclusive<u64> = 1..=100_000;
/// What [`Options::threads`] may be.
pub const THREADS: RangeInclusive<u64> = 1..=256;

/// Wire bytes in flight to a master from which on no further pipeline begins, whatever the window: servers cut
/// clients off at 1 GiB (`client-query-buffer-limit`), and all of it may have to be sent again.
pub const IN_FLIGHT_BYTES_MAX: u64 = 64 << 20;

/// What was asked, under the command line's own names. `null` means: left open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Address or URI that was given, without credentials; empty where servers were started.
    pub address: String,
    /// Whether the connections were encrypted.
    pub tls: bool,
    /// Database number.
    pub db: u32,
    /// `--data`, in bytes of keys and values.
    pub data_bytes: Option<u64>,
    /// `--keys`.
    pub keys: Option<u64>,
    /// `--until-memory`: `80%`, or a size like `10000000000B`.
    pub until_memory: Option<String>,
    /// `--force`: filled although it was estimated not to fit.
    pub force: bool,
    /// Bytes in each key.
    pub key_size: u64,
    /// Bytes in each value.
    pub value_size: u64,
    /// What every key starts with.
    pub key_prefix: String,
    /// Seed of the dataset.
    pub seed: u64,
    /// Which of several workers this was, from 0; `null` if it was none, or stands for all of them.
    pub worker_index: Option<u64>,
    /// How many workers filled the dataset together; `null` if it was filled by one run.
    pub worker_count: Option<u64>,
    /// `--start-at`: RFC 3339, UTC.
    pub start_at: Option<String>,
    /// `--preset`. What it came to stands in [`Self::pipeline_bytes`], writers, window, command and threads, where
    /// these were left open.
    pub preset: Option<String>,
    /// `--pipeline-depth` in bytes on the wire, about.
    pub pipeline_bytes: Option<u64>,
    /// `--pipeline-depth` in keys.
    pub pipeline_depth: Option<u64>,
    /// Writers per master.
    pub writers: Option<u64>,
    /// Pipelines in flight per writer.
    pub window: Option<u64>,
    /// `auto`, `set` or `mset`.
    pub command: String,
    /// `slot` or `stride`.
    pub order: String,
    /// `off` or `on`.
    pub reply: String,
    /// Time to live given to each key, in seconds.
    pub ttl_seconds: Option<f64>,
    /// Replicas of each master that were waited for.
    pub wait_replicas: Option<u64>,
    /// How long a barrier waited for them.
    pub wait_timeout_seconds: Option<f64>,
    /// Ceiling on keys a second over all writers.
    pub rate_keys_per_second: Option<f64>,
    /// Ceiling on payload bytes a second over all writers.
    pub rate_bytes_per_second: Option<f64>,
    /// One master after another, one writer, one pipeline.
    pub serial: bool,
    /// Whether the databases were emptied first.
    pub flush: bool,
    /// Percent of the run's keys that were filled before it, and flushed again; 0 for none. Earlier versions did
    /// not say.
    #[serde(default)]
    pub warm_up_percent: f64,
    /// Threads of the client.
    pub threads: Option<u64>,
    /// Time for a connection to be made and answered.
    pub connect_timeout_seconds: f64,
    /// How long a master might neither take nor answer anything.
    pub barrier_timeout_seconds: f64,
    /// How long a master might be silent during the proof.
    pub proof_timeout_seconds: f64,
    /// How long nothing might get better after something went wrong.
    pub recovery_timeout_seconds: f64,
    /// How long emptying a master might take.
    pub flush_timeout_seconds: f64,
    /// How long the whole run might take.
    pub deadline_seconds: Option<f64>,
    /// `--address-map`, each as it was given.
    pub address_map: Vec<String>,
    /// `--embedded`: so many masters, or `standalone`.
    pub embedded: Option<String>,
    /// `--discard`.
    pub discard: bool,
    /// `--spawn`: so many masters, or `standalone`.
    pub spawn: Option<String>,
    /// `--server-binary`.
    pub server_binary: Option<String>,
}

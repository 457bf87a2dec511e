//! What else a run says of itself: not what makes its point, nor what runs are compared by, but what a
//! reader wants to know beside.

use super::LoadError;
use super::fields::Fields;
use crate::results::Spread;

/// What one run did, and what it cost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// When it started: RFC 3339, UTC.
    pub started_at: String,
    /// Version of the program that wrote it.
    pub program_version: String,
    /// Why it ended early or could not be proven, and what could be done about it; empty if all went well.
    pub error: String,
    /// What its user was warned of.
    pub warnings: Vec<String>,
    /// How many things happened to masters meanwhile.
    pub incidents: u64,
    /// Keys executed.
    pub keys: u64,
    /// Bytes of their keys and values.
    pub payload_bytes: u64,
    /// Payload bytes a second.
    pub payload_bytes_per_second: f64,
    /// How long the filling took, in seconds.
    pub fill_seconds: f64,
    /// Keys a second of the slowest, the middle and the fastest whole second.
    pub interval_keys_per_second: Spread,
    /// Largest resident set of the client, in bytes; embedded servers are part of it.
    pub client_peak_rss_bytes: u64,
    /// Share of the writers' time that they waited for servers, 0 to 1.
    pub client_waiting_share: f64,
    /// How it was sent, after everything left open was chosen.
    pub done: DoneFacts,
}

/// How a run was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Done`, which says what they mean")]
pub struct DoneFacts {
    pub command: String,
    pub group_keys: u64,
    pub pipeline_depth: u64,
    pub window: u64,
    pub writers: u64,
    pub threads: u64,
}

impl Facts {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, LoadError> {
        let interval = |part: &str| -> Result<f64, LoadError> {
            let name = format!("interval_keys_per_second_{part}");
            fields.known(&name, &format!("rates.interval_keys_per_second.{part}"))
        };
        let error = fields.optional_text("error_message", "error.message")?;
        let cure = fields.optional_text("error_cure", "error.cure")?;
        Ok(Self {
            started_at: fields.text("started_at", "started_at")?,
            program_version: fields.text("program_version", "program.version")?,
            error: if cure.is_empty() { error } else { format!("{error}: {cure}") },
            warnings: fields.list("warnings", "warnings")?,
            incidents: fields.count("incidents", "incidents", "incidents_left_out")?,
            keys: fields.known("keys", "done.keys")?,
            payload_bytes: fields.known("payload_bytes", "done.payload_bytes")?,
            payload_bytes_per_second: fields
                .known("payload_bytes_per_second", "rates.payload_bytes_per_second")?,
            fill_seconds: fields.known("seconds_fill", "seconds.fill")?,
            interval_keys_per_second: Spread {
                min: interval("min")?,
                median: interval("median")?,
                max: interval("max")?,
            },
            client_peak_rss_bytes: fields.known("client_peak_rss_bytes", "client.peak_rss_bytes")?,
            client_waiting_share: fields.known("client_waiting_share", "client.waiting_share")?,
            done: DoneFacts {
                command: fields.text("command", "done.command")?,
                group_keys: fields.known("group_keys", "done.group_keys")?,
                pipeline_depth: fields.known("pipeline_depth", "done.pipeline_depth")?,
                window: fields.known("window", "done.window")?,
                writers: fields.known("writers", "done.writers")?,
                threads: fields.known("threads", "done.threads")?,
            },
        })
    }
}

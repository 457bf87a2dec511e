//! What else a run says of itself: not what makes its point, nor what runs are compared by, but what a
//! reader wants to know beside.

use super::LoadError;
use super::fields::Fields;

/// What one run did, and what it cost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFacts {
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
    /// How long the filling took, in seconds.
    pub fill_seconds: f64,
    /// Largest resident set of the client, in bytes; embedded servers are part of it.
    pub client_peak_rss_bytes: u64,
    /// Keys between two barriers, as they were sent: asked for or chosen.
    pub pipeline_depth: u64,
    /// Pipelines in flight per writer, likewise.
    pub window: u64,
    /// Writers per master, likewise.
    pub writers: u64,
    /// Threads of the client, likewise.
    pub threads: u64,
}

impl RunFacts {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, LoadError> {
        let error = fields.optional_text("error_message", "error.message")?;
        let cure = fields.optional_text("error_cure", "error.cure")?;
        Ok(Self {
            program_version: fields.text("program_version", "program.version")?,
            error: if cure.is_empty() { error } else { format!("{error}: {cure}") },
            warnings: fields.list("warnings", "warnings")?,
            incidents: fields.count("incidents", "incidents", "incidents_left_out")?,
            keys: fields.known("keys", "done.keys")?,
            fill_seconds: fields.known("seconds_fill", "seconds.fill")?,
            client_peak_rss_bytes: fields.known("client_peak_rss_bytes", "client.peak_rss_bytes")?,
            pipeline_depth: fields.known("pipeline_depth", "done.pipeline_depth")?,
            window: fields.known("window", "done.window")?,
            writers: fields.known("writers", "done.writers")?,
            threads: fields.known("threads", "done.threads")?,
        })
    }
}

//! What a run cost on the machine that sent it, and which machine that was.

use serde::{Deserialize, Serialize};

use crate::units::show_bytes;

/// The same machine may be told to have a little less memory by another kernel.
const MEMORY_TOLERANCE: f64 = 0.02;

/// What the run cost on the machine that sent it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// The machine.
    pub host: Host,
    /// Processor time of this process during the fill, user and system, in seconds. That of embedded
    /// servers, as they tell it, is taken off; where they do not tell it (`cpu_user_seconds` is `null`),
    /// it is in here.
    pub cpu_seconds: f64,
    /// Largest resident set of this process so far, in bytes; in a sweep, since the run began, where the system
    /// can tell. Embedded servers are part of it.
    pub peak_rss_bytes: u64,
    /// Share of the writers' time, 0 to 1, spent waiting for a socket or a barrier.
    pub waiting_share: f64,
    /// Share of the writers' time, 0 to 1, spent waiting for `--rate`.
    pub pacing_share: f64,
}

/// A machine, as far as results from it may be compared with results from another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Processor model, as the operating system names it.
    pub cpu_model: String,
    /// Processors that this process may use.
    pub cpus: u64,
    /// Main memory in bytes.
    pub memory_bytes: u64,
    /// Operating system and kernel release.
    pub os: String,
}

impl Host {
    /// Whether this is the same machine, or one that cannot be told from it.
    pub fn is_like(&self, other: &Self) -> bool {
        let (less, more) =
            (self.memory_bytes.min(other.memory_bytes), self.memory_bytes.max(other.memory_bytes));
        let memory_is_same = (more - less) as f64 <= MEMORY_TOLERANCE * more as f64;
        memory_is_same && (&self.cpu_model, self.cpus, &self.os) == (&other.cpu_model, other.cpus, &other.os)
    }

    /// In a line: `2 × Intel(R) Xeon(R) Processor, 8.0 GiB, Linux 6.1.0`.
    pub fn describe(&self) -> String {
        format!("{} × {}, {}, {}", self.cpus, self.cpu_model, show_bytes(self.memory_bytes), self.os)
    }
}

//! What an engine tells while it works. Reports decide what to show; an engine never prints.

use std::time::Duration;

use super::Second;

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The servers were found and the plan is made.
    Planned {
        /// What is filled, in a line: `cluster of 3 masters, valkey 9.1.2`.
        target: String,
        /// How, in a line: `MSET, slot order, pipelines of 366 keys`.
        how: String,
        /// Keys to write.
        keys: u64,
        /// Bytes of their keys and values.
        payload_bytes: u64,
    },
    /// Something that the user should know, and that does not end the run.
    Warning(String),
    /// How far the fill is; sent about ten times a second.
    Filling {
        /// Keys executed so far.
        keys: u64,
        /// Bytes of their keys and values.
        payload_bytes: u64,
        /// Time since the first byte.
        elapsed: Duration,
    },
    /// A second is over.
    Second(Second),
    /// How far the proof is.
    Proving {
        /// Keys looked at so far.
        keys: u64,
        /// Keys to look at.
        of: u64,
    },
}

/// Receives events. It is called from the engine's own threads, and must return quickly.
pub trait Observer: Send + Sync {
    /// Takes one event.
    fn event(&self, event: &Event);
}

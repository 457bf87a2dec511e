//! What an engine tells while it works. Reports decide what to show; an engine never prints.

use std::time::Duration;

use super::{Incident, Record, Second};

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The servers were found and the plan is made.
    Planned {
        /// What is filled, in a line: `cluster of 3 masters, valkey 9.1.2`.
        target: String,
        /// How, in a line: `MSET, slot order, pipelines of 366 keys`.
        how: String,
        /// Keys to write; 0 where that is found out on the way.
        keys: u64,
        /// Bytes of their keys and values.
        payload_bytes: u64,
    },
    /// How many keys there will be to write, by what is known now.
    Expected {
        /// So many, those that are written already included.
        keys: u64,
    },
    /// The masters are ready, and the first key is not to be sent yet.
    Waiting {
        /// When it is: RFC 3339, UTC.
        until: String,
    },
    /// The first key is about to be sent: whatever happens from now on, the run can be looked at.
    Begun(
        /// What is known of the run until now; its verdict is [`Verdict::Unfinished`](super::Verdict).
        Box<Record>,
    ),
    /// Something that the user should know, and that does not end the run.
    Warning(String),
    /// Something happened to a master, for the first time.
    Incident(Incident),
    /// What happened to one master is over, all that was open there together. Each incident is told once,
    /// though it may come back.
    Recovered(Vec<Incident>),
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
    /// The servers were found whose keys are to be verified.
    VerifyPlanned {
        /// Where they are, in a line: `a cluster of 3 masters, valkey 9.1.2`.
        target: String,
        /// What is looked at, in a line.
        how: String,
        /// Keys to look at.
        keys: u64,
        /// Keys in the dataset.
        of: u64,
    },
    /// How far the verification is; sent about ten times a second.
    Verifying {
        /// Keys looked at so far.
        keys: u64,
        /// Keys to look at.
        of: u64,
    },
    /// How far the repair is: slots with faulty keys are gone through once more.
    Repairing {
        /// Keys gone through so far.
        keys: u64,
        /// Keys to go through.
        of: u64,
    },
}

/// Receives events. It is called from the engine's own threads, and must return quickly.
pub trait Observer: Send + Sync {
    /// Takes one event.
    fn event(&self, event: &Event);
}

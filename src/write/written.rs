//! What a writer is bound by, and what it did.

use std::time::{Duration, Instant};

use super::ReplicaWait;

/// How much may be unanswered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Pipelines; at least one.
    pub pipelines: usize,
    /// Bytes. It acts between pipelines, and one pipeline is always admitted.
    pub bytes: u64,
}

/// Asked of all writers of a run: end with the command that you are in, read the answers that are
/// due, and give up at this time. `None` while the run goes on.
pub type Stop = Option<Instant>;

/// How a writer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// All was sent and answered.
    Done,
    /// It was asked to stop.
    Stopped,
    /// The server answered a write or a barrier with this.
    Refused(String),
    /// The connection ended, or what came was no answer.
    Lost(String),
    /// Nothing was answered or taken for this long.
    Silent(Duration),
    /// Fewer replicas than are waited for had everything when the time for that was over.
    Behind {
        /// Those that had.
        replicas: u64,
        /// What was waited for.
        wait: ReplicaWait,
    },
}

/// What a writer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Keys that barriers answered for, and that as many replicas have as are waited for: a prefix of
    /// the walk.
    pub executed: u64,
    /// Keys after them that barriers answered for, and that fewer replicas have.
    pub unacknowledged: u64,
    /// Commands that carried both.
    pub commands: u64,
    /// Whether more was sent than was answered for.
    pub unanswered: bool,
    /// When the first byte was sent, and when something last moved: at a good end, the last answer.
    pub span: Option<(Instant, Instant)>,
    /// How it ended.
    pub end: End,
}

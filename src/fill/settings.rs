//! What a fill is asked to do, checked by whoever read it from a command line or a file.

use std::sync::Arc;
use std::time::Duration;

use crate::dataset::Spec;
use crate::units::Rate;
use crate::write::{Order, ReplyMode, TimeToLive};

/// Which command carries the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandChoice {
    /// The faster of those that can do what is asked.
    Auto,
    /// One key a command.
    Set,
    /// Keys of one slot together; not with a time to live, nor striding.
    Mset,
}

/// How long each thing may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// How long a master may neither take nor answer anything during the fill.
    pub barrier: Duration,
    /// How long a master may be silent during the proof.
    pub proof: Duration,
    /// How long emptying one master may take.
    pub flush: Duration,
    /// The whole run, from its start; `None` is no limit.
    pub deadline: Option<Duration>,
}

/// What a fill is asked to do. `None` leaves a choice to the engine.
#[derive(Clone, Debug)]
pub struct FillOptions {
    /// The keys and values.
    pub spec: Arc<Spec>,
    /// Which command.
    pub command: CommandChoice,
    /// In which order.
    pub order: Order,
    /// Whether commands are answered.
    pub reply: ReplyMode,
    /// Given to each key.
    pub ttl: Option<TimeToLive>,
    /// Keys between two barriers.
    pub pipeline_depth: Option<u64>,
    /// Writers per master.
    pub writers: Option<u64>,
    /// Pipelines in flight per writer.
    pub window: Option<u64>,
    /// A ceiling over all writers.
    pub rate: Option<Rate>,
    /// One master after another, one writer, one pipeline.
    pub serial: bool,
    /// Whether to empty the masters first.
    pub flush: bool,
    /// Deadlines.
    pub timeouts: Timeouts,
    /// Threads that the runtime has, for the record.
    pub threads: u64,
}

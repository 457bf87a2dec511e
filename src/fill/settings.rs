//! What a fill is asked to do, checked by whoever read it from a command line or a file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::dataset::Spec;
use crate::journal::Past;
use crate::results::PipelineDepth;
use crate::units::Rate;
use crate::write::{Order, ReplicaWait, ReplyMode, TimeToLive};

use super::memory::UntilMemory;

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
    /// How long nothing may get better after something went wrong.
    pub recovery: Duration,
    /// How long emptying one master may take.
    pub flush: Duration,
    /// The whole run, from its start; `None` is no limit.
    pub deadline: Option<Duration>,
}

/// What a fill is asked to do. `None` leaves a choice to the engine.
#[derive(Clone, Debug)]
pub struct FillOptions {
    /// The keys and values, or this worker's share of them.
    pub spec: Arc<Spec>,
    /// When the first key is sent; `None` is as soon as the masters are ready.
    pub start_at: Option<SystemTime>,
    /// Which command.
    pub command: CommandChoice,
    /// Fill until so much of each master's memory is used; the keys' number is found out then.
    pub until_memory: Option<UntilMemory>,
    /// Fill although it does not fit.
    pub force: bool,
    /// In which order.
    pub order: Order,
    /// Whether commands are answered.
    pub reply: ReplyMode,
    /// Given to each key.
    pub ttl: Option<TimeToLive>,
    /// Replicas that must have a key before it counts.
    pub wait: Option<ReplicaWait>,
    /// How much stands between two barriers.
    pub pipeline_depth: Option<PipelineDepth>,
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
    /// Where what was executed is written down; `None` if nothing is kept.
    pub keeping: Option<Keeping>,
}

/// What is kept, so that another run can go on.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// The folder of the journal.
    pub folder: PathBuf,
    /// What earlier runs into that folder did: this one goes on.
    pub past: Option<Arc<Past>>,
    /// The command that goes on, for the record.
    pub command: String,
}

//! The record of one run, versioned: the same facts whatever the format. Field names are a promise
//! to whoever reads `run.json`; `results/run.schema.json` is their checked-in description.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The version of the record: it changes when a field changes its meaning or goes away.
pub const SCHEMA: &str = "fillbench.run/1";

/// One run: what was asked, where, what was done, how fast, and what is proven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Names this run in every table it appears in: start time and a random suffix.
    pub run: String,
    /// When the run started: RFC 3339, UTC.
    pub started_at: String,
    /// Which program wrote this.
    pub program: Program,
    /// What was asked.
    pub options: super::Options,
    /// Where it was sent.
    pub target: Target,
    /// How it was sent, after everything left open was chosen.
    pub done: Done,
    /// When the first byte was sent: RFC 3339, UTC; `null` where nothing was.
    #[serde(default)]
    pub fill_began_at: Option<String>,
    /// How long each stage took.
    pub seconds: Seconds,
    /// How fast, over the fill alone.
    pub rates: Rates,
    /// From a pipeline's first byte written until its barrier's answer, in microseconds.
    pub latency_us: Latency,
    /// What it cost here.
    pub client: super::Client,
    /// Each master, in slot order.
    pub servers: Vec<Server>,
    /// What kept the run from being faster.
    pub limited_by: LimitedBy,
    /// Why that is believed, with the figures; empty where nothing was sent.
    #[serde(default)]
    pub limited_by_because: String,
    /// What would lift the limit; `null` where nothing is to be done about it.
    #[serde(default)]
    pub limited_by_cure: Option<String>,
    /// How busy each of those was that may have been the limit.
    #[serde(default)]
    pub busy: super::Busy,
    /// Where every planned key ended.
    pub account: Account,
    /// The account in one word.
    pub verdict: Verdict,
    /// Why the run ended early or could not be proven; `null` when all went well.
    pub error: Option<Failure>,
    /// What the user was warned of.
    pub warnings: Vec<String>,
    /// Earlier runs that this one goes on from.
    pub resumed: super::Resumed,
    /// The command that goes on where this run ended; `null` if there is nothing left to do, or nothing
    /// was kept to go on from.
    pub resume_command: Option<String>,
    /// What happened to the masters, in the order of its beginning; the first thousand.
    pub incidents: Vec<super::Incident>,
    /// How many more were noticed.
    pub incidents_left_out: u64,
    /// The workers that this record stands for; `null` for that of one run.
    #[serde(default)]
    pub workers: Option<super::Workers>,
}

impl Record {
    /// The record of a run that has just begun: nothing is done yet, so it counts as failed.
    pub fn new(run: String, started_at: String, options: super::Options) -> Self {
        Self {
            schema: SCHEMA.into(),
            run,
            started_at,
            program: Program { version: env!("CARGO_PKG_VERSION").into() },
            options,
            target: Target { kind: "attached".into(), ..Target::default() },
            done: Done::default(),
            fill_began_at: None,
            seconds: Seconds::default(),
            rates: Rates::default(),
            latency_us: Latency::default(),
            client: super::Client::default(),
            servers: Vec::new(),
            limited_by: LimitedBy::default(),
            limited_by_because: String::new(),
            limited_by_cure: None,
            busy: super::Busy::default(),
            account: Account::default(),
            verdict: Verdict::Failed,
            error: None,
            warnings: Vec::new(),
            resumed: super::Resumed::default(),
            resume_command: None,
            incidents: Vec::new(),
            incidents_left_out: 0,
            workers: None,
        }
    }
}

/// The program that made a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Semantic version.
    pub version: String,
}

/// What the run was sent to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// `attached`, `spawned` or `embedded`.
    pub kind: String,
    /// `cluster` or `standalone`.
    pub mode: String,
    /// `redis`, `valkey`, or `fillbench` for its own.
    pub server: String,
    /// The servers' version; the oldest, where they differ.
    pub version: String,
    /// How many masters own slots.
    pub masters: u64,
    /// How many replicas they have together.
    pub replicas: u64,
}

impl Target {
    /// In a line: `a cluster of 3 masters, valkey 9.1.2`.
    pub fn describe(&self) -> String {
        let place = match self.masters {
            1 if self.mode == "standalone" => "a standalone server".into(),
            1 => "a cluster of 1 master".into(),
            masters => format!("a cluster of {masters} masters"),
        };
        let server = format!("{} {}", self.server, self.version);
        if server.trim().is_empty() { place } else { format!("{place}, {}", server.trim()) }
    }
}

/// How the dataset was sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// `SET` or `MSET`.
    pub command: String,
    /// `slot` or `stride`.
    pub order: String,
    /// `off` or `on`.
    pub reply: String,
    /// The largest number of keys in one command.
    pub group_keys: u64,
    /// Keys between two barriers.
    pub pipeline_depth: u64,
    /// Pipelines in flight per writer.
    pub window: u64,
    /// Writers per master.
    pub writers: u64,
    /// Threads of the client.
    pub threads: u64,
    /// Keys whose execution was acknowledged.
    pub keys: u64,
    /// Bytes of their keys and values.
    pub payload_bytes: u64,
    /// Bytes written to the sockets, protocol included.
    pub wire_bytes: u64,
    /// Keys to be in each slot, where the fill found out how many (`--until-memory`).
    pub slots: Option<Vec<super::SlotRun>>,
}

/// How long each stage took, in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seconds {
    /// Emptying the databases.
    pub flush: f64,
    /// From the first byte to the last barrier.
    pub fill: f64,
    /// Reading counters before, during and after: the time that the run was longer for it.
    pub audit: f64,
    /// Counting or reading the keys afterwards.
    pub proof: f64,
    /// Writing keys again that were missing or wrong.
    pub repair: f64,
    /// From the start to the verdict.
    pub total: f64,
}

/// How fast keys were executed, over the fill alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Keys a second.
    pub keys_per_second: f64,
    /// Bytes of keys and values a second.
    pub payload_bytes_per_second: f64,
    /// Bytes on the wire a second, protocol included.
    pub wire_bytes_per_second: f64,
    /// The slowest, middle and fastest whole second of the run, in keys a second.
    pub interval_keys_per_second: super::Spread,
}

/// Percentiles of a latency histogram, in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// How many pipelines were measured.
    pub count: u64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Median.
    pub p50: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 99th percentile.
    pub p99: u64,
    /// 99.9th percentile.
    pub p99_9: u64,
    /// The longest.
    pub max: u64,
}

/// One master.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// Where it was reached.
    pub address: String,
    /// Node id; empty on a standalone server.
    pub node: String,
    /// `redis`, `valkey` or `fillbench`, and its version.
    pub version: String,
    /// Slots that it owned when the run started.
    pub slots: u64,
    /// Replicas attached when the run ended; `null` if the server would not say.
    pub replicas: Option<u64>,
    /// Replicas that had everything when the run ended; `null` if the server would not say.
    pub replicas_acknowledged: Option<u64>,
    /// Eviction policy.
    pub maxmemory_policy: Option<String>,
    /// Memory limit in bytes; 0 is none.
    pub maxmemory_bytes: Option<u64>,
    /// `used_memory_rss` before the fill: beside the one after, it tells a cold fill from a warm one.
    pub rss_bytes_before: Option<u64>,
    /// `used_memory_rss` after the fill.
    pub rss_bytes_after: Option<u64>,
    /// `used_memory` before the fill.
    pub used_bytes_before: Option<u64>,
    /// `used_memory` after the fill.
    pub used_bytes_after: Option<u64>,
    /// Bytes that the fill was estimated to take, all workers together; `null` without a limit, or with plenty of room.
    pub estimated_bytes: Option<u64>,
    /// The same of each new key.
    pub estimated_bytes_per_key: Option<f64>,
    /// Processor seconds in user mode during the fill.
    pub cpu_user_seconds: Option<f64>,
    /// Processor seconds in the kernel during the fill.
    pub cpu_system_seconds: Option<f64>,
    /// Keys executed here.
    pub keys: u64,
    /// Keys a second, over this master's own part of the fill.
    pub keys_per_second: f64,
}

/// What kept a run from being faster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitedBy {
    /// The servers: one at least was busy all the time, or they took most of the processors that they share with
    /// this process.
    Server,
    /// This process: one of its threads was busy all the time, or it took most of the processors that it shares with
    /// the servers.
    Client,
    /// What lies between: a link that was full, answers that took their time, or nobody that was busy.
    Network,
    /// `--rate`.
    Rate,
    /// Too short, too little known, or too much else going on here, to say.
    #[default]
    Unknown,
}

/// Where every planned key ended. `missing` and `wrong` are what the servers hold, or `null` where
/// the run ended before that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Keys in the dataset, or in this worker's share of it.
    pub planned: u64,
    /// Keys whose commands a barrier answered for, and that so many replicas then had as were waited for.
    pub executed: u64,
    /// Proven keys that so many replicas have as were waited for; `null` where none were.
    pub acknowledged: Option<u64>,
    /// Keys proven to exist with their exact value at their present owner.
    pub proven: u64,
    /// Keys proven absent.
    pub missing: Option<u64>,
    /// Keys proven to hold something else.
    pub wrong: Option<u64>,
    /// Keys neither proven nor disproven.
    pub suspect: u64,
    /// Keys written again after they were found short.
    pub repaired: u64,
    /// Write commands that a master refused, by its own counters.
    pub refused: u64,
    /// Keys that the masters evicted during the run.
    pub evicted: u64,
    /// Who refused what.
    pub refusals: Vec<RefusalCount>,
    /// How keys were proven: `count` or `read`, with how many each.
    pub proven_by: BTreeMap<String, u64>,
}

/// Errors of one kind that one master counted during the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalCount {
    /// The master's address.
    pub master: String,
    /// The error's first word: `OOM`, `MOVED`, `NOPERM`.
    pub error: String,
    /// How many the master counted, whoever caused them.
    pub count: u64,
}

/// The account in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every planned key is proven.
    Exact,
    /// Some keys are absent.
    Missing,
    /// Some keys hold another value, and none is known to be absent.
    Wrong,
    /// The run could not finish, or its keys could not be proven.
    Failed,
    /// A person or a supervisor ended the run.
    Interrupted,
    /// The run goes on, or was killed: `run.json` says so from the first key until the end.
    Unfinished,
    /// Every planned key was executed by servers that keep nothing: how fast, and nothing else, is known.
    Discarded,
}

/// Why a run did not end well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What happened, to whom.
    pub message: String,
    /// What to do about it, where something can be done.
    pub cure: Option<String>,
}

//! The record of one verification, versioned: the same facts for people and for machines. Field names are a
//! promise to whoever reads the JSON; `results/verify.schema.json` is their checked-in description.

use serde::{Deserialize, Serialize};

use super::{Failure, Program, Target, Verdict};

/// The version of the record: it changes when a field changes its meaning or goes away.
pub const VERIFY_SCHEMA: &str = "fillbench.verify/1";

/// One verification: what was asked, where, and what was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// Always [`VERIFY_SCHEMA`].
    pub schema: String,
    /// Names this run: start time and a random suffix.
    pub run: String,
    /// When it started: RFC 3339, UTC.
    pub started_at: String,
    /// Which program wrote this.
    pub program: Program,
    /// What was asked.
    pub options: VerifyAsked,
    /// Where it was looked.
    pub target: Target,
    /// What was found.
    pub found: Findings,
    /// What was written again; `null` where nothing was, or `--repair` was not given.
    pub repair: Option<Repair>,
    /// What the sample says of all keys; `null` where all were looked at.
    pub sample: Option<SampleBound>,
    /// How long each stage took.
    pub seconds: VerifySeconds,
    /// Keys looked at a second, before any repair.
    pub keys_per_second: f64,
    /// The findings in one word: after the repair, if there was one.
    pub verdict: Verdict,
    /// Why it ended early, or could not look at every key; `null` when all went well.
    pub error: Option<Failure>,
    /// What the user was warned of.
    pub warnings: Vec<String>,
}

impl Verification {
    /// The record of a verification that has just begun: nothing is known yet, so it counts as failed.
    pub fn new(run: String, started_at: String, options: VerifyAsked) -> Self {
        let planned = options.keys;
        Self {
            schema: VERIFY_SCHEMA.into(),
            run,
            started_at,
            program: Program { version: env!("CARGO_PKG_VERSION").into() },
            options,
            target: Target { kind: "attached".into(), ..Target::default() },
            found: Findings { planned, ..Findings::default() },
            repair: None,
            sample: None,
            seconds: VerifySeconds::default(),
            keys_per_second: 0.0,
            verdict: Verdict::Failed,
            error: None,
            warnings: Vec::new(),
        }
    }

    /// What is known at the end.
    pub fn last(&self) -> &Findings {
        self.repair.as_ref().map_or(&self.found, |repair| &repair.after)
    }

    /// Puts the findings into one word. A fault that was seen counts for more than a key that was not.
    pub fn settle(&mut self) {
        let last = self.last();
        self.verdict = match last {
            _ if last.missing > 0 => Verdict::Missing,
            _ if last.inexact() > 0 => Verdict::Wrong,
            _ if last.unread > 0 || self.error.is_some() => Verdict::Failed,
            _ => Verdict::Exact,
        };
    }
}

/// What was asked, under the command line's own names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VerifyAsked {
    /// Address or URI that was given, without credentials.
    pub address: String,
    /// Whether the connections were encrypted.
    pub tls: bool,
    /// Database number.
    pub db: u32,
    /// `--address-map`, each as it was given.
    pub address_map: Vec<String>,
    /// `--from`.
    pub from: Option<String>,
    /// Keys in the dataset.
    pub keys: u64,
    /// Bytes in each key.
    pub key_size: u64,
    /// Bytes in each value.
    pub value_size: u64,
    /// What every key starts with.
    pub key_prefix: String,
    /// Seed of the dataset.
    pub seed: u64,
    /// Time to live that each key was given, in seconds.
    pub ttl_seconds: Option<f64>,
    /// `exists`, `size` or `value`.
    pub check: String,
    /// `--sample`, in percent of all keys.
    pub sample_percent: Option<f64>,
    /// `--sample-seed`.
    pub sample_seed: u64,
    /// `--repair`.
    pub repair: bool,
    /// Connections that read from each master.
    pub readers: u64,
    /// Threads of the client.
    pub threads: u64,
    /// Time for a connection to be made and answered.
    pub connect_timeout_seconds: f64,
    /// How long a master might be silent.
    pub proof_timeout_seconds: f64,
    /// How long the whole run might take.
    pub deadline_seconds: Option<f64>,
}

/// What was found, in keys. `exact`, `missing`, `wrong`, `wrong_type`, `wrong_ttl` and `unread` together
/// are `selected`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// Keys in the dataset.
    pub planned: u64,
    /// Keys to look at: all, or the sample.
    pub selected: u64,
    /// Keys that are as they should be, as closely as they were looked at.
    pub exact: u64,
    /// Keys that are not there.
    pub missing: u64,
    /// Strings with another value, or of another length.
    pub wrong: u64,
    /// Keys that are no strings.
    pub wrong_type: u64,
    /// Keys with their value, and with another time to live, or one where there should be none.
    pub wrong_ttl: u64,
    /// Keys that nobody would show.
    pub unread: u64,
    /// The first faulty keys.
    pub named: Named,
}

impl Findings {
    /// Keys of which it is known that something is wrong with them.
    pub fn inexact(&self) -> u64 {
        self.missing + self.wrong + self.wrong_type + self.wrong_ttl
    }
}

/// The first few faulty keys of each kind, in the order of the dataset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Not there.
    pub missing: Vec<String>,
    /// With another value.
    pub wrong: Vec<String>,
    /// Of another type.
    pub wrong_type: Vec<String>,
    /// With another time to live.
    pub wrong_ttl: Vec<String>,
}

/// What `--repair` did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// Keys that were written again, and taken by the servers.
    pub rewritten: u64,
    /// What was found when they were looked at once more.
    pub after: Findings,
}

/// What a sample says of all keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SampleBound {
    /// Its share of all keys, in percent, as it was asked.
    pub percent: f64,
    /// What chose it.
    pub seed: u64,
    /// How sure the bound is, 0 to 1.
    pub confidence: f64,
    /// So many percent of all keys are not as they should be, at most.
    pub inexact_percent_max: f64,
}

/// How long each stage took, in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VerifySeconds {
    /// Looking at the keys.
    pub read: f64,
    /// Writing again, and looking again.
    pub repair: f64,
    /// From the start to the verdict.
    pub total: f64,
}

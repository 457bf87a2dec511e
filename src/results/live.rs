//! What the record of a comparison says of runs that were made for it, in turns.

use serde::{Deserialize, Serialize};

use super::{ComparisonVerdict, PercentInterval};

/// Whose run it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What is compared with.
    Base,
    /// What is judged.
    New,
}

impl Side {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Base, Self::New];

    /// `base` or `new`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::New => "new",
        }
    }
}

/// How two sides were run in turns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveComparison {
    /// The most runs of each side.
    pub max_runs: u64,
    /// Percent of a run's keys that were filled before it, and flushed again.
    pub warm_up_percent: f64,
    /// The same for the first run of a server that was started anew; `null` where none was.
    pub first_warm_up_percent: Option<f64>,
    /// Pairs after which the servers were started anew, which count as one, a round; `null` where they were not.
    pub renewed_after_pairs: Option<u64>,
    /// What the order within the pairs was drawn with.
    pub shuffle_seed: u64,
    /// Pairs of runs after which a look was planned, from the start.
    pub planned_looks: Vec<u64>,
    /// What the looks came to that were taken. Any verdict but `inconclusive` ended it.
    pub looks: Vec<LiveLook>,
    /// The runs that count, two by two, as they were made.
    pub pairs: Vec<LivePair>,
    /// Why there are no more.
    pub ended: LiveEnd,
}

/// One look at all runs until then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveLook {
    /// Pairs that there were.
    pub pairs: u64,
    /// How the metric had changed, in percent; `null` where there was nothing to divide by.
    pub change_percent: Option<f64>,
    /// Where the change was; `null` as above.
    pub interval_percent: Option<PercentInterval>,
    /// Of the signed-rank test on the pairs, or rounds, two-sided, times the number of planned looks.
    pub p_value_corrected: f64,
    /// What followed.
    pub verdict: ComparisonVerdict,
}

/// Two runs, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LivePair {
    /// The base's run.
    pub base: String,
    /// The new one.
    pub new: String,
    /// Whether the base's was first.
    pub base_first: bool,
}

/// Why a live comparison has no more runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveEnd {
    /// A look settled it.
    Settled,
    /// There were as many as asked.
    MaxRuns,
    /// It had lasted as long as asked.
    MaxTime,
    /// Somebody ended it.
    Interrupted,
    /// Too many runs failed, or one could not be compared with the others.
    Failed,
    /// A run left keys missing or wrong.
    Inexact,
    /// It goes on, or was killed.
    Unfinished,
}

impl LiveEnd {
    /// As it is said of a comparison: it was …
    pub fn words(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::MaxRuns => "not settled",
            Self::MaxTime => "out of time",
            Self::Interrupted => "interrupted",
            Self::Failed => "given up",
            Self::Inexact => "given up for missing or wrong keys",
            Self::Unfinished => "still going on",
        }
    }
}

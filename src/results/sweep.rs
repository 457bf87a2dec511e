//! The record of a sweep: which points, in which order, filled where and how. Each of its runs has a
//! record of its own. Field names are a promise to whoever reads `sweep.json`; `results/sweep.schema.json` is
//! their checked-in description.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Host, Options, Program, Target};

/// The version of the record: it changes when a field changes its meaning or goes away.
pub const SWEEP_SCHEMA: &str = "fillbench.sweep/1";

/// A sweep: what was asked, and the runs that this comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// Always [`SWEEP_SCHEMA`].
    pub schema: String,
    /// Names this sweep in every table it appears in: start time and a random suffix.
    pub sweep: String,
    /// When the sweep started: RFC 3339, UTC.
    pub started_at: String,
    /// Which program wrote this.
    pub program: Program,
    /// The machine that sends it. Earlier versions did not say.
    #[serde(default)]
    pub host: Host,
    /// Where it is sent.
    pub target: Target,
    /// What is asked in every run; what a point sets replaces it.
    pub options: Options,
    /// What is swept: for each parameter, what it is set to, in the order in which that was given.
    pub grid: BTreeMap<String, Vec<Setting>>,
    /// Runs of each point.
    pub repeat: u64,
    /// How many percent of a run's keys are filled before it, and flushed again; 0 for none.
    pub warm_up_percent: f64,
    /// What the order was drawn with.
    pub shuffle_seed: u64,
    /// All combinations of what the parameters are set to.
    pub points: Vec<Point>,
    /// All runs, in their order: each round has every point once.
    pub order: Vec<Turn>,
}

/// What a parameter is set to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// A size in bytes, or a number of things.
    Number(u64),
    /// The name of a choice; `auto` leaves it open.
    Word(String),
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// One combination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Its number, from 1.
    pub point: u64,
    /// What each parameter of the grid is set to.
    pub settings: BTreeMap<String, Setting>,
}

/// One run of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Turn {
    /// Which point.
    pub point: u64,
    /// Which run of it, from 1.
    pub repeat: u64,
}

/// Why a text is no record of a sweep.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SweepError {
    /// No JSON, or without the fields that are needed.
    #[error("holds no record of a sweep: {0}")]
    NoRecord(String),
    /// A record, but one that means other things by its fields.
    #[error("is written as `{schema}` by fillbench {version}, and this one reads `{SWEEP_SCHEMA}`")]
    OtherVersion {
        /// Its schema.
        schema: String,
        /// Who wrote it.
        version: String,
    },
}

impl Sweep {
    /// Reads the text of a `sweep.json`.
    ///
    /// # Errors
    /// [`SweepError`] if it is none, or one of another version.
    pub fn parse(text: &str) -> Result<Self, SweepError> {
        let no_record = |error: serde_json::Error| SweepError::NoRecord(error.to_string());
        let json: serde_json::Value = serde_json::from_str(text).map_err(no_record)?;
        // Looked at first: in another version, the fields may not be there.
        if let Some(schema) = json["schema"].as_str().filter(|schema| *schema != SWEEP_SCHEMA) {
            let version = json["program"]["version"].as_str().unwrap_or("?");
            return Err(SweepError::OtherVersion { schema: schema.into(), version: version.into() });
        }
        serde_json::from_value(json).map_err(no_record)
    }

    /// What tells a point from the others: `command mset, key_size 64`.
    pub fn words(&self, point: u64) -> String {
        let settings = self.points.iter().find(|one| one.point == point).map(|one| &one.settings);
        let is_swept = |name: &String| self.grid.get(name).is_some_and(|settings| settings.len() > 1);
        let told = settings.into_iter().flatten().filter(|(name, _)| is_swept(name));
        let told: Vec<_> = told.map(|(name, setting)| format!("{name} {setting}")).collect();
        if told.is_empty() { "the one point".into() } else { told.join(", ") }
    }
}

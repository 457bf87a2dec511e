//! What is needed of the record of a fill that is over, to look at its keys again. Fields that are not
//! needed may be missing or new: records of older and newer versions can be read as long as their schema is
//! the same.

use std::time::SystemTime;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Options, Record, SCHEMA, SlotRun};

/// A fill that is over.
#[derive(Clone, Debug, Deserialize)]
pub struct PastRun {
    /// When it started: RFC 3339, UTC.
    started_at: String,
    /// What was asked.
    pub options: PastOptions,
    /// What was done about it.
    pub done: PastDone,
    /// How many keys there were to be, and how many of them were executed.
    pub account: PastAccount,
    /// How it ended, in one word.
    pub verdict: String,
    /// Earlier runs of the same fill.
    #[serde(default)]
    resumed: PastResumed,
}

/// The part of what is known of earlier runs that decides how old keys may be.
#[derive(Clone, Debug, Default, Deserialize)]
struct PastResumed {
    began_at: Option<String>,
}

/// What was asked, as far as it decides which keys there should be, and where.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields of `Options`, which says what they mean")]
pub struct PastOptions {
    pub address: String,
    pub tls: bool,
    pub db: u32,
    pub data_bytes: Option<u64>,
    pub keys: Option<u64>,
    #[serde(default)]
    pub until_memory: Option<String>,
    pub key_size: u64,
    pub value_size: u64,
    pub key_prefix: String,
    pub seed: u64,
    #[serde(default)]
    pub worker_index: Option<u64>,
    #[serde(default)]
    pub worker_count: Option<u64>,
    pub ttl_seconds: Option<f64>,
    #[serde(default)]
    pub address_map: Vec<String>,
}

/// What was done, as far as it decides which keys there should be.
#[derive(Clone, Debug, Deserialize)]
pub struct PastDone {
    /// Keys in each slot, where the fill found out how many.
    #[serde(default)]
    pub slots: Option<Vec<SlotRun>>,
}

impl From<&Options> for PastOptions {
    fn from(options: &Options) -> Self {
        let Options { address, tls, db, data_bytes, keys, key_size, value_size, .. } = options;
        Self {
            address: address.clone(),
            tls: *tls,
            db: *db,
            data_bytes: *data_bytes,
            keys: *keys,
            until_memory: options.until_memory.clone(),
            key_size: *key_size,
            value_size: *value_size,
            key_prefix: options.key_prefix.clone(),
            seed: options.seed,
            worker_index: options.worker_index,
            worker_count: options.worker_count,
            ttl_seconds: options.ttl_seconds,
            address_map: options.address_map.clone(),
        }
    }
}

/// The part of the account that is known at every end.
#[derive(Clone, Debug, Deserialize)]
pub struct PastAccount {
    /// Keys in the dataset.
    pub planned: u64,
    /// Keys whose commands a barrier answered for.
    pub executed: u64,
}

/// Why a text is no record of a fill.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PastRunError {
    /// No JSON, or without the fields that are needed.
    #[error("holds no record of a fill: {0}")]
    NoRecord(String),
    /// A record, but one that means other things by its fields.
    #[error("is written as `{schema}` by fillbench {version}, and this one reads `{SCHEMA}`")]
    OtherVersion {
        /// Its schema.
        schema: String,
        /// Who wrote it.
        version: String,
    },
}

impl PastRun {
    /// Reads the text of a `run.json`.
    ///
    /// # Errors
    /// [`PastRunError`] if it is none, or one of another version.
    pub fn parse(text: &str) -> Result<Self, PastRunError> {
        parse(text)
    }

    /// When the first of its keys may have been written; `None` if that is not understood.
    pub fn started_at(&self) -> Option<SystemTime> {
        let began_at = self.resumed.began_at.as_ref().unwrap_or(&self.started_at);
        humantime::parse_rfc3339(began_at).ok()
    }

    /// Whether it ended with every key, or with a known number of them missing.
    pub fn ended(&self) -> bool {
        !matches!(self.verdict.as_str(), "interrupted" | "failed" | "unfinished")
    }
}

impl Record {
    /// Reads the text of a `run.json` with all that is in it, to go on from.
    ///
    /// # Errors
    /// [`PastRunError`] if it is none, or one of another version.
    pub fn parse(text: &str) -> Result<Self, PastRunError> {
        parse(text)
    }
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, PastRunError> {
    let no_record = |error: serde_json::Error| PastRunError::NoRecord(error.to_string());
    let json: serde_json::Value = serde_json::from_str(text).map_err(no_record)?;
    // Looked at first: in another version, the fields may not be there.
    if let Some(schema) = json["schema"].as_str().filter(|schema| *schema != SCHEMA) {
        let version = json["program"]["version"].as_str().unwrap_or("?");
        return Err(PastRunError::OtherVersion { schema: schema.into(), version: version.into() });
    }
    serde_json::from_value(json).map_err(no_record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example;

    fn text() -> String {
        serde_json::to_string(&example::exact()).unwrap()
    }

    #[test]
    fn what_a_fill_writes_can_be_read_and_new_fields_are_passed_by() {
        let exact = example::exact();
        for text in [text(), text().replacen('{', "{\"new\":[1],", 1)] {
            let past = PastRun::parse(&text).unwrap();
            assert_eq!(past.options.key_size, exact.options.key_size);
            assert_eq!(past.options.address_map, exact.options.address_map);
            assert_eq!((past.verdict.as_str(), past.ended()), ("exact", true));
            assert!(past.started_at().is_some());
        }
        let failed = serde_json::to_string(&example::failed()).unwrap();
        assert!(!PastRun::parse(&failed).unwrap().ended());
        assert_eq!(Record::parse(&text()).unwrap(), exact);
    }

    #[test]
    fn a_resumed_fill_began_when_the_first_did() {
        let began = |record| PastRun::parse(&serde_json::to_string(&record).unwrap()).unwrap().started_at();
        let at = |text| humantime::parse_rfc3339(text).ok();
        assert_eq!(began(example::exact()), at("2026-11-20T10:01:02Z"));
        assert_eq!(began(example::failed()), at("2026-11-20T10:11:12Z"));
    }

    #[test]
    fn what_is_no_record_or_another_says_so() {
        for text in ["", "{}", "[]", "{\"schema\":\"fillbench.run/1\"}", "{\"schema\":"] {
            assert!(matches!(PastRun::parse(text), Err(PastRunError::NoRecord(_))), "{text}");
        }
        let error = PastRun::parse(&text().replace(SCHEMA, "fillbench.run/2")).unwrap_err().to_string();
        assert!(error.contains("`fillbench.run/2` by fillbench 0.1.0, and this one reads"), "{error}");
    }
}

//! What a record says of earlier runs that it goes on from.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::Record;

/// Earlier runs of the same fill, into the same folder.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resumed {
    /// How many there were; 0 for a run that began anew.
    pub times: u64,
    /// When the first of them began: RFC 3339, UTC; `null` for a run that began anew.
    pub began_at: Option<String>,
    /// Keys that they executed, of those that their journal tells of and that may still be there. They are
    /// part of `account.executed`, and not of `done` and the rates.
    pub keys_before: u64,
}

impl Resumed {
    /// When the first of its runs began; `None` if there was none before this, or that is not understood.
    pub fn began(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339(self.began_at.as_ref()?).ok()
    }
}

impl Record {
    /// Whether anything was sent, or proven that an earlier run sent: then it is a row in tables.
    pub fn did_something(&self) -> bool {
        self.done.wire_bytes > 0 || (self.resumed.times > 0 && self.account.executed > 0)
    }
}

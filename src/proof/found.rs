//! What looking came to, key by key and slot by slot.

use crate::dataset::Position;

/// Faulty keys of each kind that are named in each slot.
pub const FAULTS_NAMED: u64 = 5;

/// What is wrong with a key. In this order they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It is not there.
    Missing,
    /// It has another value.
    Value,
    /// It is no string.
    Type,
    /// It has a time to live that it should not have, or none where it should.
    Lifetime,
}

/// What one key came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is as it should be.
    Exact,
    /// It is not.
    Faulty(Fault),
    /// Nobody would say.
    Unknown,
}

/// What was found in one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Keys as they should be.
    pub exact: u64,
    /// Keys that are not there.
    pub missing: u64,
    /// Keys with another value.
    pub wrong_value: u64,
    /// Keys of another type.
    pub wrong_type: u64,
    /// Keys with a time to live where none was given, or the reverse, or with another.
    pub wrong_ttl: u64,
    /// Keys about which nobody would say: their node no longer owns them, or refused.
    pub unknown: u64,
}

impl Found {
    /// Keys that are there and not as they should be.
    pub fn wrong(&self) -> u64 {
        self.wrong_value + self.wrong_type + self.wrong_ttl
    }

    /// Keys of which it is known that something is wrong with them.
    pub fn faulty(&self) -> u64 {
        self.missing + self.wrong()
    }

    /// Counts one more key, and returns how many there are now of its kind.
    pub(super) fn add(&mut self, seen: Seen) -> u64 {
        let count = match seen {
            Seen::Exact => &mut self.exact,
            Seen::Unknown => &mut self.unknown,
            Seen::Faulty(Fault::Missing) => &mut self.missing,
            Seen::Faulty(Fault::Value) => &mut self.wrong_value,
            Seen::Faulty(Fault::Type) => &mut self.wrong_type,
            Seen::Faulty(Fault::Lifetime) => &mut self.wrong_ttl,
        };
        *count += 1;
        *count
    }
}

/// One slot that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotRead {
    /// How many keys came to what.
    pub found: Found,
    /// The first faulty keys of each kind, up to [`FAULTS_NAMED`].
    pub faults: Vec<(Position, Fault)>,
    /// What a node said of a key about which it would not say more.
    pub refusal: Option<String>,
}

impl SlotRead {
    /// Takes in what one key came to.
    pub fn add(&mut self, position: Position, seen: Seen) {
        let count = self.found.add(seen);
        if let Seen::Faulty(fault) = seen
            && count <= FAULTS_NAMED
        {
            self.faults.push((position, fault));
        }
    }
}

//! What a dataset consists of, checked once, so that whatever is made from it is sound.

use std::sync::Arc;

use super::{KeyShape, Position, Worker, position};
use crate::slots::SLOTS;

/// The largest key, in bytes.
pub const MAX_KEY_SIZE: u64 = 65536;
/// The largest value, in bytes: servers take no more by default (`proto-max-bulk-len`).
pub const MAX_VALUE_SIZE: u64 = 512 << 20;

/// How much to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many keys.
    Keys(u64),
    /// So many bytes of keys and values together; the last key may go beyond.
    Bytes(u64),
    /// Nothing yet: how much it is to be is found out while it is filled ([`Spec::with_counts`]).
    Open,
}

/// A dataset as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// How much.
    pub amount: Amount,
    /// Bytes in each key.
    pub key_size: u64,
    /// Bytes in each value.
    pub value_size: u64,
    /// What every key starts with.
    pub prefix: String,
    /// Makes the values differ from those of another seed.
    pub seed: u64,
}

/// A dataset that can be made, or one worker's share of it. A larger count with the same sizes, prefix and seed
/// contains the smaller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The index of its first key: 0 but for a share.
    first: u64,
    keys: u64,
    /// Keys of the whole dataset, if this is a share of it.
    whole: Option<u64>,
    /// The keys of each slot, where they are not as even as can be.
    counts: Option<Arc<[u64]>>,
    shape: KeyShape,
    value_size: u64,
    seed: u64,
}

/// Why a dataset cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Nothing to do.
    #[error("a fill of 0 {unit} writes nothing: give at least one")]
    Nothing {
        /// `keys` or `bytes`.
        unit: &'static str,
    },
    /// The key has no room for its tag and number.
    #[error(
        "a key of {size} bytes has no room for {keys} keys{after_prefix}: \
         the smallest key size that does is {smallest}"
    )]
    KeyTooSmall {
        /// What was asked.
        size: u64,
        /// How many keys there would be.
        keys: u64,
        /// ` after the prefix "p"`, or nothing.
        after_prefix: String,
        /// What would do.
        smallest: usize,
    },
    /// The key has no room for the numbers of so many keys in one slot.
    #[error(
        "a key of {size} bytes has no room for {ordinals} keys in one slot: \
         the smallest key size that does is {smallest}"
    )]
    SlotTooLarge {
        /// What was asked.
        size: usize,
        /// How many keys there would be in a slot.
        ordinals: u64,
        /// What would do.
        smallest: usize,
    },
    /// Larger than [`MAX_KEY_SIZE`].
    #[error("a key of {0} bytes is too large: keys have at most {MAX_KEY_SIZE} bytes")]
    KeyTooLarge(u64),
    /// Larger than [`MAX_VALUE_SIZE`].
    #[error("a value of {0} bytes is too large: values have at most {MAX_VALUE_SIZE} bytes (512 MiB)")]
    ValueTooLarge(u64),
    /// The hash tag must be the first thing in braces.
    #[error(
        "the key prefix {0:?} has a `{{`: what follows it would decide the slot of every key; leave it out"
    )]
    BraceInPrefix(String),
    /// A worker would have nothing to do.
    #[error("{keys} keys are too few for {workers} workers: give each one at least")]
    TooManyWorkers {
        /// How many keys there are.
        keys: u64,
        /// Who would share them.
        workers: u64,
    },
    /// More than can be numbered or added up.
    #[error("{keys} keys of {pair} bytes are too many: at most {most} can be numbered and added up")]
    TooMany {
        /// How many were asked for, directly or by their bytes.
        keys: u64,
        /// Bytes of a key and its value.
        pair: u64,
        /// How many are possible.
        most: u64,
    },
}

impl Spec {
    /// Checks a request.
    ///
    /// # Errors
    /// [`SpecError`] if it is empty, too large, or its keys are too small to be told apart.
    pub fn new(request: &Request) -> Result<Self, SpecError> {
        let Request { amount, key_size, value_size, ref prefix, seed } = *request;
        if prefix.contains('{') {
            return Err(SpecError::BraceInPrefix(prefix.clone()));
        }
        if key_size > MAX_KEY_SIZE {
            return Err(SpecError::KeyTooLarge(key_size));
        }
        if value_size > MAX_VALUE_SIZE {
            return Err(SpecError::ValueTooLarge(value_size));
        }
        let pair = key_size + value_size;
        let keys = match amount {
            Amount::Keys(0) => return Err(SpecError::Nothing { unit: "keys" }),
            Amount::Bytes(0) => return Err(SpecError::Nothing { unit: "bytes" }),
            Amount::Keys(keys) => keys,
            Amount::Bytes(bytes) => bytes.div_ceil(pair.max(1)),
            Amount::Open => 0,
        };
        refuse_too_many(keys, pair)?;
        let ordinals = keys.div_ceil(u64::from(SLOTS));
        let smallest = KeyShape::smallest_size(prefix.as_bytes(), ordinals);
        if key_size < smallest as u64 {
            let after_prefix =
                if prefix.is_empty() { String::new() } else { format!(" after the prefix {prefix:?}") };
            return Err(SpecError::KeyTooSmall { size: key_size, keys, after_prefix, smallest });
        }
        let counts = (amount == Amount::Open).then(|| vec![0; usize::from(SLOTS)].into());
        let shape = KeyShape::new(prefix.as_bytes(), key_size as usize);
        Ok(Self { first: 0, keys, whole: None, counts, shape, value_size, seed })
    }

    /// The share of one of several workers.
    ///
    /// # Errors
    /// [`SpecError::TooManyWorkers`] if one of them would have no key.
    pub fn share(&self, worker: Worker) -> Result<Self, SpecError> {
        if self.keys < worker.count() {
            return Err(SpecError::TooManyWorkers { keys: self.keys, workers: worker.count() });
        }
        let indices = worker.share(self.keys);
        let (first, keys) = (indices.start, indices.end - indices.start);
        Ok(Self { first, keys, whole: Some(self.keys), ..self.clone() })
    }

    /// The dataset that this is a share of; itself, if it is none.
    pub fn whole(&self) -> Self {
        Self { first: 0, keys: self.whole.unwrap_or(self.keys), whole: None, ..self.clone() }
    }

    /// Whether others have keys in the same slots.
    pub fn is_share(&self) -> bool {
        self.whole.is_some()
    }

    /// The same keys and values, so many of them in each slot: `counts` has one number for every slot that
    /// exists.
    ///
    /// # Errors
    /// [`SpecError`] if the keys have no room for so many, or they are too many.
    pub fn with_counts(&self, counts: &[u64]) -> Result<Self, SpecError> {
        let pair = self.pair_bytes();
        let keys = counts.iter().fold(0, |sum: u64, &count| sum.saturating_add(count));
        refuse_too_many(keys, pair)?;
        self.refuse_more_in_a_slot(counts.iter().copied().max().unwrap_or(0))?;
        Ok(Self { keys, counts: Some(counts.into()), ..self.clone() })
    }

    /// Checks that the keys have room for so many in one slot.
    ///
    /// # Errors
    /// [`SpecError::SlotTooLarge`] if not.
    pub fn refuse_more_in_a_slot(&self, ordinals: u64) -> Result<(), SpecError> {
        let (size, prefix) = (self.shape.size(), self.shape.prefix());
        let smallest = KeyShape::smallest_size(prefix, ordinals);
        if ordinals > KeyShape::most_ordinals() || size < smallest {
            return Err(SpecError::SlotTooLarge { size, ordinals, smallest });
        }
        Ok(())
    }

    /// How many keys there are.
    pub fn keys(&self) -> u64 {
        self.keys
    }

    /// The index of the first of them.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// How the keys are spelt.
    pub fn shape(&self) -> &KeyShape {
        &self.shape
    }

    /// Bytes in each value.
    pub fn value_size(&self) -> usize {
        self.value_size as usize
    }

    /// The seed of the values.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Bytes of one key and its value.
    pub fn pair_bytes(&self) -> u64 {
        self.shape.size() as u64 + self.value_size
    }

    /// Bytes of all keys and values.
    pub fn payload_bytes(&self) -> u64 {
        self.keys * self.pair_bytes()
    }

    /// How many keys stand in `slot`: the same for all slots, give or take one, unless each slot was given
    /// a number of its own.
    pub fn keys_in_slot(&self, slot: u16) -> u64 {
        match &self.counts {
            None => position::keys_in_slot(self.first + self.keys, slot) - self.before(slot),
            Some(counts) => counts[usize::from(slot)],
        }
    }

    /// Where the key stands that has so many of these keys before it in `slot`.
    pub fn at(&self, slot: u16, place: u64) -> Position {
        Position { slot, ordinal: self.before(slot) + place }
    }

    /// Keys of other workers that stand before these in `slot`.
    fn before(&self, slot: u16) -> u64 {
        if self.first == 0 { 0 } else { position::keys_in_slot(self.first, slot) }
    }

    /// Whether each slot was given a number of its own.
    pub fn is_counted(&self) -> bool {
        self.counts.is_some()
    }

    /// The key with this index.
    pub fn key(&self, index: u64) -> Vec<u8> {
        self.shape.key(Position::of_index(index))
    }
}

fn refuse_too_many(keys: u64, pair: u64) -> Result<(), SpecError> {
    let numbered = KeyShape::most_ordinals() * u64::from(SLOTS);
    let most = numbered.min(u64::MAX / pair.max(1));
    if keys > most { Err(SpecError::TooMany { keys, pair, most }) } else { Ok(()) }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

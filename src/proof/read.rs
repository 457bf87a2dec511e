//! Looking at each key: its length and its first bytes, the stamp, because a refused overwrite leaves
//! the old value where the key exists.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::dataset::{Position, Spec, Values};
use crate::net::{Connection, NetError};
use crate::resp::{Value, encode_command};

/// Keys that are asked for at a time.
const BATCH_KEYS: usize = 512;
/// Bytes of each value that are read: its stamp, and as much again from the pool.
const READ_BYTES: usize = 16;

/// What is expected to be there.
#[derive(Clone)]
pub struct Expectation {
    /// The keys.
    pub spec: Arc<Spec>,
    /// Their values.
    pub values: Arc<Values>,
    /// Whether each key has a time to live.
    pub expires: bool,
}

/// What was found in one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Keys with their value.
    pub exact: u64,
    /// Keys that are not there.
    pub missing: u64,
    /// Keys with another value or type, or with a time to live where none was given, or the reverse.
    pub wrong: u64,
    /// Keys about which the node would not say: it no longer owns them, or refused.
    pub unknown: u64,
}

/// Counts keys as they are looked at.
pub type ReadProgress = AtomicU64;

/// What one key came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Exact,
    Missing,
    Wrong,
    Unknown,
    /// An empty string or no key: a second question tells.
    Empty,
}

/// Whether this user may ask of `key`, which this node owns, what reading asks.
///
/// # Errors
/// [`NetError`] if the node does not answer.
pub async fn may_read(node: &mut Connection, key: &[u8]) -> Result<bool, NetError> {
    let questions: [&[&[u8]]; 4] =
        [&[b"STRLEN", key], &[b"GETRANGE", key, b"0", b"0"], &[b"EXISTS", key], &[b"PTTL", key]];
    for question in questions {
        let reply = node.call_raw(question).await?;
        if reply.as_error().is_some_and(|message| message.starts_with("NOPERM")) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads all keys of `slots` at a node, and returns what was found in each.
///
/// # Errors
/// [`NetError`] if the node does not answer. A refusal of a single command is no error: the key
/// counts as unknown.
pub async fn read(
    node: &mut Connection,
    expected: &Expectation,
    slots: &[u16],
    progress: &ReadProgress,
) -> Result<Vec<Found>, NetError> {
    let mut found = vec![Found::default(); slots.len()];
    let mut batch = Vec::with_capacity(BATCH_KEYS);
    for (index, &slot) in slots.iter().enumerate() {
        for ordinal in 0..expected.spec.keys_in_slot(slot) {
            batch.push((index, Position { slot, ordinal }));
            if batch.len() == BATCH_KEYS {
                read_batch(node, expected, &batch, &mut found).await?;
                progress.fetch_add(batch.len() as u64, Relaxed);
                batch.clear();
            }
        }
    }
    read_batch(node, expected, &batch, &mut found).await?;
    progress.fetch_add(batch.len() as u64, Relaxed);
    Ok(found)
}

async fn read_batch(
    node: &mut Connection,
    expected: &Expectation,
    batch: &[(usize, Position)],
    found: &mut [Found],
) -> Result<(), NetError> {
    for (&(index, _), seen) in batch.iter().zip(look(node, expected, batch).await?) {
        let slot = &mut found[index];
        match seen {
            Seen::Exact => slot.exact += 1,
            Seen::Missing => slot.missing += 1,
            Seen::Wrong => slot.wrong += 1,
            Seen::Unknown | Seen::Empty => slot.unknown += 1,
        }
    }
    Ok(())
}

async fn look(
    node: &mut Connection,
    expected: &Expectation,
    batch: &[(usize, Position)],
) -> Result<Vec<Seen>, NetError> {
    let (mut wire, mut key) = (Vec::new(), Vec::new());
    let last = (READ_BYTES - 1).to_string();
    for &(_, position) in batch {
        spell(expected, position, &mut key);
        encode_command(&mut wire, &[b"STRLEN", &key]);
        encode_command(&mut wire, &[b"GETRANGE", &key, b"0", last.as_bytes()]);
        encode_command(&mut wire, &[b"PTTL", &key]);
    }
    let mut seen = vec![Seen::Exact; batch.len()];
    let mut start = Vec::new();
    node.pipeline(&wire, batch.len() * 3, |reply, value| {
        let (place, question) = (reply / 3, reply % 3);
        let verdict = match question {
            0 => length(&value, expected.values.size()),
            1 => {
                start.clear();
                expected.values.write_part(batch[place].1, 0, READ_BYTES, &mut start);
                match value.as_bytes() {
                    // It had a length a moment ago: it may have expired, or been deleted, since.
                    Some([]) => Seen::Empty,
                    _ => told(&value, |value| value.as_bytes() == Some(&start)),
                }
            }
            _ => lifetime(&value, expected.expires),
        };
        // The length decides first: what it says of a key that is empty or gone stands.
        if seen[place] == Seen::Exact {
            seen[place] = verdict;
        }
    })
    .await?;
    look_again(node, expected, batch, &mut seen).await?;
    Ok(seen)
}

/// Tells empty strings from keys that are not there.
async fn look_again(
    node: &mut Connection,
    expected: &Expectation,
    batch: &[(usize, Position)],
    seen: &mut [Seen],
) -> Result<(), NetError> {
    let empty: Vec<usize> = (0..seen.len()).filter(|&place| seen[place] == Seen::Empty).collect();
    if empty.is_empty() {
        return Ok(());
    }
    let (mut wire, mut key) = (Vec::new(), Vec::new());
    for &place in &empty {
        spell(expected, batch[place].1, &mut key);
        encode_command(&mut wire, &[b"EXISTS", &key]);
        encode_command(&mut wire, &[b"PTTL", &key]);
    }
    let should_be_empty = expected.values.size() == 0;
    node.pipeline(&wire, empty.len() * 2, |reply, value| {
        let seen = &mut seen[empty[reply / 2]];
        match (reply % 2, value.as_integer()) {
            (0, Some(0)) => *seen = Seen::Missing,
            (0, Some(_)) => *seen = if should_be_empty { Seen::Exact } else { Seen::Wrong },
            (0, None) => *seen = Seen::Unknown,
            _ if *seen == Seen::Exact => *seen = lifetime(&value, expected.expires),
            _ => {}
        }
    })
    .await
}

fn spell(expected: &Expectation, position: Position, key: &mut Vec<u8>) {
    key.clear();
    expected.spec.shape().write(position, key);
}

fn length(value: &Value, size: usize) -> Seen {
    match value.as_integer() {
        Some(0) => Seen::Empty,
        _ => told(value, |value| value.as_integer() == Some(size as i64)),
    }
}

/// What PTTL says of a key: -2 is no key, -1 is one that stays. One that should stay and will not is
/// wrong: it was not we who wrote it last, or somebody gave it a time to live since.
fn lifetime(value: &Value, expires: bool) -> Seen {
    match value.as_integer() {
        Some(-2) => Seen::Missing,
        _ => told(value, |value| value.as_integer().is_some_and(|ms| (ms >= 0) == expires)),
    }
}

/// An answer that is right or wrong, unless it is an error: another type is wrong, too; every other
/// refusal says nothing of the key.
fn told(value: &Value, right: impl Fn(&Value) -> bool) -> Seen {
    match value.as_error() {
        Some(message) if message.starts_with("WRONGTYPE") => Seen::Wrong,
        Some(_) => Seen::Unknown,
        None if right(value) => Seen::Exact,
        None => Seen::Wrong,
    }
}

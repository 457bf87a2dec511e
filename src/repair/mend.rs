//! Writing again what is not as it should be: a key is looked at first, and only a faulty one is written,
//! with an answer awaited for each. Where its slot is being moved, it is written where it is going.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use crate::dataset::Position;
use crate::net::{Address, Connection, NetError, Refusal, shown};
use crate::proof::{BATCH_KEYS, Expectation, Lifetime, ReadProgress, Reader, Seen, SlotRead};
use crate::resp::{Value, encode_command};

/// Bytes of commands that are on their way at a time; one command is always admitted.
const WINDOW_BYTES: usize = 1 << 20;
/// A node that refuses so many writes one after another, for the moment, takes none of the others either. One
/// that refuses now and then takes them.
const HELD_UP_IN_A_ROW: u64 = 8;

/// A slot that was mended.
#[derive(Debug, Default)]
pub(super) struct Mended {
    /// What it holds now, as far as answers tell.
    pub read: SlotRead,
    /// Keys that were written again.
    pub rewritten: u64,
    /// Why some were not, where asking again would not help.
    pub refusal: Option<NetError>,
    /// Whether the node takes no writes at the moment, of whatever slot.
    pub held_up: bool,
    /// Whether this user is not allowed to read it.
    pub denied: bool,
}

impl Mended {
    /// Whether it is of no use to write more to this node.
    pub fn ends_here(&self) -> bool {
        self.refusal.is_some() || self.held_up
    }
}

/// What came of writing one key.
#[derive(Clone, Debug)]
enum Wrote {
    Done,
    /// Its slot is being moved: `host:port` as the node calls it.
    Elsewhere(String),
    /// Not here, or not while its slot is being moved.
    Later(String),
    /// The node takes no writes at the moment.
    HeldUp(String),
    /// Not at all, by this node.
    Refused(Address, String),
}

/// Looks at all keys of some slots, and writes the faulty ones again. After a refusal that is not of the
/// key alone it goes no further: the result then has fewer entries than there are slots.
///
/// # Errors
/// [`NetError`] if the node does not answer; then nothing is known of these slots.
pub(super) async fn mend(
    reader: &mut Reader,
    expected: &Expectation,
    slots: &[u16],
    progress: &ReadProgress,
) -> Result<Vec<Mended>, NetError> {
    let mut all = Vec::with_capacity(slots.len());
    let mut in_a_row = 0;
    for &slot in slots {
        let mut mended = Mended::default();
        let mut positions = expected.positions(slot);
        loop {
            let batch: Vec<Position> = positions.by_ref().take(BATCH_KEYS).collect();
            if batch.is_empty() {
                break;
            }
            mend_batch(reader, expected, &batch, &mut mended, &mut in_a_row).await?;
            if mended.ends_here() {
                break;
            }
            progress.fetch_add(batch.len() as u64, Relaxed);
        }
        let ends_here = mended.ends_here();
        all.push(mended);
        if ends_here {
            break;
        }
    }
    Ok(all)
}

async fn mend_batch(
    reader: &mut Reader,
    expected: &Expectation,
    batch: &[Position],
    mended: &mut Mended,
    in_a_row: &mut u64,
) -> Result<(), NetError> {
    let looked = reader.look(expected, batch).await?;
    if mended.read.refusal.is_none() {
        mended.read.refusal = looked.refusal;
    }
    let mut faulty = Vec::new();
    for (&position, seen) in batch.iter().zip(looked.seen) {
        match seen {
            Seen::Faulty(_) => faulty.push((position, seen)),
            Seen::Exact | Seen::Unknown => mended.read.add(position, seen),
        }
    }
    let positions: Vec<Position> = faulty.iter().map(|&(position, _)| position).collect();
    let wrote = rewrite(reader, expected, &positions).await?;
    for ((position, seen), wrote) in faulty.into_iter().zip(wrote) {
        let now = match wrote {
            Wrote::Done => {
                mended.rewritten += 1;
                *in_a_row = 0;
                Seen::Exact
            }
            Wrote::Elsewhere(why) | Wrote::Later(why) => {
                mended.read.refusal.get_or_insert(why);
                Seen::Unknown
            }
            Wrote::HeldUp(why) => {
                *in_a_row += 1;
                mended.held_up |= *in_a_row >= HELD_UP_IN_A_ROW;
                mended.read.refusal.get_or_insert(why);
                Seen::Unknown
            }
            Wrote::Refused(node, message) => {
                let error = || NetError::unexpected(&node, "SET", &Value::Error(message));
                mended.refusal.get_or_insert_with(error);
                seen
            }
        };
        mended.read.add(position, now);
    }
    Ok(())
}

/// Writes keys at the node, and those whose slot is being moved at the one that it names.
async fn rewrite(
    reader: &mut Reader,
    expected: &Expectation,
    positions: &[Position],
) -> Result<Vec<Wrote>, NetError> {
    let mut wrote = write(reader.node(), expected, positions, false).await?;
    let mut moved: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, wrote) in wrote.iter().enumerate() {
        if let Wrote::Elsewhere(name) = wrote {
            moved.entry(name.clone()).or_default().push(place);
        }
    }
    for (name, places) in moved {
        let there: Vec<Position> = places.iter().map(|&place| positions[place]).collect();
        let written = match reader.other(&name).await {
            Ok(other) => write(other, expected, &there, true).await,
            Err(error) => Err(error),
        };
        match written {
            Ok(written) => places.into_iter().zip(written).for_each(|(place, now)| wrote[place] = now),
            Err(error) => {
                reader.drop_other(&name);
                places.into_iter().for_each(|place| wrote[place] = Wrote::Later(error.to_string()));
            }
        }
    }
    Ok(wrote)
}

/// Writes keys over one connection; `asking` says that their slot is still on its way there.
async fn write(
    node: &mut Connection,
    expected: &Expectation,
    positions: &[Position],
    asking: bool,
) -> Result<Vec<Wrote>, NetError> {
    let address = node.address().clone();
    let mut wrote = Vec::with_capacity(positions.len());
    let (mut wire, mut waiting) = (Vec::new(), 0);
    for (number, &position) in positions.iter().enumerate() {
        if asking {
            encode_command(&mut wire, &[b"ASKING"]);
        }
        encode_set(&mut wire, expected, position);
        waiting += 1;
        if wire.len() >= WINDOW_BYTES || number + 1 == positions.len() {
            let answers_each = if asking { 2 } else { 1 };
            node.pipeline(&wire, waiting * answers_each, |reply, answer| {
                if !asking || reply % 2 == 1 {
                    wrote.push(meaning(&address, &answer));
                }
            })
            .await?;
            wire.clear();
            waiting = 0;
        }
    }
    Ok(wrote)
}

fn encode_set(wire: &mut Vec<u8>, expected: &Expectation, position: Position) {
    let (key, value) = (expected.spec.shape().key(position), expected.values.value(position));
    match expected.lifetime {
        Lifetime::Forever => encode_command(wire, &[b"SET", &key, &value]),
        Lifetime::Expires { ttl, .. } => {
            let ttl_ms = ttl.as_millis().to_string();
            encode_command(wire, &[b"SET", &key, &value, b"PX", ttl_ms.as_bytes()]);
        }
    }
}

/// What a node's answer to SET means.
fn meaning(node: &Address, answer: &Value) -> Wrote {
    let Some(message) = answer.as_error() else { return Wrote::Done };
    match Refusal::of(message) {
        Refusal::Ask { node: Some(name), .. } => Wrote::Elsewhere(name.into()),
        Refusal::Ask { .. } | Refusal::Elsewhere => Wrote::Later(shown(message)),
        Refusal::ForNow => Wrote::HeldUp(shown(message)),
        Refusal::Final => Wrote::Refused(node.clone(), message.into()),
    }
}

//! What a key of the dataset costs a server: measured by writing a few of them, looking at `used_memory`
//! before and after, and deleting them again. Only keys that were not there are written, so nothing is
//! left of it.

use std::sync::Arc;
use std::time::Duration;

use crate::cluster::Info;
use crate::dataset::{Position, Spec, Values};
use crate::net::{Address, Connection, Connector, NetError};
use crate::resp::encode_command;
use crate::write::TimeToLive;

use super::tables::Tables;
use crate::fill::limits::Limits;

/// Rounds that are measured; the median is not moved by what other clients do meanwhile. The first one
/// makes the server's buffers grow, and does not count.
const ROUNDS: usize = 6;
/// Bytes of keys and values in one round: beside them, what the connection itself costs is little.
const ROUND_BYTES: u64 = 512 << 10;
/// Of these, so many go at a time, so that the server's buffers stay small.
const CHUNK_BYTES: u64 = 16 << 10;
/// Larger keys and values are measured by one: nothing beside them matters.
const LARGE_BYTES: u64 = 1 << 20;
/// Larger ones still are not measured.
const LARGEST_BYTES: u64 = 16 << 20;
/// All rounds together take so small a part of the room that there is.
const ROOM_PART: u64 = 3;
/// Keys that are looked for to learn how many are there already.
const LOOKED_FOR: u64 = 512;
/// Should nobody be left to delete what was written, it goes by itself.
const LEFT_FOR: Duration = Duration::from_secs(60);

/// What is written to be measured.
pub(in crate::fill) struct Sample {
    /// The keys that this fill may write: the others are other workers'.
    pub spec: Arc<Spec>,
    pub values: Arc<Values>,
    pub ttl: Option<TimeToLive>,
    /// The master's slots.
    pub slots: Vec<u16>,
    pub tables: Tables,
    /// Bytes of memory that are free now.
    pub room: u64,
}

/// The share of all workers' keys, 0 to 1, that are not there yet. All, where this user may not ask.
pub(in crate::fill) async fn absent_share(node: &mut Connection, sample: &Sample) -> Result<f64, NetError> {
    let (spec, slots) = (sample.spec.whole(), &sample.slots);
    let mut wire = Vec::new();
    let mut asked = 0;
    for number in 0..LOOKED_FOR {
        // One after another of slots that are far apart, from the first ordinals to the last.
        let slot = slots[(number * slots.len() as u64 / LOOKED_FOR) as usize];
        let keys = spec.keys_in_slot(slot);
        if keys > 0 {
            let place = (number * 197 % LOOKED_FOR) * keys / LOOKED_FOR;
            encode_command(&mut wire, &[b"EXISTS", &spec.shape().key(spec.at(slot, place))]);
            asked += 1;
        }
    }
    let mut there = 0;
    node.pipeline(&wire, asked, |_, reply| there += reply.as_integer().unwrap_or(0)).await?;
    Ok(if asked == 0 { 1.0 } else { 1.0 - there as f64 / asked as f64 })
}

/// Bytes of one key without its part of the tables; `None` where that cannot be found out: this user may
/// not write, delete or run INFO, there is no room, or a limit is reached. Whatever goes wrong, what was written
/// is deleted, as far as it was answered.
pub(in crate::fill) async fn entry_bytes(
    connector: &Connector,
    address: &Address,
    sample: &Sample,
    limits: &Limits,
) -> Result<Option<f64>, NetError> {
    let rounds = rounds(sample);
    let Some(first) = rounds.first().and_then(|round| round.first()) else { return Ok(None) };
    let mut node = connector.open(address).await?;
    if !may_delete(&mut node, sample, *first).await? {
        return Ok(None);
    }
    let mut written = Vec::new();
    let measured = measure(&mut node, sample, &rounds, limits, &mut written).await;
    if measured.is_err() {
        // Of the connection that failed, no answer could be trusted.
        node = connector.open(address).await?;
    }
    delete(&mut node, sample, &written).await?;
    let mut measured = measured?;
    if measured.len() > 1 {
        measured.remove(0);
    }
    measured.sort_by(f64::total_cmp);
    // No key takes less than what it is.
    let least = sample.spec.pair_bytes() as f64;
    Ok(measured.get(measured.len() / 2).map(|bytes| bytes.max(least)))
}

/// Bytes of one key by each round, and which keys these were, also where it fails.
async fn measure(
    node: &mut Connection,
    sample: &Sample,
    rounds: &[Vec<Position>],
    limits: &Limits,
    written: &mut Vec<Position>,
) -> Result<Vec<f64>, NetError> {
    let mut measured = Vec::new();
    for round in rounds {
        let Some((before, others)) = used(node).await? else { break };
        // What was written in the rounds before is in other slots.
        let elsewhere = if sample.tables.are_per_slot() { written.len() as u64 } else { 0 };
        let known = written.len();
        write(node, sample, round, limits, written).await?;
        let after = used(node).await?;
        let news = &written[known..];
        if sample.ttl.is_none() {
            // Only now: to have a time to live costs memory, too.
            expire(node, sample, news).await?;
        }
        let counts = counts(news);
        let cut = counts.is_empty() || limits.are_reached();
        let (Some((after, all)), false) = (after, cut) else { break };
        let beside = sample.tables.beside(others.saturating_sub(elsewhere), sample.slots.len());
        let tables = sample.tables.growth(counts.iter().map(|&keys| (keys, 1)), beside);
        let entries = after as f64 - before as f64 - tables as f64;
        let mut keys = counts.iter().sum::<u64>();
        if sample.spec.is_share() {
            // Other workers write meanwhile, and delete what they have measured: keys of the same size.
            let came = all.saturating_sub(others);
            if 2 * came < keys {
                continue;
            }
            keys = came;
        }
        measured.push(entries / keys as f64);
    }
    Ok(measured)
}

/// The keys of each round: whole slots, as far as the bytes go.
fn rounds(sample: &Sample) -> Vec<Vec<Position>> {
    let pair = sample.spec.pair_bytes();
    if pair > LARGEST_BYTES {
        return Vec::new();
    }
    let (rounds, bytes) = if pair > LARGE_BYTES { (1, pair) } else { (ROUNDS, ROUND_BYTES) };
    let most = bytes.min(sample.room / ROOM_PART / rounds as u64) / pair;
    let of_slot = |&slot: &u16| {
        let keys = sample.spec.keys_in_slot(slot).min(most);
        (0..keys).map(move |place| sample.spec.at(slot, place))
    };
    let mut all = Vec::new();
    let mut round = Vec::new();
    for slot in &sample.slots {
        let keys: Vec<Position> = of_slot(slot).collect();
        if !round.is_empty() && (round.len() + keys.len()) as u64 > most {
            all.push(std::mem::take(&mut round));
            if all.len() == rounds {
                return all;
            }
        }
        round.extend(keys);
    }
    all.push(round);
    all.retain(|round| !round.is_empty());
    all
}

/// Keys in each slot of a list that is in slot order.
fn counts(keys: &[Position]) -> Vec<u64> {
    keys.chunk_by(|one, next| one.slot == next.slot).map(|slot| slot.len() as u64).collect()
}

/// `used_memory`, and the keys in all databases.
async fn used(node: &mut Connection) -> Result<Option<(u64, u64)>, NetError> {
    let mut wire = Vec::new();
    encode_command(&mut wire, &[b"INFO", b"memory"]);
    encode_command(&mut wire, &[b"INFO", b"keyspace"]);
    let mut infos = Vec::new();
    node.pipeline(&wire, 2, |_, reply| infos.extend(reply.as_text().map(|text| Info::parse(&text)))).await?;
    let [memory, keyspace] = &infos[..] else { return Ok(None) };
    Ok(memory.number("used_memory").map(|used| (used, keyspace.keys())))
}

/// Whether a key that was written can be deleted again.
async fn may_delete(node: &mut Connection, sample: &Sample, first: Position) -> Result<bool, NetError> {
    let key = sample.spec.shape().key(first);
    let ms = LEFT_FOR.as_millis().to_string();
    let set = node.call_raw(&[b"SET", &key, b"", b"NX", b"PX", ms.as_bytes()]).await?;
    if set.as_error().is_some() {
        return Ok(false);
    }
    // One that was there already is not ours to delete; the others tell whether that is allowed.
    Ok(!set.is_ok() || node.call_raw(&[b"DEL", &key]).await?.as_integer().is_some())
}

/// Writes keys that are not there, as long as no limit is reached, and adds these to `written`.
async fn write(
    node: &mut Connection,
    sample: &Sample,
    keys: &[Position],
    limits: &Limits,
    written: &mut Vec<Position>,
) -> Result<(), NetError> {
    let chunk = (CHUNK_BYTES / sample.spec.pair_bytes()).max(1) as usize;
    for keys in keys.chunks(chunk).take_while(|_| !limits.are_reached()) {
        write_chunk(node, sample, keys, written).await?;
    }
    Ok(())
}

async fn write_chunk(
    node: &mut Connection,
    sample: &Sample,
    keys: &[Position],
    written: &mut Vec<Position>,
) -> Result<(), NetError> {
    let mut wire = Vec::new();
    let ttl = sample.ttl.map(|ttl| ttl.0.min(LEFT_FOR).as_millis().to_string());
    for &position in keys {
        let (key, value) = (sample.spec.shape().key(position), sample.values.value(position));
        match &ttl {
            None => encode_command(&mut wire, &[b"SET", &key, &value, b"NX"]),
            Some(ms) => encode_command(&mut wire, &[b"SET", &key, &value, b"NX", b"PX", ms.as_bytes()]),
        }
    }
    node.pipeline(&wire, keys.len(), |place, reply| {
        if reply.is_ok() {
            written.push(keys[place]);
        }
    })
    .await
}

/// Where that is refused, they stay until they are deleted.
async fn expire(node: &mut Connection, sample: &Sample, keys: &[Position]) -> Result<(), NetError> {
    let mut wire = Vec::new();
    let ms = LEFT_FOR.as_millis().to_string();
    for &position in keys {
        encode_command(&mut wire, &[b"PEXPIRE", &sample.spec.shape().key(position), ms.as_bytes()]);
    }
    node.pipeline(&wire, keys.len(), |_, _| ()).await
}

async fn delete(node: &mut Connection, sample: &Sample, keys: &[Position]) -> Result<(), NetError> {
    let mut wire = Vec::new();
    for &position in keys {
        encode_command(&mut wire, &[b"DEL", &sample.spec.shape().key(position)]);
    }
    node.pipeline(&wire, keys.len(), |_, _| ()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Mode;
    use crate::dataset::{Amount, Request};

    fn sample(keys: u64, value_size: u64, room: u64) -> Sample {
        let amount = Amount::Keys(keys);
        let request = Request { amount, key_size: 32, value_size, prefix: String::new(), seed: 1 };
        let spec = Arc::new(Spec::new(&request).unwrap());
        let info = Info::parse("redis_version:7.0.15");
        Sample {
            values: Arc::new(Values::new(&spec)),
            spec,
            ttl: None,
            slots: (0..16384).collect(),
            tables: Tables::of(&info, Mode::Cluster, false),
            room,
        }
    }

    #[test]
    fn rounds_take_whole_slots_and_little_of_the_room() {
        let bytes = |rounds: &[Vec<Position>], pair: u64| {
            rounds.iter().map(|round| round.len() as u64 * pair).collect::<Vec<_>>()
        };
        let whole = rounds(&sample(16384 * 100, 64, 1 << 30));
        assert_eq!(bytes(&whole, 96), [5400 * 96; ROUNDS]);
        assert!(whole.iter().all(|round| counts(round).iter().all(|&keys| keys == 100)));
        // A slot that is larger than a round is cut.
        let cut = rounds(&sample(16384 * 100_000, 64, 1 << 30));
        assert_eq!(bytes(&cut, 96), [5461 * 96; ROUNDS]);
        let narrow = bytes(&rounds(&sample(16384 * 100, 64, 1 << 20)), 96);
        assert!(narrow.len() == ROUNDS && narrow.iter().sum::<u64>() <= (1 << 20) / ROOM_PART, "{narrow:?}");
        assert!(rounds(&sample(16384 * 100, 64, 1000)).is_empty());
        // Few keys, few rounds; a large one is enough.
        assert_eq!(bytes(&rounds(&sample(10, 64, 1 << 30)), 96), [960]);
        assert_eq!(rounds(&sample(100, 2 << 20, 1 << 30)).concat().len(), 1);
        assert!(rounds(&sample(100, 20 << 20, 1 << 30)).is_empty());
    }
}

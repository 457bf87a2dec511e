//! Whether the masters have room for the dataset, all workers' shares of it together: what it is estimated to take of
//! each, against what its `maxmemory` leaves. A fill that would be refused in its middle, or evict keys, is refused before it begins.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::cluster::{self, Info, Master};
use crate::dataset::{Spec, Values, keys_in_slot};
use crate::net::{Address, NetError};
use crate::units::{show_bytes, show_count};

use super::footprint::{Sample, absent_share, entry_bytes};
use super::tables::Tables;
use crate::fill::limits::Limits;
use crate::fill::nodes::in_order;
use crate::fill::prepare::Prepared;
use crate::fill::{FillError, FillOptions};

/// Part of the estimate that is added before it is compared: buffers, and what an estimate does not know.
const MARGIN: f64 = 0.02;
/// A share with fewer bytes of keys and values is not measured where there is plenty of room ...
const SMALL_BYTES: u64 = 256 << 10;
/// ... which is twice what it takes if each key costs so much beside its bytes.
const COSTLY_KEY_BYTES: u64 = 1024;
/// Part that is taken off, or added to, what is said to do: the next estimate will be a little different.
const TO_SPARE: f64 = 0.1;
const MIB: u64 = 1 << 20;

/// What the fill is estimated to take of one master.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::fill) struct Estimate {
    /// Bytes by which its `used_memory` grows.
    pub bytes: u64,
    /// Bytes of one key that is not there yet, with its part of the tables.
    pub bytes_per_key: f64,
}

/// A master without room for its part.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "{address} has no room for its {} keys: they are estimated to need {}{}, and {} of its maxmemory of {} are \
     free{}{}",
    show_count(*keys), if *measured { "" } else { "at least " }, show_bytes(*needed), show_bytes(*free),
    show_bytes(*limit), evicting(policy.as_deref()), other_masters(*others)
)]
pub struct Shortage {
    /// Which master.
    pub address: Address,
    /// Keys of the dataset that are its own.
    pub keys: u64,
    /// Bytes that they are estimated to take.
    pub needed: u64,
    /// Whether that was measured there; else it is the bytes of keys and values, and the tables.
    pub measured: bool,
    /// Its `maxmemory`.
    pub limit: u64,
    /// Bytes that are free.
    pub free: u64,
    /// By which policy it throws keys away; `None` if it refuses writes.
    pub policy: Option<String>,
    /// So many other masters have no room either.
    pub others: usize,
    /// Keys that all masters together have room for.
    pub keys_that_fit: u64,
    /// A `maxmemory` that would do, in MiB.
    pub limit_mib: u64,
}

impl Shortage {
    /// What to do about it.
    pub fn cure(&self) -> String {
        let fewer = match self.keys_that_fit {
            0 => String::new(),
            keys => format!("fill no more than --keys {keys}, "),
        };
        format!(
            "raise maxmemory there to {}mb, {fewer}fill as much as fits with --until-memory 80%, or fill all the \
             same with --force",
            self.limit_mib
        )
    }
}

fn evicting(policy: Option<&str>) -> String {
    policy
        .map_or_else(String::new, |policy| format!(", so keys would be evicted (maxmemory-policy {policy})"))
}

fn other_masters(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "; the same goes for 1 other master".into(),
        many => format!("; the same goes for {many} other masters"),
    }
}

/// What one master has room for, and what a key costs it.
#[derive(Clone, Debug)]
struct Room {
    slots: Vec<u16>,
    tables: Tables,
    limit: u64,
    /// Bytes in use when the fill begins.
    used: u64,
    /// Bytes that were in use beside these when what was measured was deleted again: tables that the server makes
    /// smaller when it comes to it, and what it keeps for each command that it has ever been asked.
    left: u64,
    /// Keys in its databases then.
    others: u64,
    /// Share of the keys that are not there yet.
    absent: f64,
    /// Bytes of a key without its part of the tables; `None` if they are not known.
    entry_bytes: Option<f64>,
}

impl Room {
    fn free(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }

    /// What so many keys over all slots take here.
    fn needed(&self, spec: &Spec, keys: u64) -> u64 {
        let entry = self.entry_bytes.unwrap_or(spec.pair_bytes() as f64);
        let absent = |slot: &u16| (keys_in_slot(keys, *slot) as f64 * self.absent).ceil() as u64;
        let counts = self.slots.iter().map(absent);
        let entries = entry * counts.clone().sum::<u64>() as f64;
        let beside = self.tables.beside(self.others, self.slots.len());
        entries as u64 + self.tables.growth(counts.map(|keys| (keys, 1)), beside)
    }

    /// Whether it may lack room. One that is full takes no write at all, not even that of a key that is there.
    fn is_short(&self, needed: u64) -> bool {
        with_margin(needed) > self.free() || self.free() == 0
    }

    fn keys_here(&self, keys: u64) -> u64 {
        self.slots.iter().map(|&slot| keys_in_slot(keys, slot)).sum()
    }

    fn estimate(&self, spec: &Spec) -> Option<Estimate> {
        self.entry_bytes?;
        let bytes = self.needed(spec, spec.keys());
        let absent = self.keys_here(spec.keys()) as f64 * self.absent;
        Some(Estimate { bytes, bytes_per_key: if absent > 0.0 { bytes as f64 / absent } else { 0.0 } })
    }
}

fn with_margin(needed: u64) -> u64 {
    (needed as f64 * (1.0 + MARGIN)) as u64
}

/// Finds out whether a dataset has room, before anything is flushed for it.
///
/// # Errors
/// [`FillError::NoRoom`] if it has none, and that is not forced.
pub async fn check_room(
    prepared: &mut Prepared,
    options: &FillOptions,
    limits: &Limits,
) -> Result<(), FillError> {
    let values = Arc::new(Values::new(&options.spec));
    check(prepared, options, &values, options.flush, limits).await.map(drop)
}

/// Estimates what the fill takes of each master that has a limit, and refuses it where that is more than
/// there is; if that is forced, it is a warning. `flushing` says that the masters are emptied first.
pub(in crate::fill) async fn check(
    prepared: &mut Prepared,
    options: &FillOptions,
    values: &Arc<Values>,
    flushing: bool,
    limits: &Limits,
) -> Result<Vec<Option<Estimate>>, FillError> {
    let mut measuring = JoinSet::new();
    for (index, master) in prepared.topology.masters.iter().enumerate() {
        let connector = prepared.site.connector.clone();
        let job = prepared.nodes[index]
            .info
            .as_ref()
            .and_then(|info| job(prepared, master, info, options, values, flushing));
        let (address, limits) = (master.address.clone(), limits.clone());
        measuring.spawn(async move {
            let Some((mut room, sample)) = job else { return (index, Ok(None)) };
            let measured = async {
                if room.others > 0 {
                    room.absent = absent_share(&mut connector.open(&address).await?, &sample).await?;
                }
                if !is_small(&room, &sample) {
                    room.entry_bytes = entry_bytes(&connector, &address, &sample, &limits).await?;
                }
                Ok::<_, NetError>(Some(room))
            };
            (index, measured.await)
        });
    }
    let mut rooms = in_order(measuring).await?.into_iter().collect::<Result<Vec<_>, _>>()?;
    for (node, room) in prepared.nodes.iter_mut().zip(&mut rooms) {
        if let Some(room) = room {
            // What was written to measure, and deleted, is no part of the fill; the tables that it leaves are.
            let before = node.info.take().unwrap_or_default();
            let now = cluster::info(&mut node.connection).await?;
            let used = |info: &Info| used_bytes(info).unwrap_or(0);
            room.left = now.as_ref().map_or(0, |now| used(now).saturating_sub(used(&before)));
            node.info = now.map(|now| now.with_memory_of(&before));
        }
    }
    let whole = options.spec.whole();
    judge(prepared, options, &whole, &rooms, flushing)?;
    Ok(rooms.iter().map(|room| room.as_ref()?.estimate(&whole)).collect())
}

/// What is to be found out at a master that has a limit.
fn job(
    prepared: &Prepared,
    master: &Master,
    info: &Info,
    options: &FillOptions,
    values: &Arc<Values>,
    flushing: bool,
) -> Option<(Room, Sample)> {
    let limit = info.number::<u64>("maxmemory").filter(|&limit| limit > 0 && !info.discards())?;
    let tables = Tables::of(info, prepared.topology.mode, options.ttl.is_some());
    let slots: Vec<u16> = master.slots.iter().cloned().flatten().collect();
    let used = used_bytes(info)?;
    let (used_then, others) = match flushing {
        true => after_flush(info, prepared.flushed_share(info)),
        false => (used, info.keys()),
    };
    let (spec, values, ttl) = (options.spec.clone(), values.clone(), options.ttl);
    let room = limit.saturating_sub(used);
    let sample = Sample { spec, values, ttl, slots: slots.clone(), tables, room };
    let (left, absent, entry_bytes) = (0, 1.0, None);
    Some((Room { slots, tables, limit, used: used_then, left, others, absent, entry_bytes }, sample))
}

/// Whether so little is to be written that it fits without being measured.
fn is_small(room: &Room, sample: &Sample) -> bool {
    let (keys, pair) = (room.keys_here(sample.spec.whole().keys()), sample.spec.pair_bytes());
    keys.saturating_mul(pair) < SMALL_BYTES
        && keys.saturating_mul(2 * (pair + COSTLY_KEY_BYTES)) < room.free().min(sample.room)
}

/// Bytes in use that count against `maxmemory`.
fn used_bytes(info: &Info) -> Option<u64> {
    let not_counted = info.number::<u64>("mem_not_counted_for_evict").unwrap_or(0);
    Some(info.number::<u64>("used_memory")?.saturating_sub(not_counted))
}

/// Bytes and keys that are left when this share of the keys is gone: without any, a server uses what it did when
/// it started, and its buffers.
fn after_flush(info: &Info, share: f64) -> (u64, u64) {
    const KEPT: [&str; 6] = [
        "used_memory_startup",
        "mem_clients_normal",
        "mem_clients_slaves",
        "mem_replication_backlog",
        "mem_cluster_links",
        "used_memory_vm_total",
    ];
    let used = used_bytes(info).unwrap_or(0);
    // This program's own servers tell what the keys take; all others what is kept.
    let dataset = match info.server().0 {
        "fillbench" => info.number("used_memory_dataset").unwrap_or(0),
        _ => used.saturating_sub(KEPT.iter().filter_map(|field| info.number::<u64>(field)).sum()),
    };
    let gone = (dataset as f64 * share) as u64;
    (used.saturating_sub(gone), (info.keys() as f64 * (1.0 - share)) as u64)
}

/// Refuses what does not fit, or warns of it; and warns where that could not be found out. Before a flush there
/// is nothing to warn of: the masters are looked at again after it.
fn judge(
    prepared: &mut Prepared,
    options: &FillOptions,
    spec: &Spec,
    rooms: &[Option<Room>],
    flushing: bool,
) -> Result<(), FillError> {
    // What would do is tried next, beside what this one leaves.
    let next: Vec<Room> =
        rooms.iter().flatten().map(|room| Room { used: room.used + room.left, ..room.clone() }).collect();
    let short: Vec<usize> = (0..rooms.len())
        .filter(|&index| {
            rooms[index].as_ref().is_some_and(|room| room.is_short(room.needed(spec, spec.keys())))
        })
        .collect();
    for &index in &short {
        let Some(room) = &rooms[index] else { continue };
        let info = prepared.nodes[index].info.as_ref();
        let policy = info.and_then(|info| info.text("maxmemory_policy")).filter(|name| *name != "noeviction");
        let needed = room.needed(spec, spec.keys());
        let shortage = Shortage {
            address: prepared.topology.masters[index].address.clone(),
            keys: room.keys_here(spec.keys()),
            needed,
            measured: room.entry_bytes.is_some(),
            limit: room.limit,
            free: room.free(),
            policy: policy.map(str::to_owned),
            others: short.len() - 1,
            keys_that_fit: (keys_that_fit(spec, &next) as f64 * (1.0 - TO_SPARE)) as u64,
            limit_mib: (room.used + room.left + (with_margin(needed) as f64 * (1.0 + TO_SPARE)) as u64 + 1)
                .div_ceil(MIB),
        };
        if !options.force {
            return Err(shortage.into());
        }
        if !flushing {
            let text = format!("the fill does not fit, and is forced: {shortage}");
            prepared.warn(text, shortage.address);
        }
    }
    if flushing {
        return Ok(());
    }
    for (index, room) in rooms.iter().enumerate() {
        let Some(room) = room else { continue };
        let address = prepared.topology.masters[index].address.clone();
        let info = prepared.nodes[index].info.as_ref();
        let policy = info.and_then(|info| info.text("maxmemory_policy")).unwrap_or("noeviction");
        let pair = spec.pair_bytes();
        let fits = room.keys_here(spec.keys()).saturating_mul(2 * (pair + COSTLY_KEY_BYTES)) < room.free();
        if room.entry_bytes.is_none() && !fits && !short.contains(&index) && policy != "noeviction" {
            let text = format!(
                "keys are evicted when the memory is full (maxmemory-policy {policy}), and how much of it a key \
                 takes could not be measured: a fill that does not fit will be found short"
            );
            prepared.warn(text, address);
        }
    }
    warn_of_the_machine(prepared, spec);
    Ok(())
}

/// The most keys that fit everywhere.
fn keys_that_fit(spec: &Spec, rooms: &[Room]) -> u64 {
    let fit = |keys: u64| rooms.iter().all(|room| !room.is_short(room.needed(spec, keys)));
    let (mut fitting, mut beyond) = (0, spec.keys() + 1);
    while fitting + 1 < beyond {
        let middle = u64::midpoint(fitting, beyond);
        if fit(middle) { fitting = middle } else { beyond = middle }
    }
    fitting
}

/// Where servers here have no limit, the memory of this machine is theirs: keys and values alone may be more.
fn warn_of_the_machine(prepared: &mut Prepared, spec: &Spec) {
    let mut used = 0;
    let mut machine = None;
    for (master, node) in prepared.topology.masters.iter().zip(&prepared.nodes) {
        let Some(info) = node.info.as_ref().filter(|info| !info.discards()) else { continue };
        if master.address.is_local() && info.number::<u64>("maxmemory") == Some(0) {
            let keys: u64 = master.slots.iter().cloned().flatten().map(|slot| spec.keys_in_slot(slot)).sum();
            used += keys.saturating_mul(spec.pair_bytes());
            machine = machine
                .or_else(|| Some((info.number::<u64>("total_system_memory")?, master.address.clone())));
        }
    }
    if let Some((total, address)) = machine
        && used > total
    {
        let (used, total) = (show_bytes(used), show_bytes(total));
        prepared.warn(
            format!("the keys and values alone are {used}, and the machine has {total} of memory"),
            address,
        );
    }
}

#[cfg(test)]
#[path = "fit_tests.rs"]
mod tests;

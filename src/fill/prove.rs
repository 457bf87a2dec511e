//! The proof: only what the servers hold at the end counts. A count proves a slot that was empty
//! before, at a master whose counters show no writes but ours; every other slot is read, key by key.
//! A count never disproves: what is said to be missing or wrong was looked at.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::cluster::{Mode, Topology, rediscover};
use crate::dataset::Spec;
use crate::net::{Address, Connection, Connector, NetError};
use crate::proof::{Expectation, Found, ReadProgress, count_database, count_slots, read};
use crate::results::{Event, Observer};
use crate::target::Site;

use super::ledger::Ledger;

/// Connections that read from one master at a time: while one waits, the other keeps it busy.
const READERS: usize = 2;
/// Slots read in one go; the rest is then split anew, so that readers end together.
const SLOTS_PER_READ: usize = 64;
/// Slots that are being moved are looked for in so many rounds.
const ROUNDS: usize = 3;
const BETWEEN_ROUNDS: Duration = Duration::from_millis(500);
const REPORT_EVERY: Duration = Duration::from_millis(100);

/// What is known from before, and from the fill.
pub(super) struct Evidence<'a> {
    /// Who owned what when the plan was made.
    pub planned: &'a Topology,
    /// Slots that held no key before the fill.
    pub empty_before: &'a [bool],
    /// For each planned master, why a count there proves nothing; `None` if it does.
    pub suspicion: &'a [Option<String>],
    /// What every key should be.
    pub expected: Expectation,
}

/// Proves what it can at the masters of `present`; what it cannot stays suspect in the ledger, and is
/// what the answer is about.
pub(super) async fn prove(
    site: &Site,
    ledger: &mut Ledger,
    evidence: &Evidence<'_>,
    present: &Topology,
    observer: &Arc<dyn Observer>,
    timeout: Duration,
) -> Option<String> {
    let mut why_open = None;
    let connector = Connector { reply_timeout: timeout, ..site.connector.clone() };
    count(&connector, ledger, evidence, present).await;
    let mut topology = present.clone();
    for round in 0..ROUNDS {
        let open = ledger.unproven();
        if open.is_empty() {
            break;
        }
        if round > 0 {
            tokio::time::sleep(BETWEEN_ROUNDS).await;
            if let Ok(now) = rediscover(&connector, &topology, &site.map).await {
                topology = now;
            }
        }
        why_open = read_round(&connector, ledger, evidence, &topology, open, observer).await;
    }
    why_open
}

/// Counts where a count is evidence. What cannot be counted is left to be read.
async fn count(connector: &Connector, ledger: &mut Ledger, evidence: &Evidence<'_>, present: &Topology) {
    let spec = evidence.expected.spec.clone();
    let planned_owners = evidence.planned.owners();
    let open: HashSet<u16> = ledger.unproven().into_iter().collect();
    let mut counting = JoinSet::new();
    for master in &present.masters {
        let countable = |slot: &u16| {
            let Some(owner) = planned_owners[usize::from(*slot)] else { return false };
            evidence.planned.masters[owner].node == master.node
                && evidence.suspicion[owner].is_none()
                && evidence.empty_before[usize::from(*slot)]
        };
        let slots: Vec<u16> = master
            .slots
            .iter()
            .cloned()
            .flatten()
            .filter(|slot| open.contains(slot) && countable(slot))
            .collect();
        let (connector, address) = (connector.clone(), master.address.clone());
        let (spec, mode) = (spec.clone(), present.mode);
        counting.spawn(async move { full_slots(&connector, &address, mode, &spec, slots).await });
    }
    while let Some(joined) = counting.join_next().await {
        for slot in joined.ok().and_then(Result::ok).unwrap_or_default() {
            ledger.counted(slot);
        }
    }
}

/// Those of `slots` that hold as many keys as planned.
async fn full_slots(
    connector: &Connector,
    address: &Address,
    mode: Mode,
    spec: &Spec,
    slots: Vec<u16>,
) -> Result<Vec<u16>, NetError> {
    if slots.is_empty() {
        return Ok(slots);
    }
    let mut node = connector.open(address).await?;
    match mode {
        Mode::Cluster => {
            let counts = count_slots(&mut node, &slots).await?;
            let counted = slots.into_iter().zip(counts);
            Ok(counted
                .filter(|&(slot, count)| count == spec.keys_in_slot(slot))
                .map(|(slot, _)| slot)
                .collect())
        }
        // The one count that there is stands for all slots, or for none.
        Mode::Standalone if count_database(&mut node).await? == spec.keys() => Ok(slots),
        Mode::Standalone => Ok(Vec::new()),
    }
}

type ReadSlots = Result<Vec<(u16, Found)>, NetError>;

/// Reads all open slots at their present owners, and says why some stay open.
async fn read_round(
    connector: &Connector,
    ledger: &mut Ledger,
    evidence: &Evidence<'_>,
    topology: &Topology,
    open: Vec<u16>,
    observer: &Arc<dyn Observer>,
) -> Option<String> {
    let spec = &evidence.expected.spec;
    let of: u64 = open.iter().map(|&slot| spec.keys_in_slot(slot)).sum();
    let owners = topology.owners();
    let mut per_master = vec![Vec::new(); topology.masters.len()];
    let mut why_open = None;
    for slot in open {
        match owners[usize::from(slot)] {
            Some(owner) => per_master[owner].push(slot),
            None => why_open = Some(format!("slot {slot} has no owner")),
        }
    }
    let progress = Arc::new(ReadProgress::new(0));
    let mut readers: JoinSet<ReadSlots> = JoinSet::new();
    for (master, slots) in topology.masters.iter().zip(per_master) {
        let share = slots.len().div_ceil(READERS).max(1);
        for slots in slots.chunks(share) {
            let (connector, address) = (connector.clone(), master.address.clone());
            let (expected, progress) = (evidence.expected.clone(), progress.clone());
            let slots = slots.to_vec();
            readers.spawn(async move {
                let mut node = connector.open(&address).await?;
                read_slots(&mut node, &expected, &slots, &progress).await
            });
        }
    }
    let mut ticks = tokio::time::interval(REPORT_EVERY);
    loop {
        tokio::select! {
            joined = readers.join_next() => match joined {
                None => break,
                Some(Ok(Ok(found))) => {
                    for (slot, found) in found {
                        ledger.read(slot, found);
                    }
                }
                Some(Ok(Err(error))) => why_open = Some(error.to_string()),
                Some(Err(error)) => why_open = Some(error.to_string()),
            },
            _ = ticks.tick() => observer.event(&Event::Proving { keys: progress.load(Relaxed), of }),
        }
    }
    observer.event(&Event::Proving { keys: progress.load(Relaxed), of });
    why_open.or_else(|| (!ledger.unproven().is_empty()).then(|| "their owners would not show them".into()))
}

async fn read_slots(
    node: &mut Connection,
    expected: &Expectation,
    slots: &[u16],
    progress: &ReadProgress,
) -> ReadSlots {
    let mut all = Vec::with_capacity(slots.len());
    for slots in slots.chunks(SLOTS_PER_READ) {
        let found = read(node, expected, slots, progress).await?;
        all.extend(slots.iter().copied().zip(found));
    }
    Ok(all)
}

//! Filling until so much of each master's memory is used: how many more keys its slots are to hold, from what
//! it uses now and what a key has cost it so far. It comes from below, in ever smaller steps, and keeps what a
//! slot has. Pure.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::cluster::{Info, Mode, Topology};
use crate::dataset::{Spec, SpecError};
use crate::net::Address;
use crate::slots::SLOTS;
use crate::units::{GIB, UnitError, parse_percent, parse_size, show_bytes, show_count};

use super::even::{grouped, raised, raised_groups};
use super::tables::Tables;

/// The first step goes half the way, for nobody knows yet what a key costs.
const FIRST_PART: f64 = 0.5;
/// Bytes that a key is thought to cost then, beside its own.
const FIRST_KEY_BYTES: u64 = 256;
/// From far away a step leaves a part of the way, since the next keys may cost more than those before.
const FAR_PART: f64 = 0.9;
/// Less than this share of the memory that is to be used is not far.
const FAR: u64 = 16;
/// Steps aim this share below it, so that none goes beyond.
const AIM_BELOW: u64 = 500;
/// A master that lacks no more than this share of it is there.
const NEAR_ENOUGH: u64 = 100;
/// A master is looked at so often at most: more than ten steps are needed only where others disturb it.
const STEPS_MAX: u32 = 64;
/// So many times as few keys as there is room for are too few to be a step.
const FEW: f64 = 64.0;
/// What a step has cost is believed if it wrote so many bytes of keys and values.
const STEP_BYTES: u64 = 256 << 10;

/// Until when to fill.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UntilMemory {
    /// So many percent of each master's `maxmemory`, below 100.
    Percent(f64),
    /// So many bytes of each master's memory.
    Bytes(u64),
}

impl UntilMemory {
    /// Reads `80%`, or a size, in GiB or with a unit.
    ///
    /// # Errors
    /// [`UnitError`] if it is neither.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        if !text.trim_end().ends_with('%') {
            return parse_size(text, GIB).map(Self::Bytes);
        }
        match parse_percent(text)? {
            percent if percent < 100.0 => Ok(Self::Percent(percent)),
            _ => Err(UnitError::Percent(text.into())),
        }
    }
}

impl fmt::Display for UntilMemory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(out, "{percent}%"),
            Self::Bytes(bytes) => write!(out, "{bytes}B"),
        }
    }
}

/// Why masters cannot be filled until so much of their memory is used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GrowError {
    /// INFO is refused.
    #[error("{0} does not show this user how much memory it uses")]
    Hidden(Address),
    /// There is nothing to take a percentage of.
    #[error("{address} has no maxmemory, of which {percent}% could be used")]
    NoLimit {
        /// Which master.
        address: Address,
        /// What was asked.
        percent: f64,
    },
    /// It would refuse writes, or evict, before it is there.
    #[error("{address} cannot use {}: its maxmemory is {}", show_bytes(*goal), show_bytes(*limit))]
    AboveLimit {
        /// Which master.
        address: Address,
        /// What was asked.
        goal: u64,
        /// What it has.
        limit: u64,
    },
    /// It keeps nothing.
    #[error("{0} throws away what it is sent (--discard): its memory would never be used")]
    Discards(Address),
    /// All masters use so much already.
    #[error("nothing is to be filled: {address} uses {} already, and every other master enough", show_bytes(*used))]
    Full {
        /// One of them.
        address: Address,
        /// What it uses.
        used: u64,
    },
    /// The keys are too small for so many.
    #[error("{}: {error}", show_bytes(*goal))]
    Keys {
        /// Memory to be used.
        goal: u64,
        /// What is wrong with the keys.
        error: SpecError,
    },
    /// What is written does not show.
    #[error(
        "{address} uses {} after {} keys were written to it, which alone are more than the {} that it was to use",
        show_bytes(*used), show_count(*keys), show_bytes(*goal)
    )]
    NotGrowing {
        /// Which master.
        address: Address,
        /// Keys written.
        keys: u64,
        /// Bytes used now.
        used: u64,
        /// Bytes that were to be used.
        goal: u64,
    },
    /// It is never there.
    #[error("{address} uses {} and not {}, after {STEPS_MAX} steps", show_bytes(*used), show_bytes(*goal))]
    Unsteady {
        /// Which master.
        address: Address,
        /// Bytes used now.
        used: u64,
        /// Bytes that were to be used.
        goal: u64,
    },
}

impl GrowError {
    /// What to do about it, where something can be done.
    pub fn cure(&self) -> Option<String> {
        let cure = match self {
            Self::Hidden(_) => "grant +info, or say how much with --data or --keys",
            Self::NoLimit { .. } => "give a size, like --until-memory 10GB, or set maxmemory there",
            Self::AboveLimit { .. } => "raise maxmemory there, or give less, like --until-memory 80%",
            Self::Discards(_) => "say how much with --data or --keys",
            Self::Full { .. } => "give more, or empty the masters first with --flush",
            Self::Keys { error: SpecError::SlotTooLarge { smallest, .. }, .. } => {
                return Some(format!("give --key-size {smallest} or more"));
            }
            Self::Keys { .. } => "give larger keys",
            Self::NotGrowing { .. } => {
                "do keys expire or is somebody deleting them? say how much with --keys"
            }
            Self::Unsteady { .. } => "who else writes there, or deletes? fill when it is quiet",
        };
        Some(cure.into())
    }
}

/// What a master says at one moment.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// Bytes used.
    used: u64,
    /// Bytes of its tables.
    tables: u64,
    /// Keys in it.
    keys: u64,
}

/// What is known of one master.
#[derive(Clone, Debug)]
struct Seen {
    first: Look,
    last: Look,
    /// Keys that were written to it.
    written: u64,
    /// Those of the last step.
    added: u64,
    /// Whether it uses what it was to use.
    is_there: bool,
}

/// A fill that grows.
pub(in crate::fill) struct Growth {
    until: UntilMemory,
    spec: Arc<Spec>,
    mode: Mode,
    expiring: bool,
    counts: Vec<u64>,
    seen: BTreeMap<String, Seen>,
    steps: u32,
}

/// The next step.
#[derive(Debug)]
pub(in crate::fill) struct Step {
    /// Keys that each slot is to hold.
    pub spec: Arc<Spec>,
    /// Keys that there will be in the end, by what is known now.
    pub expected: u64,
}

impl Growth {
    /// Nothing is filled yet.
    pub fn new(until: UntilMemory, spec: Arc<Spec>, mode: Mode, expiring: bool) -> Self {
        let counts = vec![0; usize::from(SLOTS)];
        Self { until, spec, mode, expiring, counts, seen: BTreeMap::new(), steps: 0 }
    }

    /// How many bytes a master is to use.
    pub fn goal(&self, address: &Address, info: Option<&Info>) -> Result<u64, GrowError> {
        let hidden = || GrowError::Hidden(address.clone());
        let info = info.ok_or_else(hidden)?;
        if info.discards() {
            return Err(GrowError::Discards(address.clone()));
        }
        info.number::<u64>("used_memory").ok_or_else(hidden)?;
        let limit = info.number::<u64>("maxmemory").unwrap_or(0);
        match self.until {
            UntilMemory::Percent(percent) if limit == 0 => {
                Err(GrowError::NoLimit { address: address.clone(), percent })
            }
            UntilMemory::Percent(percent) => Ok((limit as f64 * percent / 100.0) as u64),
            UntilMemory::Bytes(goal) if limit > 0 && goal >= limit => {
                Err(GrowError::AboveLimit { address: address.clone(), goal, limit })
            }
            UntilMemory::Bytes(goal) => Ok(goal),
        }
    }

    /// Checks, before anything is touched, that each master can be filled so far, and that the keys have room
    /// for as many as that can take. `infos` are those of the topology's masters.
    pub fn check(&self, topology: &Topology, infos: &[Option<Info>]) -> Result<(), GrowError> {
        for (master, info) in topology.masters.iter().zip(infos) {
            let goal = self.goal(&master.address, info.as_ref())?;
            let keys = goal / self.spec.pair_bytes();
            let fits = self.spec.refuse_more_in_a_slot(keys / master.slot_count().max(1) as u64 + 2);
            fits.map_err(|error| GrowError::Keys { goal, error })?;
        }
        Ok(())
    }

    /// The next step, after all of the one before was executed; `None` if every master is there.
    pub fn next(&mut self, topology: &Topology, infos: &[Option<Info>]) -> Result<Option<Step>, GrowError> {
        let mut expected = 0;
        let mut more = false;
        let mut fullest = None;
        let rewrites = self.rewrites(topology, infos);
        for (master, info) in topology.masters.iter().zip(infos) {
            let slots: Vec<u16> = master.slots.iter().cloned().flatten().collect();
            let goal = self.goal(&master.address, info.as_ref())?;
            let Some(info) = info else { continue };
            let used = info.number::<u64>("used_memory").unwrap_or(0);
            fullest = Some((master.address.clone(), used));
            let (added, left) = self.more_at(&master.address, &slots, info, used, goal)?;
            if added > 0 && self.steps == STEPS_MAX {
                return Err(GrowError::Unsteady { address: master.address.clone(), used, goal });
            }
            more |= added > 0;
            expected += left;
            let before = self.counts_of(&slots);
            for (&slot, count) in slots.iter().zip(raised(&before, added)) {
                self.counts[usize::from(slot)] = count;
            }
        }
        match (more, fullest) {
            (false, Some((address, used))) if self.steps == 0 => Err(GrowError::Full { address, used }),
            (false, _) => Ok(None),
            (true, _) => {
                self.steps += u32::from(!rewrites);
                let spec = self.spec.with_counts(&self.counts);
                let spec = spec.map_err(|error| GrowError::Keys { goal: 0, error })?;
                Ok(Some(Step { spec: Arc::new(spec), expected }))
            }
        }
    }

    /// Whether most keys of the last step were there before it somewhere: such steps end by themselves.
    fn rewrites(&self, topology: &Topology, infos: &[Option<Info>]) -> bool {
        topology.masters.iter().zip(infos).any(|(master, info)| {
            let (seen, keys) = (self.seen.get(&master.address.to_string()), info.as_ref().map(Info::keys));
            let few_came = |seen: &Seen, keys: u64| keys.saturating_sub(seen.last.keys) < seen.added / 2;
            seen.zip(keys).is_some_and(|(seen, keys)| !seen.is_there && few_came(seen, keys))
        })
    }

    fn counts_of(&self, slots: &[u16]) -> Vec<u64> {
        slots.iter().map(|&slot| self.counts[usize::from(slot)]).collect()
    }

    /// How many more keys a master gets in the next step, and how many it has with them and those that will
    /// follow.
    fn more_at(
        &mut self,
        address: &Address,
        slots: &[u16],
        info: &Info,
        used: u64,
        goal: u64,
    ) -> Result<(u64, u64), GrowError> {
        let kept = Tables::of(info, self.mode, self.expiring);
        let groups = grouped(&self.counts_of(slots));
        let own: u64 = groups.iter().map(|(keys, slots)| keys * slots).sum();
        let beside = kept.beside(info.keys().saturating_sub(own), slots.len());
        let tables = kept.bytes(groups.iter().copied(), beside);
        let pair = self.spec.pair_bytes();
        let now = Look { used, tables, keys: info.keys() };
        let new = Seen { first: now, last: now, written: 0, added: 0, is_there: false };
        let seen = self.seen.entry(address.to_string()).or_insert(new);
        let cost = seen.cost(now, pair);
        seen.last = now;
        let written = seen.written;
        seen.is_there |= used.saturating_add(goal / NEAR_ENOUGH) >= goal;
        if seen.is_there {
            return Ok((0, written));
        }
        if written.saturating_mul(pair) >= goal {
            return Err(GrowError::NotGrowing { address: address.clone(), keys: written, used, goal });
        }
        let room = (goal - goal / AIM_BELOW).saturating_sub(used);
        let part = match (written, room > goal / FAR) {
            (0, _) => FIRST_PART,
            (_, true) => FAR_PART,
            (_, false) => 1.0,
        };
        let fits = |added: u64, room: f64| {
            let grown = kept.bytes(raised_groups(&groups, added).into_iter(), beside);
            added as f64 * cost + grown.saturating_sub(tables) as f64 <= room
        };
        let most = |room: f64| {
            let (mut fitting, mut beyond) = (0, (room / cost) as u64 + 1);
            while fitting + 1 < beyond {
                let middle = u64::midpoint(fitting, beyond);
                if fits(middle, room) { fitting = middle } else { beyond = middle }
            }
            fitting
        };
        let added = most(room as f64 * part);
        // Where the next keys make the tables grow beyond what is left, it ends here.
        seen.is_there = added as f64 * cost * FEW < room as f64 * part;
        (seen.written, seen.added) = (written + added, added);
        Ok((added, written + most(room as f64).max(added)))
    }
}

impl Seen {
    /// Bytes that a key costs without its part of the tables: what all that came have cost, or the last of
    /// them, whichever is more. Keys that were there before have not come.
    fn cost(&self, now: Look, pair: u64) -> f64 {
        let of = |since: Look, least: u64| {
            let keys = now.keys.saturating_sub(since.keys);
            let grown = now.used as f64 - since.used as f64 - (now.tables as f64 - since.tables as f64);
            (keys.saturating_mul(pair) >= least).then(|| grown / keys as f64)
        };
        let all = of(self.first, STEP_BYTES).unwrap_or((pair + FIRST_KEY_BYTES) as f64);
        all.max(of(self.last, STEP_BYTES).unwrap_or(0.0)).max(pair as f64)
    }
}

#[cfg(test)]
#[path = "grow_tests.rs"]
mod tests;

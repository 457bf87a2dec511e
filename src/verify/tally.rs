//! What is known of each slot, and the sums of it. Pure; in memory it is bounded by the slots.

use crate::dataset::{Position, Spec, golden};
use crate::proof::{Expectation, FAULTS_NAMED, Fault, Found, SlotRead};
use crate::repair::Known;
use crate::results::{Findings, Named};
use crate::slots::SLOTS;

/// One slot.
#[derive(Clone, Debug, Default)]
struct Entry {
    /// Keys that are looked at.
    keys: u64,
    found: Found,
    faults: Vec<(Position, Fault)>,
}

/// What was found in each slot.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    entries: Vec<Entry>,
    /// Keys that were written again.
    pub rewritten: u64,
}

impl Known for Tally {
    fn keys_in(&self, slots: &[u16]) -> u64 {
        slots.iter().map(|&slot| self.entries[usize::from(slot)].keys).sum()
    }

    fn open(&self, slots: &[u16]) -> Vec<u16> {
        let is_open = |&slot: &u16| {
            let Entry { keys, found, .. } = &self.entries[usize::from(slot)];
            found.exact + found.faulty() < *keys
        };
        slots.iter().copied().filter(is_open).collect()
    }

    fn take(&mut self, slot: u16, read: SlotRead) {
        let entry = &mut self.entries[usize::from(slot)];
        (entry.found, entry.faults) = (read.found, read.faults);
    }

    fn rewrote(&mut self, keys: u64) {
        self.rewritten += keys;
    }
}

impl Tally {
    /// Nothing is known yet.
    pub fn new(expected: &Expectation) -> Self {
        let entry = |slot| Entry { keys: expected.keys_in_slot(slot), ..Entry::default() };
        Self { entries: (0..SLOTS).map(entry).collect(), rewritten: 0 }
    }

    /// Keys to look at in all slots.
    pub fn selected(&self) -> u64 {
        self.entries.iter().map(|entry| entry.keys).sum()
    }

    /// The slots with keys to look at, in the order in which they were filled.
    pub fn slots(&self) -> Vec<u16> {
        self.slots_where(|entry| entry.keys > 0)
    }

    /// The slots with faulty keys, in the same order.
    pub fn faulty_slots(&self) -> Vec<u16> {
        self.slots_where(|entry| entry.found.faulty() > 0)
    }

    fn slots_where(&self, is_meant: impl Fn(&Entry) -> bool) -> Vec<u16> {
        let mut slots: Vec<u16> =
            (0..SLOTS).filter(|&slot| is_meant(&self.entries[usize::from(slot)])).collect();
        slots.sort_by_key(|&slot| golden(slot));
        slots
    }

    /// What is known of some slots is known no more.
    pub fn forget(&mut self, slots: &[u16]) {
        slots.iter().for_each(|&slot| self.take(slot, SlotRead::default()));
    }

    /// Keys of some slots may have been evicted: what was missing still is, and nothing is known of the others.
    pub fn evicted(&mut self, slots: &[u16]) {
        for &slot in slots {
            let Entry { found, faults, .. } = &mut self.entries[usize::from(slot)];
            *found = Found { missing: found.missing, ..Found::default() };
            faults.retain(|(_, fault)| *fault == Fault::Missing);
        }
    }

    /// The sums over all slots, and the first faulty keys.
    pub fn findings(&self, spec: &Spec) -> Findings {
        let mut findings =
            Findings { planned: spec.keys(), selected: self.selected(), ..Findings::default() };
        for Entry { found, .. } in &self.entries {
            findings.exact += found.exact;
            findings.missing += found.missing;
            findings.wrong += found.wrong_value;
            findings.wrong_type += found.wrong_type;
            findings.wrong_ttl += found.wrong_ttl;
        }
        findings.unread = findings.selected - findings.exact - findings.inexact();
        let mut first = [const { First(Vec::new()) }; 4];
        for (position, fault) in self.entries.iter().flat_map(|entry| &entry.faults) {
            first[*fault as usize].add(position.index());
        }
        let [missing, wrong, wrong_type, wrong_ttl] = first.map(|first| first.names(spec));
        findings.named = Named { missing, wrong, wrong_type, wrong_ttl };
        findings
    }
}

/// The lowest few of many indices, in order. It is asked for ten times a second, of up to 20 faults a slot.
struct First(Vec<u64>);

impl First {
    fn add(&mut self, index: u64) {
        let is_full = self.0.len() as u64 == FAULTS_NAMED;
        if is_full && self.0.last().is_some_and(|&last| index > last) {
            return;
        }
        self.0.insert(self.0.partition_point(|&known| known < index), index);
        self.0.truncate(FAULTS_NAMED as usize);
    }

    /// Their keys.
    fn names(&self, spec: &Spec) -> Vec<String> {
        self.0.iter().map(|&index| String::from_utf8_lossy(&spec.key(index)).into_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dataset::{Amount, Request, Values};
    use crate::proof::{Depth, Lifetime, Seen};

    fn expected() -> Expectation {
        let amount = Amount::Keys(16384 * 10);
        let request = Request { amount, key_size: 16, value_size: 8, prefix: "p".into(), seed: 1 };
        let spec = Arc::new(Spec::new(&request).unwrap());
        let values = Arc::new(Values::new(&spec));
        Expectation { spec, values, lifetime: Lifetime::Forever, depth: Depth::Value, sample: None }
    }

    fn read(slot: u16, seen: impl Fn(u64) -> Seen) -> SlotRead {
        let mut read = SlotRead::default();
        (0..10).for_each(|ordinal| read.add(Position { slot, ordinal }, seen(ordinal)));
        read
    }

    #[test]
    fn faults_are_counted_and_the_first_of_each_kind_are_named() {
        let expected = expected();
        let mut tally = Tally::new(&expected);
        let slots = tally.slots();
        assert_eq!((slots.len(), tally.open(&slots).len()), (16384, 16384));
        slots.iter().for_each(|&slot| tally.take(slot, read(slot, |_| Seen::Exact)));
        assert!(tally.open(&slots).is_empty());
        let fault = |ordinal| match ordinal {
            0..8 => Seen::Faulty(Fault::Missing),
            8 => Seen::Faulty(Fault::Lifetime),
            _ => Seen::Unknown,
        };
        tally.take(7, read(7, fault));
        tally.take(2, read(2, fault));
        assert_eq!(tally.open(&slots), [2, 7]);
        assert_eq!(tally.faulty_slots(), [2, 7]);
        assert!(golden(2) < golden(7));
        let findings = tally.findings(&expected.spec);
        assert_eq!((findings.missing, findings.wrong_ttl, findings.unread), (16, 2, 2));
        assert_eq!(findings.exact + 20, findings.planned);
        assert_eq!(findings.named.missing.len(), 5);
        let first = [(2, 0), (7, 0), (2, 1), (7, 1), (2, 2)];
        let mut first = first.map(|(slot, ordinal)| Position { slot, ordinal }.index());
        first.sort_unstable();
        let names = first.map(|index| String::from_utf8(expected.spec.key(index)).unwrap());
        assert_eq!(findings.named.missing, names);
        assert_eq!(findings.named.wrong_ttl.len(), 2);

        // No eviction brings a key back.
        tally.evicted(&[2, 7]);
        let findings = tally.findings(&expected.spec);
        assert_eq!((findings.missing, findings.wrong_ttl, findings.unread), (16, 0, 4));
        assert_eq!((findings.named.missing.len(), findings.named.wrong_ttl.len()), (5, 0));
        assert_eq!(tally.open(&slots), [2, 7]);

        tally.take(7, read(7, |_| Seen::Exact));
        tally.forget(&[2]);
        let findings = tally.findings(&expected.spec);
        assert_eq!((findings.missing, findings.unread, findings.named), (0, 10, Named::default()));
    }
}

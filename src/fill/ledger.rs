//! Where every key stands, slot by slot. It only adds up what it is told; nothing in it is proven
//! unless a proof said so. Sending goes on from here ([`Ledger::starts`]), and what may be lost is taken back,
//! so that it is sent again. Settling then starts from [`Ledger::unproven`], the slots to look at, and
//! [`Ledger::faulty`], those to write again.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::dataset::Spec;
use crate::proof::{Found, SlotRead};
use crate::repair::Known;
use crate::slots::SLOTS;

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// So many keys were executed, by ordinal the first ones.
    executed: u64,
    /// So many of them before an audit that found nothing wrong. It proves nothing.
    vouched: u64,
    /// Whether some of those above `vouched` may have been refused: then no later audit vouches for more.
    suspect: bool,
    /// Whether some may have been written, or have come here, without any barrier that waited for replicas.
    unwaited: bool,
    found: Found,
    /// Whether a count found it, and not a reading.
    counted: bool,
}

/// The keys of each slot: planned, executed, and what the proof found.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    spec: Arc<Spec>,
    entries: Vec<Entry>,
}

/// The sums over all slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub planned: u64,
    pub executed: u64,
    pub proven: u64,
    /// Proven by a count.
    pub counted: u64,
    pub missing: u64,
    pub wrong: u64,
    /// Neither proven nor disproven.
    pub suspect: u64,
}

impl Ledger {
    pub fn new(spec: Arc<Spec>) -> Self {
        Self { spec, entries: vec![Entry::default(); usize::from(SLOTS)] }
    }

    /// A ledger that begins with so many keys of each slot, which an earlier run executed. The replicas that it
    /// waited for, if any, may be others than those of today.
    pub fn from_starts(spec: Arc<Spec>, starts: &[u64]) -> Self {
        let mut ledger = Self::new(spec);
        let entries = ledger.entries.iter_mut().zip(starts);
        entries.for_each(|(entry, &keys)| (entry.executed, entry.unwaited) = (keys, keys > 0));
        ledger
    }

    /// The keys that are planned.
    pub fn spec(&self) -> &Arc<Spec> {
        &self.spec
    }

    /// More keys are planned; what is known of the others stays.
    pub fn plan(&mut self, spec: Arc<Spec>) {
        self.spec = spec;
    }

    /// Barriers have answered for the first `keys` keys of `slot`.
    pub fn executed(&mut self, slot: u16, keys: u64) {
        self.entries[usize::from(slot)].executed = keys;
    }

    /// An audit found nothing wrong with the first `keys` keys of `slot`.
    pub fn vouch(&mut self, slot: u16, keys: u64) {
        let entry = &mut self.entries[usize::from(slot)];
        if !entry.suspect {
            entry.vouched = keys;
        }
    }

    /// An audit found something wrong, when so many keys of `slot` had been executed. Returns how many may be
    /// concerned.
    pub fn suspect(&mut self, slot: u16, executed: u64) -> u64 {
        let left = self.left(slot);
        let entry = &mut self.entries[usize::from(slot)];
        let keys = executed.saturating_sub(entry.vouched);
        // It may be what no barrier has answered for yet.
        entry.suspect |= keys > 0 || left > 0;
        keys
    }

    /// The keys of `slot` that nothing vouches for are to be sent again. Returns how many.
    pub fn take_back(&mut self, slot: u16) -> u64 {
        let entry = &mut self.entries[usize::from(slot)];
        let keys = entry.executed.saturating_sub(entry.vouched);
        (entry.executed, entry.suspect) = (entry.executed - keys, false);
        // What is left of it came to its new owner by another way.
        entry.unwaited = true;
        keys
    }

    /// All keys of the slots `lost`, and of those `doubtful` what nothing vouches for, are to be sent again.
    pub fn take_back_each(&mut self, lost: BTreeSet<u16>, doubtful: BTreeSet<u16>) {
        for slot in lost {
            self.take_back_all(slot);
        }
        for slot in doubtful {
            self.take_back(slot);
        }
    }

    /// All keys of `slot` are to be sent again. Returns how many.
    pub fn take_back_all(&mut self, slot: u16) -> u64 {
        self.entries[usize::from(slot)].vouched = 0;
        self.take_back(slot)
    }

    /// How many keys of `slot` were not executed.
    pub fn left(&self, slot: u16) -> u64 {
        self.spec.keys_in_slot(slot).saturating_sub(self.entries[usize::from(slot)].executed)
    }

    /// How many executed keys of `slot` no audit vouches for.
    pub fn unvouched(&self, slot: u16) -> u64 {
        let entry = &self.entries[usize::from(slot)];
        entry.executed.saturating_sub(entry.vouched)
    }

    /// How many keys of each slot were executed, which is where sending goes on.
    pub fn starts(&self) -> Vec<u64> {
        self.entries.iter().map(|entry| entry.executed).collect()
    }

    /// A count proved all keys of `slot`.
    pub fn counted(&mut self, slot: u16) {
        let exact = self.spec.keys_in_slot(slot);
        let entry = &mut self.entries[usize::from(slot)];
        (entry.found, entry.counted) = (Found { exact, ..Found::default() }, true);
    }

    /// Reading `slot` found this; it replaces what was found before.
    pub fn read(&mut self, slot: u16, found: Found) {
        let entry = &mut self.entries[usize::from(slot)];
        (entry.found, entry.counted) = (found, false);
    }

    /// What was found in `slot` may no longer be so.
    pub fn doubt(&mut self, slot: u16) {
        self.read(slot, Found::default());
    }

    /// The master of `slot` evicted keys: what was found missing still is, but what was there may be gone.
    pub fn evicted(&mut self, slot: u16) {
        let missing = self.entries[usize::from(slot)].found.missing;
        self.read(slot, Found { missing, ..Found::default() });
    }

    /// The slots with keys that are neither proven nor disproven.
    pub fn unproven(&self) -> Vec<u16> {
        (0..SLOTS).filter(|&slot| self.is_open(slot)).collect()
    }

    fn is_open(&self, slot: u16) -> bool {
        let found = self.entries[usize::from(slot)].found;
        found.exact + found.faulty() < self.spec.keys_in_slot(slot)
    }

    /// The slots in which keys were found missing or wrong.
    pub fn faulty(&self) -> Vec<u16> {
        (0..SLOTS).filter(|&slot| self.entries[usize::from(slot)].found.faulty() > 0).collect()
    }

    /// For each slot, how many of its first keys need not be sent again: those that were executed, and none
    /// where keys were found to be missing or wrong.
    pub fn kept(&self) -> Vec<u64> {
        self.entries.iter().map(|entry| if entry.found.faulty() > 0 { 0 } else { entry.executed }).collect()
    }

    /// `slot` is about to be mended: nothing is known of it, and nobody waits for replicas.
    pub fn mend(&mut self, slot: u16) {
        self.doubt(slot);
        self.entries[usize::from(slot)].unwaited = true;
    }

    /// Proven keys that replicas have: all of those slots in which they have everything, and of the others
    /// those that barriers have waited for.
    pub fn acknowledged(&self, have_everything: &[bool]) -> u64 {
        let slots = self.entries.iter().zip(have_everything);
        slots
            .map(|(entry, &everything)| match (everything, entry.unwaited) {
                (true, _) => entry.found.exact,
                (false, true) => 0,
                (false, false) => entry.executed.min(entry.found.exact),
            })
            .sum()
    }

    pub fn totals(&self) -> Totals {
        let mut totals = Totals { planned: self.spec.keys(), ..Totals::default() };
        for Entry { executed, found, counted, .. } in &self.entries {
            totals.executed += executed;
            totals.proven += found.exact;
            totals.counted += if *counted { found.exact } else { 0 };
            totals.missing += found.missing;
            totals.wrong += found.wrong();
        }
        totals.suspect = totals.planned - totals.proven - totals.missing - totals.wrong;
        totals
    }
}

impl Known for Ledger {
    fn keys_in(&self, slots: &[u16]) -> u64 {
        slots.iter().map(|&slot| self.spec.keys_in_slot(slot)).sum()
    }

    fn open(&self, slots: &[u16]) -> Vec<u16> {
        slots.iter().copied().filter(|&slot| self.is_open(slot)).collect()
    }

    fn take(&mut self, slot: u16, read: SlotRead) {
        self.read(slot, read.found);
    }

    /// What was written again is not known to be there until somebody looks.
    fn rewrote(&mut self, _keys: u64) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Amount, Request};

    #[test]
    fn only_a_proof_makes_a_key_proven() {
        let amount = Amount::Keys(16384 * 3);
        let request = Request { amount, key_size: 32, value_size: 8, prefix: String::new(), seed: 0 };
        let mut ledger = Ledger::new(Arc::new(Spec::new(&request).unwrap()));
        (0..SLOTS).for_each(|slot| ledger.executed(slot, 3));
        assert_eq!(ledger.totals().suspect, 16384 * 3);
        assert_eq!(ledger.unproven().len(), 16384);

        (0..SLOTS - 2).for_each(|slot| ledger.counted(slot));
        assert_eq!(ledger.kept(), [3; 16384]);
        ledger.read(16382, Found { exact: 1, missing: 1, wrong_value: 1, ..Found::default() });
        assert_eq!((ledger.kept()[16381], ledger.kept()[16382]), (3, 0));
        ledger.read(16383, Found { exact: 1, unknown: 2, ..Found::default() });
        let totals = ledger.totals();
        assert_eq!((totals.missing, totals.wrong, totals.suspect), (1, 1, 2));
        assert_eq!(totals.proven + 4, totals.planned);
        assert_eq!(ledger.unproven(), [16383]);
        assert_eq!(ledger.faulty(), [16382]);
        assert_eq!(ledger.open(&[16382, 16383, 0]), [16383]);
        // No eviction brings a key back.
        ledger.evicted(16382);
        assert_eq!((ledger.totals().missing, ledger.totals().wrong, ledger.totals().suspect), (1, 0, 4));
        ledger.doubt(16382);
        assert_eq!((ledger.faulty().len(), ledger.unproven().len()), (0, 2));
    }

    #[test]
    fn what_nothing_vouches_for_is_sent_again() {
        let amount = Amount::Keys(16384 * 9);
        let request = Request { amount, key_size: 32, value_size: 8, prefix: String::new(), seed: 0 };
        let mut ledger = Ledger::new(Arc::new(Spec::new(&request).unwrap()));
        ledger.executed(7, 4);
        ledger.vouch(7, 3);
        assert_eq!(ledger.suspect(7, 4), 1);
        // A later audit that is clean cannot know of what was refused before.
        ledger.executed(7, 9);
        ledger.vouch(7, 9);
        assert_eq!(ledger.take_back(7), 6);
        assert_eq!(ledger.starts()[7], 3);
        ledger.executed(7, 9);
        ledger.vouch(7, 9);
        assert_eq!(ledger.suspect(7, 9), 0);
        assert_eq!(ledger.take_back(7), 0);
        assert_eq!(ledger.take_back_all(7), 9);
        assert_eq!(ledger.totals().executed, 0);
    }

    #[test]
    fn of_a_slot_whose_replicas_are_behind_what_barriers_have_waited_for_is_acknowledged() {
        let amount = Amount::Keys(16384 * 3);
        let request = Request { amount, key_size: 32, value_size: 8, prefix: String::new(), seed: 0 };
        let mut ledger = Ledger::new(Arc::new(Spec::new(&request).unwrap()));
        (0..SLOTS - 1).for_each(|slot| ledger.counted(slot));
        let proven = ledger.totals().proven;
        let mut everywhere = vec![true; usize::from(SLOTS)];
        assert_eq!(ledger.acknowledged(&everywhere), proven);
        ledger.executed(0, 2);
        (everywhere[0], everywhere[16383]) = (false, false);
        assert_eq!(ledger.acknowledged(&everywhere), proven - 1);
        // Nobody waited for what was written again.
        ledger.mend(0);
        ledger.counted(0);
        assert_eq!(ledger.acknowledged(&everywhere), proven - 3);
        everywhere[0] = true;
        assert_eq!(ledger.acknowledged(&everywhere), proven);
    }

    #[test]
    fn what_an_earlier_run_executed_is_acknowledged_by_replicas_that_have_everything() {
        let amount = Amount::Keys(16384 * 3);
        let request = Request { amount, key_size: 32, value_size: 8, prefix: String::new(), seed: 0 };
        let mut starts = vec![0; usize::from(SLOTS)];
        starts[7] = 2;
        let mut ledger = Ledger::from_starts(Arc::new(Spec::new(&request).unwrap()), &starts);
        (7..9).for_each(|slot| ledger.executed(slot, 3));
        (7..9).for_each(|slot| ledger.counted(slot));
        // Barriers of this run have waited for the slot that it wrote alone.
        let mut everywhere = vec![false; usize::from(SLOTS)];
        assert_eq!(ledger.acknowledged(&everywhere), 3);
        everywhere[7] = true;
        assert_eq!(ledger.acknowledged(&everywhere), 6);
    }
}

//! Where every key stands, slot by slot. It only adds up what it is told; nothing in it is proven
//! unless a proof said so. Repair starts from here: [`Ledger::unproven`] are the slots to look at.

use std::sync::Arc;

use crate::dataset::Spec;
use crate::proof::Found;
use crate::slots::SLOTS;

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    executed: u64,
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

    /// A barrier answered for so many more keys of `slot`.
    pub fn executed(&mut self, slot: u16, keys: u64) {
        self.entries[usize::from(slot)].executed += keys;
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

    /// The slots with keys that are neither proven nor disproven.
    pub fn unproven(&self) -> Vec<u16> {
        let open = |&slot: &u16| {
            let Found { exact, missing, wrong, .. } = self.entries[usize::from(slot)].found;
            exact + missing + wrong < self.spec.keys_in_slot(slot)
        };
        (0..SLOTS).filter(open).collect()
    }

    pub fn totals(&self) -> Totals {
        let mut totals = Totals { planned: self.spec.keys(), ..Totals::default() };
        for Entry { executed, found, counted } in &self.entries {
            totals.executed += executed;
            totals.proven += found.exact;
            totals.counted += if *counted { found.exact } else { 0 };
            totals.missing += found.missing;
            totals.wrong += found.wrong;
        }
        totals.suspect = totals.planned - totals.proven - totals.missing - totals.wrong;
        totals
    }
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
        ledger.read(16382, Found { exact: 1, missing: 1, wrong: 1, unknown: 0 });
        ledger.read(16383, Found { exact: 1, missing: 0, wrong: 0, unknown: 2 });
        let totals = ledger.totals();
        assert_eq!((totals.missing, totals.wrong, totals.suspect), (1, 1, 2));
        assert_eq!(totals.proven + 4, totals.planned);
        assert_eq!(ledger.unproven(), [16383]);
    }
}

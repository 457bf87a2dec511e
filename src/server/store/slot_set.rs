//! Some of the slots, so that the next one is found without a look at all tables.

use crate::slots::SLOTS;

const WORD_BITS: usize = u64::BITS as usize;

/// A set of slots: a bit for each.
#[derive(Debug)]
pub(super) struct SlotSet([u64; SLOTS as usize / WORD_BITS]);

impl Default for SlotSet {
    fn default() -> Self {
        Self([0; SLOTS as usize / WORD_BITS])
    }
}

impl SlotSet {
    pub(super) fn put(&mut self, slot: u16, is_in: bool) {
        let (word, bit) = (usize::from(slot) / WORD_BITS, usize::from(slot) % WORD_BITS);
        self.0[word] = self.0[word] & !(1 << bit) | u64::from(is_in) << bit;
    }

    /// The first slot of the set that is not before `slot`.
    pub(super) fn from(&self, slot: u16) -> Option<u16> {
        let first = usize::from(slot) / WORD_BITS;
        let mut bits = self.0.get(first)? & (u64::MAX << (usize::from(slot) % WORD_BITS));
        for word in first..self.0.len() {
            if word > first {
                bits = self.0[word];
            }
            if bits != 0 {
                return Some((word * WORD_BITS + bits.trailing_zeros() as usize) as u16);
            }
        }
        None
    }

    /// The same, and the first of all behind the last.
    pub(super) fn around(&self, slot: u16) -> Option<u16> {
        self.from(slot).or_else(|| self.from(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_slot_is_found() {
        let mut set = SlotSet::default();
        assert_eq!((set.from(0), set.around(5)), (None, None));
        for slot in [0, 63, 64, 5000, SLOTS - 1] {
            set.put(slot, true);
            set.put(slot, true);
        }
        set.put(63, false);
        let next = [0, 1, 64, 65, 5001, SLOTS - 1, SLOTS].map(|slot| set.from(slot));
        let last = Some(SLOTS - 1);
        assert_eq!(next, [Some(0), Some(64), Some(64), Some(5000), last, last, None]);
        set.put(SLOTS - 1, false);
        assert_eq!((set.from(5001), set.around(5001)), (None, Some(0)));
    }
}

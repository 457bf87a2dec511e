//! A set of slots. It knows nothing of whose they are.

use crate::slots::SLOTS;

const BITS: usize = u64::BITS as usize;

/// Any of the slots, a bit for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SlotSet(Box<[u64]>);

impl Default for SlotSet {
    fn default() -> Self {
        Self(vec![0; usize::from(SLOTS) / BITS].into())
    }
}

impl FromIterator<u16> for SlotSet {
    fn from_iter<T: IntoIterator<Item = u16>>(slots: T) -> Self {
        let mut set = Self::default();
        slots.into_iter().for_each(|slot| set.insert(slot));
        set
    }
}

impl SlotSet {
    pub(crate) fn contains(&self, slot: u16) -> bool {
        self.0[usize::from(slot) / BITS] >> (usize::from(slot) % BITS) & 1 == 1
    }

    pub(crate) fn insert(&mut self, slot: u16) {
        self.0[usize::from(slot) / BITS] |= 1 << (usize::from(slot) % BITS);
    }

    pub(crate) fn remove(&mut self, slot: u16) {
        self.0[usize::from(slot) / BITS] &= !(1 << (usize::from(slot) % BITS));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    /// Those in it, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u16> {
        (0..SLOTS).filter(|slot| self.contains(*slot))
    }

    /// Runs of slots, ascending, both ends included.
    pub(crate) fn ranges(&self) -> Vec<(u16, u16)> {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        for slot in self.iter() {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == slot => *last = slot,
                _ => ranges.push((slot, slot)),
            }
        }
        ranges
    }
}

//! Where a key stands: its slot, and how many keys of the dataset stand before it in that slot.

use crate::slots::SLOTS;

/// Odd, so that multiplying permutes the slots; 16384 / 10125 is near the golden ratio.
const STEP: u64 = 10125;
/// `STEP × STEP_INVERSE ≡ 1 (mod 16384)`.
const STEP_INVERSE: u64 = 13125;

/// A key's place in the dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Hash slot, below 16384.
    pub slot: u16,
    /// Keys before it in the slot.
    pub ordinal: u64,
}

impl Position {
    /// Where the key with this index stands.
    pub fn of_index(index: u64) -> Self {
        let slots = u64::from(SLOTS);
        Self { slot: golden((index % slots) as u16), ordinal: index / slots }
    }

    /// The index of the key that stands here.
    pub fn index(self) -> u64 {
        self.ordinal * u64::from(SLOTS) + residue(self.slot)
    }
}

/// The slot's place among all slots in golden order: neighbours in this order are far apart as slots,
/// and their values are near each other in the pool.
pub fn golden(slot: u16) -> u16 {
    (u64::from(slot) * STEP % u64::from(SLOTS)) as u16
}

/// How many of the first `keys` keys stand in `slot`.
pub fn keys_in_slot(keys: u64, slot: u16) -> u64 {
    let slots = u64::from(SLOTS);
    keys / slots + u64::from(residue(slot) < keys % slots)
}

/// The index modulo 16384 of every key in this slot.
fn residue(slot: u16) -> u64 {
    u64::from(slot) * STEP_INVERSE % u64::from(SLOTS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_step_has_the_inverse_that_is_written_down() {
        assert_eq!(STEP * STEP_INVERSE % u64::from(SLOTS), 1);
    }

    #[test]
    fn a_thousand_keys_spread_evenly_over_any_third_of_the_slots() {
        for first in (0..16384).step_by(512) {
            let third = (0..1000).filter(|&i| {
                let slot = Position::of_index(i).slot;
                (slot.wrapping_sub(first) % SLOTS) < SLOTS / 3
            });
            let share = third.count();
            assert!((325..=341).contains(&share), "{share} of 1000 keys from slot {first}");
        }
    }

    proptest! {
        #[test]
        fn position_and_index_are_each_other_undone(index in 0..1u64 << 53) {
            prop_assert_eq!(Position::of_index(index).index(), index);
        }

        #[test]
        fn every_slot_holds_the_keys_that_are_counted_for_it(keys in 0..200_000u64) {
            let mut held = vec![0u64; usize::from(SLOTS)];
            (0..keys).for_each(|i| held[usize::from(Position::of_index(i).slot)] += 1);
            for slot in 0..SLOTS {
                prop_assert_eq!(held[usize::from(slot)], keys_in_slot(keys, slot));
            }
        }
    }
}

//! How many keys each slot is to hold, said in few words.

use serde::{Deserialize, Serialize};

/// Slots, one after another, that are to hold the same number of keys each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRun {
    /// The first slot.
    pub first: u16,
    /// The last slot.
    pub last: u16,
    /// Keys in each of them: those with the lowest ordinals.
    pub keys: u64,
}

impl SlotRun {
    /// The fewest runs that say how many keys there are in each of all slots.
    pub fn of(counts: impl IntoIterator<Item = (u16, u64)>) -> Vec<Self> {
        let mut runs: Vec<Self> = Vec::new();
        for (slot, keys) in counts {
            match runs.last_mut() {
                Some(run) if run.keys == keys => run.last = slot,
                _ => runs.push(Self { first: slot, last: slot, keys }),
            }
        }
        runs
    }
}

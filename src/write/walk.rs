//! The keys of one writer in the order in which they are sent. What was executed is always a prefix
//! of that order, so one number per writer tells what was executed in every slot.

use std::sync::Arc;

use crate::dataset::{Position, Spec, golden};

/// In which order a writer visits its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Slot after slot: servers that keep a table per slot take it 1.4 to 2 times faster.
    Slot,
    /// One key of each slot after another.
    Stride,
}

/// Consecutive keys of one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The first of them.
    pub first: Position,
    /// How many; at least one.
    pub keys: u64,
}

/// A cursor over the keys of some slots.
#[derive(Clone, Debug)]
pub struct Walk {
    slots: Arc<[u16]>,
    order: Order,
    spec: Arc<Spec>,
    /// Index into `slots`.
    at: usize,
    /// The next ordinal.
    ordinal: u64,
    left: u64,
}

impl Walk {
    /// All keys that the dataset has in `slots`.
    pub fn new(spec: Arc<Spec>, mut slots: Arc<[u16]>, order: Order) -> Self {
        // The pool of values is laid out for this order: what one slot reads is near what the next does.
        Arc::make_mut(&mut slots).sort_by_key(|&slot| golden(slot));
        let left = slots.iter().map(|&slot| spec.keys_in_slot(slot)).sum();
        Self { slots, order, spec, at: 0, ordinal: 0, left }
    }

    /// Keys still to come.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// The next keys, all of one slot: `group` of them at most, the rest of a slot split evenly, and
    /// never more than `most`. Both are at least one.
    pub fn next(&mut self, group: u64, most: u64) -> Option<Segment> {
        if self.left == 0 {
            return None;
        }
        loop {
            let slot = self.slots[self.at];
            let rest = self.spec.keys_in_slot(slot).saturating_sub(self.ordinal);
            if rest == 0 {
                self.next_slot();
                continue;
            }
            let even = rest.div_ceil(rest.div_ceil(group));
            let keys = match self.order {
                Order::Slot => even.min(most),
                Order::Stride => 1,
            };
            let segment = Segment { first: Position { slot, ordinal: self.ordinal }, keys };
            self.left -= keys;
            match self.order {
                Order::Slot => self.ordinal += keys,
                Order::Stride => self.next_slot(),
            }
            return Some(segment);
        }
    }

    /// Slot order starts the next slot at its first key, stride the next round after the last slot.
    fn next_slot(&mut self) {
        self.at += 1;
        match self.order {
            Order::Slot => self.ordinal = 0,
            Order::Stride if self.at == self.slots.len() => (self.at, self.ordinal) = (0, self.ordinal + 1),
            Order::Stride => {}
        }
    }

    /// How many of the first `keys` keys of a whole walk stand in each of its slots.
    pub fn prefix(&self, keys: u64) -> impl Iterator<Item = (u16, u64)> {
        let rounds = keys / (self.slots.len() as u64).max(1);
        let mut left = match self.order {
            Order::Slot => keys,
            // Shares differ by one at most: only the last, incomplete round passes a slot by.
            Order::Stride => {
                keys - self.slots.iter().map(|&slot| rounds.min(self.spec.keys_in_slot(slot))).sum::<u64>()
            }
        };
        self.slots.iter().map(move |&slot| {
            let share = self.spec.keys_in_slot(slot);
            let (before, most) = match self.order {
                Order::Slot => (0, share),
                Order::Stride => (rounds.min(share), share.saturating_sub(rounds).min(1)),
            };
            let more = left.min(most);
            left -= more;
            (slot, before + more)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use proptest::prelude::*;

    use super::*;
    use crate::dataset::{Amount, Request};

    fn spec(keys: u64) -> Arc<Spec> {
        let request = Request {
            amount: Amount::Keys(keys),
            key_size: 32,
            value_size: 8,
            prefix: String::new(),
            seed: 0,
        };
        Arc::new(Spec::new(&request).unwrap())
    }

    fn orders() -> impl Strategy<Value = Order> {
        prop_oneof![Just(Order::Slot), Just(Order::Stride)]
    }

    proptest! {
        #[test]
        fn a_walk_visits_each_key_once_and_its_prefixes_are_counted(
            keys in 1..100_000u64, first in 0..16384u16, count in 1..300usize, group in 1..40u64,
            most in 1..40u64, order in orders(), cut in 0.0..=1.0f64,
        ) {
            let spec = spec(keys);
            let slots: Arc<[u16]> = (0..count).map(|i| (first + i as u16) % 16384).collect();
            let whole = Walk::new(spec.clone(), slots.clone(), order);
            let planned: u64 = slots.iter().map(|&slot| spec.keys_in_slot(slot)).sum();
            prop_assert_eq!(whole.left(), planned);

            let (mut walk, mut sent, mut seen) = (whole.clone(), Vec::new(), HashSet::new());
            while let Some(segment) = walk.next(group, most) {
                prop_assert!(segment.keys >= 1 && segment.keys <= group.min(most));
                for ordinal in segment.first.ordinal..segment.first.ordinal + segment.keys {
                    prop_assert!(ordinal < spec.keys_in_slot(segment.first.slot));
                    prop_assert!(seen.insert((segment.first.slot, ordinal)));
                    sent.push(segment.first.slot);
                }
            }
            prop_assert_eq!(sent.len() as u64, planned);
            prop_assert_eq!(walk.left(), 0);

            let cut = (planned as f64 * cut) as usize;
            let mut counted: BTreeMap<u16, u64> = slots.iter().map(|&slot| (slot, 0)).collect();
            sent[..cut].iter().for_each(|slot| *counted.get_mut(slot).unwrap() += 1);
            let prefix: BTreeMap<u16, u64> = whole.prefix(cut as u64).collect();
            prop_assert_eq!(prefix, counted);
        }
    }

    #[test]
    fn the_rest_of_a_slot_is_split_evenly() {
        let spec = spec(16384 * 100);
        let mut walk = Walk::new(spec, Arc::new([5]), Order::Slot);
        let sizes: Vec<u64> = std::iter::from_fn(|| walk.next(90, u64::MAX)).map(|s| s.keys).collect();
        assert_eq!(sizes, [50, 50]);
    }
}

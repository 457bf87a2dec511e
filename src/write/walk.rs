//! The keys of one writer in the order in which they are sent. What was executed is always a prefix
//! of that order, so one number per writer tells what was executed in every slot; and in each slot
//! that is a prefix of its keys, so one number per slot tells where another walk goes on. Keys of a slot are counted from
//! the first that the dataset, or a worker's share of it, has there.

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
    /// Where each slot is begun, in the order in which slots are visited.
    firsts: Arc<[First]>,
    order: Order,
    spec: Arc<Spec>,
    /// Index into `firsts`.
    at: usize,
    /// The next key's place in its slot.
    place: u64,
    left: u64,
}

/// Where a slot is begun.
#[derive(Clone, Copy, Debug)]
struct First {
    slot: u16,
    /// Keys of the slot before it.
    place: u64,
}

impl Walk {
    /// The keys that the dataset has in `slots`, but for the first few of each: so many as `starts` says, which
    /// has a number for every slot that exists.
    pub fn new(spec: Arc<Spec>, slots: &[u16], starts: &[u64], order: Order) -> Self {
        let first = |&slot: &u16| First { slot, place: starts[usize::from(slot)] };
        let mut firsts: Vec<First> = slots.iter().map(first).collect();
        // The pool of values is laid out for this order: what one slot reads is near what the next does.
        firsts.sort_by_key(|first| golden(first.slot));
        let left = firsts.iter().map(|first| left_in_slot(&spec, *first)).sum();
        let starts = firsts.iter().map(|first| first.place);
        let place = match order {
            Order::Slot => firsts.first().map(|first| first.place),
            Order::Stride => starts.min(),
        };
        Self { firsts: firsts.into(), order, spec, at: 0, place: place.unwrap_or(0), left }
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
            let First { slot, place } = self.firsts[self.at];
            let rest = self.spec.keys_in_slot(slot).saturating_sub(self.place);
            if rest == 0 || self.place < place {
                self.next_slot();
                continue;
            }
            let even = rest.div_ceil(rest.div_ceil(group));
            let keys = match self.order {
                Order::Slot => even.min(most),
                Order::Stride => 1,
            };
            let segment = Segment { first: self.spec.at(slot, self.place), keys };
            self.left -= keys;
            match self.order {
                Order::Slot => self.place += keys,
                Order::Stride => self.next_slot(),
            }
            return Some(segment);
        }
    }

    /// Slot order starts the next slot at its first key, stride the next round after the last slot.
    fn next_slot(&mut self) {
        self.at += 1;
        match self.order {
            Order::Slot => self.place = self.firsts.get(self.at).map_or(0, |first| first.place),
            Order::Stride if self.at == self.firsts.len() => (self.at, self.place) = (0, self.place + 1),
            Order::Stride => {}
        }
    }

    /// The slots, and how many keys each holds when the first `keys` keys of a whole walk, and those before
    /// its start, are there.
    pub fn reached(&self, keys: u64) -> impl Iterator<Item = (u16, u64)> {
        // In each round striding adds one key to every slot that is neither ahead of it nor full.
        let rounds = match self.order {
            Order::Slot => 0,
            Order::Stride => self.rounds(keys),
        };
        let mut left = keys - self.keys_after(rounds);
        self.firsts.iter().map(move |first| {
            let share = self.spec.keys_in_slot(first.slot);
            let before = rounds.min(share).max(first.place);
            let most = match self.order {
                Order::Slot => share.saturating_sub(before),
                Order::Stride => u64::from(first.place <= rounds && rounds < share),
            };
            let more = left.min(most);
            left -= more;
            (first.slot, before + more)
        })
    }

    /// How many rounds of striding are complete after `keys` keys.
    fn rounds(&self, keys: u64) -> u64 {
        let most = self.firsts.iter().map(|first| self.spec.keys_in_slot(first.slot)).max().unwrap_or(0);
        let (mut complete, mut beyond) = (0, most + 1);
        while complete + 1 < beyond {
            let middle = complete.midpoint(beyond);
            if self.keys_after(middle) <= keys { complete = middle } else { beyond = middle }
        }
        complete
    }

    /// Keys that striding has sent after so many rounds.
    fn keys_after(&self, rounds: u64) -> u64 {
        let of = |first: &First| {
            let share = self.spec.keys_in_slot(first.slot);
            rounds.min(share).saturating_sub(first.place)
        };
        self.firsts.iter().map(of).sum()
    }
}

/// Keys of a slot from `first` on.
fn left_in_slot(spec: &Spec, first: First) -> u64 {
    spec.keys_in_slot(first.slot).saturating_sub(first.place)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use proptest::prelude::*;

    use super::*;
    use crate::dataset::{Amount, Request, Worker};

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
            most in 1..40u64, order in orders(), cut in 0.0..=1.0f64, worker in 0..4u64,
            ahead in prop::collection::vec(prop_oneof![Just(0), 0..8u64], 300),
        ) {
            // The whole, or one of three shares.
            let spec = match Worker::new(worker, 3) {
                Ok(worker) if keys >= 3 => Arc::new(spec(keys).share(worker).unwrap()),
                _ => spec(keys),
            };
            let slots: Vec<u16> = (0..count).map(|i| (first + i as u16) % 16384).collect();
            let mut starts = vec![0; 16384];
            for (&slot, ahead) in slots.iter().zip(ahead) {
                starts[usize::from(slot)] = ahead.min(spec.keys_in_slot(slot));
            }
            let whole = Walk::new(spec.clone(), &slots, &starts, order);
            let left = |&slot: &u16| spec.keys_in_slot(slot) - starts[usize::from(slot)];
            let planned: u64 = slots.iter().map(left).sum();
            prop_assert_eq!(whole.left(), planned);

            let (mut walk, mut sent, mut seen) = (whole.clone(), Vec::new(), HashSet::new());
            while let Some(segment) = walk.next(group, most) {
                prop_assert!(segment.keys >= 1 && segment.keys <= group.min(most));
                let slot = segment.first.slot;
                for ordinal in segment.first.ordinal..segment.first.ordinal + segment.keys {
                    prop_assert!(ordinal < spec.at(slot, spec.keys_in_slot(slot)).ordinal);
                    prop_assert!(ordinal >= spec.at(slot, starts[usize::from(slot)]).ordinal);
                    prop_assert!(seen.insert((slot, ordinal)));
                    sent.push(slot);
                }
            }
            prop_assert_eq!(sent.len() as u64, planned);
            prop_assert_eq!(walk.left(), 0);

            let cut = (planned as f64 * cut) as usize;
            let mut counted: BTreeMap<u16, u64> =
                slots.iter().map(|&slot| (slot, starts[usize::from(slot)])).collect();
            sent[..cut].iter().for_each(|slot| *counted.get_mut(slot).unwrap() += 1);
            let reached: BTreeMap<u16, u64> = whole.reached(cut as u64).collect();
            prop_assert_eq!(&reached, &counted);

            // Another walk goes on where this one was cut off.
            reached.iter().for_each(|(&slot, &keys)| starts[usize::from(slot)] = keys);
            let mut rest = Walk::new(spec.clone(), &slots, &starts, order);
            prop_assert_eq!(rest.left(), planned - cut as u64);
            while let Some(segment) = rest.next(group, most) {
                *counted.get_mut(&segment.first.slot).unwrap() += segment.keys;
            }
            prop_assert!(counted.iter().all(|(&slot, &keys)| keys == spec.keys_in_slot(slot)));
        }
    }

    #[test]
    fn the_rest_of_a_slot_is_split_evenly() {
        let spec = spec(16384 * 100);
        let mut walk = Walk::new(spec, &[5], &[0; 16384], Order::Slot);
        let sizes: Vec<u64> = std::iter::from_fn(|| walk.next(90, u64::MAX)).map(|s| s.keys).collect();
        assert_eq!(sizes, [50, 50]);
    }
}

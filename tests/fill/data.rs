//! The dataset of one test: as options for the program, and as what should then be there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fillbench::dataset::{Amount, Position, Request, Spec, Values};
use fillbench::slots::SLOTS;

/// So many pools of values are kept at a time.
const POOLS: usize = 8;

/// Values by their seed and size.
type Made = BTreeMap<(u64, u64), Arc<Values>>;

/// A dataset to ask for.
#[derive(Clone, Debug)]
pub(crate) struct Data {
    pub(crate) keys: u64,
    pub(crate) key_size: u64,
    pub(crate) value_size: u64,
    pub(crate) prefix: &'static str,
    pub(crate) seed: u64,
}

impl Data {
    /// So many keys of 32 bytes with values of 64.
    pub(crate) fn of(keys: u64) -> Self {
        Self { keys, key_size: 32, value_size: 64, prefix: "", seed: 1 }
    }

    /// So many keys, of these sizes.
    pub(crate) fn sized(keys: u64, key_size: u64, value_size: u64) -> Self {
        Self { key_size, value_size, ..Self::of(keys) }
    }

    /// The same keys, other values.
    pub(crate) fn seeded(&self, seed: u64) -> Self {
        Self { seed, ..self.clone() }
    }

    /// As it is asked for on a command line.
    pub(crate) fn args(&self) -> Vec<String> {
        let Self { keys, key_size, value_size, prefix, seed } = self;
        let words = format!("--keys {keys} --key-size {key_size} --value-size {value_size} --seed {seed}");
        let mut args: Vec<String> = words.split(' ').map(Into::into).collect();
        if !prefix.is_empty() {
            args.extend(["--key-prefix".into(), (*prefix).into()]);
        }
        args
    }

    /// What the library makes of it.
    pub(crate) fn spec(&self) -> Spec {
        Spec::new(&Request {
            amount: Amount::Keys(self.keys),
            key_size: self.key_size,
            value_size: self.value_size,
            prefix: self.prefix.into(),
            seed: self.seed,
        })
        .unwrap()
    }

    /// Its values, as the library makes them. The last few pools are kept, because each takes a while to make.
    pub(crate) fn values(&self) -> Arc<Values> {
        static MADE: Mutex<Made> = Mutex::new(BTreeMap::new());
        let key = (self.seed, self.value_size);
        let made = MADE.lock().unwrap().get(&key).cloned();
        if let Some(values) = made {
            return values;
        }
        // Not while others wait: they may want another.
        let values = Arc::new(Values::new(&self.spec()));
        let mut all = MADE.lock().unwrap();
        if all.len() >= POOLS {
            all.clear();
        }
        all.insert(key, values.clone());
        values
    }

    /// The first key of a slot, as text.
    pub(crate) fn key_in(&self, slot: u16) -> String {
        String::from_utf8(self.spec().shape().key(Position { slot, ordinal: 0 })).unwrap()
    }

    /// The positions of all keys in some slots.
    pub(crate) fn positions(&self, slots: &[u16]) -> Vec<Position> {
        let counts = self.keys_per_slot();
        let of_slot =
            |&slot: &u16| (0..counts[usize::from(slot)]).map(move |ordinal| Position { slot, ordinal });
        slots.iter().flat_map(of_slot).collect()
    }

    /// How many keys each slot should have, by the documented formula: one key after another.
    pub(crate) fn keys_per_slot(&self) -> Vec<u64> {
        let mut counts = vec![0; usize::from(SLOTS)];
        (0..self.keys).for_each(|index| counts[(index * 10125 % u64::from(SLOTS)) as usize] += 1);
        counts
    }
}

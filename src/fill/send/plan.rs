//! Who sends which slots. Pure: who owns what and what is left of it in, shares out.

use std::sync::Arc;

use crate::write::{Progress, Walk};

/// The slots that one writer fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::fill) struct Share {
    /// Index of the master.
    pub master: usize,
    /// In order.
    pub slots: Arc<[u16]>,
}

/// One writer's part.
pub(in crate::fill) struct Part {
    /// Index of the master.
    pub master: usize,
    pub walk: Walk,
    pub progress: Arc<Progress>,
}

/// How many keys of each slot are executed: `starts`, and beyond them what each part has reached.
pub(in crate::fill) fn by_slot<'a>(
    mut starts: Vec<u64>,
    reached: impl Iterator<Item = (&'a Part, u64)>,
) -> Vec<u64> {
    for (part, executed) in reached {
        part.walk.reached(executed).for_each(|(slot, keys)| starts[usize::from(slot)] = keys);
    }
    starts
}

/// Splits each master's slots into runs for up to `writers` writers, which have nearly the same number of
/// keys left. `masters` are indices with the slots of each, `left` is how many keys a slot lacks. A writer that
/// would have no key gets no share.
pub(in crate::fill) fn shares(
    masters: impl IntoIterator<Item = (usize, Vec<u16>)>,
    left: impl Fn(u16) -> u64,
    writers: u64,
) -> Vec<Share> {
    let mut shares = Vec::new();
    for (master, slots) in masters {
        let slots: Vec<u16> = slots.into_iter().filter(|&slot| left(slot) > 0).collect();
        let keys: u64 = slots.iter().map(|&slot| left(slot)).sum();
        let (mut run, mut before, mut writer) = (Vec::new(), 0u64, 1u64);
        for slot in slots {
            run.push(slot);
            before += left(slot);
            let bound = u128::from(keys) * u128::from(writer) / u128::from(writers);
            if u128::from(before) >= bound {
                shares.push(Share { master, slots: std::mem::take(&mut run).into() });
                writer += 1;
            }
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dataset::{Amount, Request, Spec};

    fn masters(cuts: &[u16]) -> Vec<(usize, Vec<u16>)> {
        let mut bounds = vec![0];
        bounds.extend(cuts.iter().copied().filter(|&cut| cut > 0));
        bounds.sort_unstable();
        bounds.dedup();
        bounds.push(16384);
        bounds.windows(2).map(|pair| (pair[0]..pair[1]).collect()).enumerate().collect()
    }

    fn spec(keys: u64) -> Spec {
        let amount = Amount::Keys(keys);
        Spec::new(&Request { amount, key_size: 32, value_size: 8, prefix: String::new(), seed: 0 }).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn every_slot_with_keys_has_one_writer_at_its_master(
            cuts in prop::collection::vec(0..16384u16, 0..8), keys in 1..500_000u64, writers in 1..9u64,
            done in 0..40u64,
        ) {
            let (masters, spec) = (masters(&cuts), spec(keys));
            let left = |slot: u16| spec.keys_in_slot(slot).saturating_sub(done * u64::from(slot % 2));
            let mut seen = vec![0; 16384];
            let mut writers_of = vec![0; masters.len()];
            for share in shares(masters.clone(), left, writers) {
                writers_of[share.master] += 1;
                for &slot in &*share.slots {
                    prop_assert!(masters[share.master].1.contains(&slot));
                    seen[usize::from(slot)] += 1;
                }
            }
            prop_assert!(writers_of.iter().all(|&count| count <= writers));
            for slot in 0..16384u16 {
                prop_assert_eq!(seen[usize::from(slot)], u64::from(left(slot) > 0));
            }
        }
    }

    #[test]
    fn the_writers_of_a_master_have_the_same_share_of_keys() {
        let spec = spec(3_000_000);
        let shares = shares(masters(&[5461, 10923]), |slot| spec.keys_in_slot(slot), 4);
        assert_eq!(shares.len(), 12);
        for share in shares {
            let keys: u64 = share.slots.iter().map(|&slot| spec.keys_in_slot(slot)).sum();
            assert!((249_000..=251_000).contains(&keys), "{keys}");
        }
    }
}

//! Who sends which slots. Pure: a topology and a dataset in, shares out.

use std::sync::Arc;

use crate::cluster::Topology;
use crate::dataset::Spec;

/// The slots that one writer fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Share {
    /// Index of the master.
    pub master: usize,
    /// In the order in which they are filled.
    pub slots: Arc<[u16]>,
}

/// Splits each master's slots into runs for up to `writers` writers, of nearly the same number of
/// keys. A writer that would have no key gets no share.
pub(super) fn shares(topology: &Topology, spec: &Spec, writers: u64) -> Vec<Share> {
    let mut shares = Vec::new();
    for (master, node) in topology.masters.iter().enumerate() {
        let slots: Vec<u16> = node.slots.iter().cloned().flatten().collect();
        let keys: u64 = slots.iter().map(|&slot| spec.keys_in_slot(slot)).sum();
        let (mut run, mut before, mut writer) = (Vec::new(), 0u64, 1u64);
        for slot in slots {
            run.push(slot);
            before += spec.keys_in_slot(slot);
            // The last writer's bound is all keys: it takes the slots without keys at the end, too.
            let bound = u128::from(keys) * u128::from(writer) / u128::from(writers);
            if u128::from(before) >= bound && writer < writers && before > 0 {
                shares.push(Share { master, slots: std::mem::take(&mut run).into() });
                writer += 1;
            }
        }
        shares.push(Share { master, slots: run.into() });
    }
    shares.retain(|share| share.slots.iter().any(|&slot| spec.keys_in_slot(slot) > 0));
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cluster::{Master, Mode};
    use crate::dataset::{Amount, Request};
    use crate::net::Address;

    fn topology(cuts: &[u16]) -> Topology {
        let mut bounds = vec![0];
        bounds.extend(cuts.iter().copied().filter(|&cut| cut > 0));
        bounds.sort_unstable();
        bounds.dedup();
        bounds.push(16384);
        let master = |pair: &[u16]| Master {
            announced: Address::tcp("h", pair[0]),
            address: Address::tcp("h", pair[0]),
            node: pair[0].to_string(),
            slots: vec![pair[0]..=pair[1] - 1],
            replicas: 0,
        };
        Topology { mode: Mode::Cluster, masters: bounds.windows(2).map(master).collect() }
    }

    fn spec(keys: u64) -> Spec {
        let amount = Amount::Keys(keys);
        Spec::new(&Request { amount, key_size: 32, value_size: 8, prefix: String::new(), seed: 0 }).unwrap()
    }

    proptest! {
        #[test]
        fn every_slot_with_keys_has_one_writer_at_its_master(
            cuts in prop::collection::vec(0..16384u16, 0..8), keys in 1..500_000u64, writers in 1..9u64,
        ) {
            let (topology, spec) = (topology(&cuts), spec(keys));
            let owners = topology.owners();
            let mut seen = vec![0; 16384];
            for share in shares(&topology, &spec, writers) {
                for &slot in &*share.slots {
                    prop_assert_eq!(owners[usize::from(slot)], Some(share.master));
                    seen[usize::from(slot)] += 1;
                }
            }
            for slot in 0..16384u16 {
                let needed = spec.keys_in_slot(slot) > 0;
                prop_assert!(seen[usize::from(slot)] == 1 || !needed && seen[usize::from(slot)] == 0);
            }
        }
    }

    #[test]
    fn the_writers_of_a_master_have_the_same_share_of_keys() {
        let (topology, spec) = (topology(&[5461, 10923]), spec(3_000_000));
        let shares = shares(&topology, &spec, 4);
        assert_eq!(shares.len(), 12);
        for share in shares {
            let keys: u64 = share.slots.iter().map(|&slot| spec.keys_in_slot(slot)).sum();
            assert!((249_000..=251_000).contains(&keys), "{keys}");
        }
    }
}

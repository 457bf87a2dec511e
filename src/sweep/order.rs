//! In which order the runs of a sweep go, and what is left of them. Pure.

use std::collections::BTreeSet;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use crate::results::Turn;

/// All runs: round after round, each with every point once, in an order of its own. A machine that gets slower
/// or faster meanwhile does so to all points alike, and no point always follows the same other.
pub fn shuffled(points: u64, repeat: u64, seed: u64) -> Vec<Turn> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut order = Vec::with_capacity((points * repeat) as usize);
    for repeat in 1..=repeat {
        let round = order.len();
        order.extend((1..=points).map(|point| Turn { point, repeat }));
        // Fisher and Yates, from the end.
        for place in (1..points as usize).rev() {
            let other = below(random.next_u64(), place as u64 + 1) as usize;
            order.swap(round + place, round + other);
        }
    }
    order
}

/// A random number of 64 bits as one below `most`.
fn below(random: u64, most: u64) -> u64 {
    ((u128::from(random) * u128::from(most)) >> 64) as u64
}

/// What is left of an order.
pub fn left(order: &[Turn], done: &BTreeSet<Turn>) -> Vec<Turn> {
    order.iter().filter(|turn| !done.contains(turn)).copied().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_seed_decides_the_order() {
        assert_eq!(shuffled(50, 3, 7), shuffled(50, 3, 7));
        assert_ne!(shuffled(50, 3, 7), shuffled(50, 3, 8));
        let rounds = shuffled(50, 2, 7);
        let points = |turns: &[Turn]| turns.iter().map(|turn| turn.point).collect::<Vec<_>>();
        assert_ne!(points(&rounds[..50]), points(&rounds[50..]));
        assert_ne!(points(&rounds[..50]), (1..=50).collect::<Vec<_>>());
    }

    #[test]
    fn every_place_is_as_likely() {
        let mut counts = [[0_u32; 4]; 4];
        for seed in 0..4000 {
            for (place, turn) in shuffled(4, 1, seed).iter().enumerate() {
                counts[place][turn.point as usize - 1] += 1;
            }
        }
        // Each is expected 1000 times; six standard deviations are 164.
        assert!(counts.iter().flatten().all(|count| (836..=1164).contains(count)), "{counts:?}");
    }

    proptest! {
        #[test]
        fn each_round_is_a_permutation(points in 1_u64..60, repeat in 1_u64..6, seed: u64) {
            let order = shuffled(points, repeat, seed);
            prop_assert_eq!(order.len() as u64, points * repeat);
            for (round, repeat) in order.chunks(points as usize).zip(1..) {
                prop_assert!(round.iter().all(|turn| turn.repeat == repeat));
                let all: BTreeSet<_> = round.iter().map(|turn| turn.point).collect();
                prop_assert_eq!(all, (1..=points).collect());
            }
        }

        #[test]
        fn what_is_left_is_exactly_what_is_not_done(
            points in 1_u64..30, repeat in 1_u64..5, seed: u64, mask in prop::collection::vec(any::<bool>(), 150),
        ) {
            let order = shuffled(points, repeat, seed);
            let done: BTreeSet<Turn> = order.iter().zip(&mask).filter(|(_, done)| **done).map(|(turn, _)| *turn).collect();
            let left = left(&order, &done);
            prop_assert!(left.iter().all(|turn| !done.contains(turn)));
            let all: BTreeSet<Turn> = left.iter().chain(&done).copied().collect();
            prop_assert_eq!(all, order.iter().copied().collect());
            prop_assert_eq!(left.len() + done.len(), order.len());
            // And in the order that it had.
            let places: Vec<_> = left.iter().map(|turn| order.iter().position(|one| one == turn)).collect();
            prop_assert!(places.is_sorted());
        }
    }
}

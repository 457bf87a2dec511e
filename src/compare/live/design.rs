//! What is decided before the first run: how often and when the runs are looked at, what counts as one of them, and
//! with what each pair of runs is put into an order.
//!
//! Who looks again and again, and stops when he likes what he sees, finds a difference in the end where there
//! is none. So the looks are few and planned, and share the chance of a false alarm among them (Bonferroni's
//! way to spend it; the boundary is the same at each, as Pocock's (1977) is). An interval at a look is wrong
//! no more often than its share, so all of them together hold the change with the confidence that is told:
//! they are repeated confidence intervals (Jennison and Turnbull 1989), and stopping by them is safe.
//!
//! The order within each pair, base first or new first, is drawn by a coin. If the sides are alike, the other
//! order would have been as likely and have given the other sign, whatever the machine did meanwhile. So the
//! test of signs and ranks is one of randomisation (Fisher 1935), and holds with any drift and any noise.
//!
//! Two processes of one program differ by themselves, for as long as they live, because memory came to lie
//! otherwise. No coin tells that from a change: only other processes do. So the pairs that were made on the
//! same two make a round, and a round counts once.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use crate::compare::Method;

/// Fewer rounds, and so fewer runs of each side, can never tell: eight of them agree by accident less than once in a
/// hundred times.
pub const MIN_RUNS: u64 = 8;

/// Nobody waits for more runs of each side than this.
pub const MAX_RUNS: u64 = 1000;

/// More looks would cost more in confidence than they save in runs.
const LOOKS_MAX: u64 = 5;

/// Each look comes after so many times the runs of the one before, at least: what one could not tell, a few
/// more runs will not.
const GROWTH: f64 = 1.5;

/// When runs are looked at, and what their order is drawn with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Design {
    /// Pairs of runs at each look, whole rounds; the last is the most that there will be.
    pub looks: Vec<u64>,
    /// Pairs of a round.
    pub round_pairs: u64,
    /// What the order within the pairs is drawn with.
    pub shuffle_seed: u64,
}

impl Design {
    /// A design with so many runs of each side at most, in rounds of so many pairs, [`MIN_RUNS`] rounds at least and
    /// [`MAX_RUNS`] runs at most.
    pub fn new(max_runs: u64, round_pairs: u64, shuffle_seed: u64) -> Self {
        let round_pairs = round_pairs.clamp(1, MAX_RUNS / MIN_RUNS);
        let rounds = (max_runs.min(MAX_RUNS) / round_pairs).max(MIN_RUNS);
        let fits = |looks: &u64| {
            let last = first_look(*looks) as f64 * GROWTH.powi(*looks as i32 - 1);
            last.floor() as u64 <= rounds
        };
        let count = (1..=LOOKS_MAX).rev().find(fits).unwrap_or(1);
        let first = if count == 1 { rounds } else { first_look(count) };
        let growth = rounds as f64 / first as f64;
        let look = |number: u64| {
            let share = number as f64 / (count - 1).max(1) as f64;
            round_pairs * (first as f64 * growth.powf(share)).round() as u64
        };
        Self { looks: (0..count).map(look).collect(), round_pairs, shuffle_seed }
    }

    /// The most runs of each side.
    pub fn max_runs(&self) -> u64 {
        self.looks.last().copied().unwrap_or(MIN_RUNS)
    }

    /// What the order within the pairs is drawn with, before the first one.
    pub(super) fn coin(&self) -> Coin {
        Coin(Xoshiro256PlusPlus::seed_from_u64(self.shuffle_seed))
    }
}

/// Draws the order of one pair after another.
#[derive(Clone, Debug)]
pub(super) struct Coin(Xoshiro256PlusPlus);

impl Coin {
    /// Whether the first run of the next pair is the base's.
    pub(super) fn toss(&mut self) -> bool {
        self.0.next_u64() >> 63 == 1
    }
}

/// The least number of rounds that can tell anything when there are so many looks.
fn first_look(looks: u64) -> u64 {
    Method::Paired.fewest(looks as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::SIGNIFICANCE;

    #[test]
    fn looks_are_few_and_every_one_can_tell() {
        assert_eq!(Design::new(40, 1, 1).looks, [10, 16, 25, 40]);
        assert_eq!(Design::new(100, 1, 1).looks, [10, 18, 32, 56, 100]);
        assert_eq!(Design::new(1000, 1, 1).looks, [10, 32, 100, 316, 1000]);
        assert_eq!(Design::new(14, 1, 1).looks, [9, 14]);
        assert_eq!(Design::new(12, 1, 1).looks, [12]);
        assert_eq!(Design::new(MIN_RUNS, 1, 1).looks, [8]);
        assert_eq!(Design::new(0, 1, 1), Design::new(MIN_RUNS, 1, 1));
        for max_runs in MIN_RUNS..=MAX_RUNS {
            let design = Design::new(max_runs, 1, 1);
            assert_eq!(design.max_runs(), max_runs);
            assert!(design.looks.windows(2).all(|pair| pair[0] < pair[1]), "{design:?}");
            let first = design.looks[0] as usize;
            let least = Method::Paired.least_p_value(first, first) * design.looks.len() as f64;
            assert!(least < SIGNIFICANCE, "{design:?}");
        }
    }

    #[test]
    fn looks_come_after_whole_rounds() {
        assert_eq!(Design::new(1000, 5, 1).looks, [50, 105, 225, 475, 1000]);
        assert_eq!(Design::new(44, 5, 1).looks, [40]);
        assert_eq!(Design::new(10, 5, 1).looks, [40]);
        for round_pairs in 1..=MAX_RUNS / MIN_RUNS {
            let design = Design::new(MAX_RUNS, round_pairs, 1);
            assert!(design.looks.iter().all(|look| look % round_pairs == 0), "{design:?}");
            assert!(design.max_runs() <= MAX_RUNS && design.looks[0] >= MIN_RUNS * round_pairs, "{design:?}");
        }
    }

    #[test]
    fn the_order_is_that_of_the_seed_and_fair() {
        let order = |seed| {
            let mut coin = Design::new(40, 1, seed).coin();
            (0..1000).map(|_| coin.toss()).collect::<Vec<_>>()
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
        let base_first = order(7).iter().filter(|base_first| **base_first).count();
        assert!((400..600).contains(&base_first), "{base_first}");
    }
}

//! What is decided before the first run: how often and when the runs are looked at, and with what each pair of
//! runs is put into an order.
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

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use crate::compare::signed_rank::least_p_value;

/// How often all looks together may find a difference where there is none. Each of five has the share that a
/// comparison of runs which are there already has.
pub(super) const SIGNIFICANCE: f64 = 0.05;

/// Fewer runs of each side can never tell.
pub const MIN_RUNS: u64 = 6;

/// Nobody waits for more runs of each side than this.
pub const MAX_RUNS: u64 = 200;

/// More looks would cost more in confidence than they save in runs.
const LOOKS_MAX: u32 = 5;

/// Each look comes after so many times the runs of the one before, at least: what one could not tell, a few
/// more runs will not.
const GROWTH: f64 = 1.5;

/// When runs are looked at, and what their order is drawn with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Design {
    /// Pairs of runs at each look; the last is the most that there will be.
    pub looks: Vec<u64>,
    /// What the order within the pairs is drawn with.
    pub shuffle_seed: u64,
}

impl Design {
    /// A design with so many runs of each side at most, from [`MIN_RUNS`] to [`MAX_RUNS`].
    pub fn new(max_runs: u64, shuffle_seed: u64) -> Self {
        let max_runs = max_runs.clamp(MIN_RUNS, MAX_RUNS);
        let fits = |looks: &u32| {
            let last = first_look(*looks) as f64 * GROWTH.powi(*looks as i32 - 1);
            last.floor() as u64 <= max_runs
        };
        let count = (1..=LOOKS_MAX).rev().find(fits).unwrap_or(1);
        let first = if count == 1 { max_runs } else { first_look(count) };
        let growth = max_runs as f64 / first as f64;
        let look = |number: u32| {
            let share = f64::from(number) / f64::from((count - 1).max(1));
            (first as f64 * growth.powf(share)).round() as u64
        };
        Self { looks: (0..count).map(look).collect(), shuffle_seed }
    }

    /// The most runs of each side.
    pub fn max_runs(&self) -> u64 {
        self.looks.last().copied().unwrap_or(MIN_RUNS)
    }

    /// What every look's p-value is multiplied by.
    pub(super) fn correction(&self) -> f64 {
        self.looks.len() as f64
    }

    /// How often the interval of one look may be wrong.
    pub(super) fn significance(&self) -> f64 {
        SIGNIFICANCE / self.correction()
    }

    /// For each pair, whether its first run is of the base.
    pub(super) fn order(&self) -> impl Iterator<Item = bool> + use<> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.shuffle_seed);
        std::iter::repeat_with(move || random.next_u64() >> 63 == 1)
    }
}

/// The least number of pairs that can tell anything when there are so many looks.
fn first_look(looks: u32) -> u64 {
    let tells = |pairs: &u64| least_p_value(*pairs as usize) * f64::from(looks) < SIGNIFICANCE;
    (1..MAX_RUNS).find(tells).unwrap_or(MAX_RUNS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_few_and_every_one_can_tell() {
        assert_eq!(Design::new(40, 1).looks, [8, 12, 18, 27, 40]);
        assert_eq!(Design::new(100, 1).looks, [8, 15, 28, 53, 100]);
        assert_eq!(Design::new(10, 1).looks, [7, 10]);
        assert_eq!(Design::new(MIN_RUNS, 1).looks, [6]);
        assert_eq!(Design::new(0, 1), Design::new(MIN_RUNS, 1));
        for max_runs in MIN_RUNS..=MAX_RUNS {
            let design = Design::new(max_runs, 1);
            assert_eq!(design.max_runs(), max_runs);
            assert!(design.looks.windows(2).all(|pair| pair[0] < pair[1]), "{design:?}");
            assert!(least_p_value(design.looks[0] as usize) < design.significance(), "{design:?}");
        }
    }

    #[test]
    fn the_order_is_that_of_the_seed_and_fair() {
        let order = |seed| Design::new(40, seed).order().take(1000).collect::<Vec<_>>();
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
        let base_first = order(7).iter().filter(|base_first| **base_first).count();
        assert!((400..600).contains(&base_first), "{base_first}");
    }
}

//! How long to wait before something that failed is tried again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// Doubles with each failure, up to two seconds, and differs by up to half: what failed at one moment is
/// not tried again at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::fill) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// How often it has failed in a row.
    pub fn failures(self) -> u32 {
        self.failures
    }

    /// It failed once more: how long to wait now.
    pub fn failed(&mut self) -> Duration {
        let longest = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        longest.mul_f64(0.5 + 0.5 * share())
    }
}

/// Any number from 0 to 1. Whoever tries again is told apart by the clock.
fn share() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let random = SplitMix64::seed_from_u64(u64::from(now.subsec_nanos())).next_u32();
    f64::from(random) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_differ() {
        let mut backoff = Backoff::default();
        let waits: Vec<Duration> = (0..12).map(|_| backoff.failed()).collect();
        for (n, wait) in waits.iter().enumerate() {
            let most = FIRST.saturating_mul(1 << n).min(LONGEST);
            assert!((most / 2..=most).contains(wait), "{n}: {wait:?}");
        }
        assert_eq!(backoff.failures(), 12);
    }
}

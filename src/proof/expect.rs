//! What should be there, how closely it is looked at, and which keys are looked at. Pure.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::dataset::{Position, Spec, Values};

/// How much shorter a time to live may be than the clock here says, where keys were written while it ran: it
/// may have been set, and so may those of the servers, which take over from each other.
pub const ONE_CLOCK: Duration = Duration::from_secs(5);
/// And where another machine may have filled, whose clock may have been another.
pub const ANY_CLOCK: Duration = Duration::from_secs(60);

/// How closely a key is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Whether it is there, and nothing else.
    Existence,
    /// Its length and time to live.
    Size,
    /// Its length, time to live and first bytes, which no other value of the dataset has.
    Stamp,
    /// Every byte, and its time to live.
    Value,
}

impl Depth {
    /// Whether times to live are looked at.
    pub fn sees_lifetimes(self) -> bool {
        self != Self::Existence
    }
}

/// The time to live that each key should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// None: it stays.
    Forever,
    /// It was given so much when it was written.
    Expires {
        /// How long it was given.
        ttl: Duration,
        /// No key was written earlier than this, by the clock here; `None` if that is not known.
        written_after: Option<SystemTime>,
        /// How much shorter it may be than that says: [`ONE_CLOCK`] or [`ANY_CLOCK`].
        tolerance: Duration,
    },
}

impl Lifetime {
    /// What a fill gives: `None` is no time to live. Of keys with one, none was written before `written_after`.
    pub fn given(ttl: Option<Duration>, written_after: Option<SystemTime>, tolerance: Duration) -> Self {
        ttl.map_or(Self::Forever, |ttl| Self::Expires { ttl, written_after, tolerance })
    }

    /// Whether a key may have this left, in milliseconds, as PTTL says it: -1 is for ever.
    pub(super) fn fits(self, left_ms: i64, now: SystemTime) -> bool {
        let Self::Expires { ttl, written_after, tolerance } = self else { return left_ms == -1 };
        let Ok(left_ms) = u64::try_from(left_ms) else { return false };
        // What was written later than now was written by another clock, of which nothing is known.
        let age = written_after.and_then(|then| now.duration_since(then).ok()).unwrap_or(Duration::MAX);
        let least = ttl.saturating_sub(age.saturating_add(tolerance));
        (least..=ttl).contains(&Duration::from_millis(left_ms))
    }
}

/// A part of the keys, chosen by chance, and the same again for the same seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Keys whose hash is below it belong to the sample.
    below: u64,
    seed: u64,
}

impl Sample {
    /// About `share` of all keys, above 0 and up to 1; each is chosen independently of the others.
    pub fn new(share: f64, seed: u64) -> Self {
        // Converting saturates: a share of 1 leaves out one of 2^64 hashes.
        Self { below: (share * 2f64.powi(64)) as u64, seed: mix(seed) }
    }

    /// Whether the key at `position` belongs to it.
    pub fn holds(&self, position: Position) -> bool {
        mix(position.index() ^ self.seed) < self.below
    }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// What is expected to be there.
#[derive(Clone)]
pub struct Expectation {
    /// The keys.
    pub spec: Arc<Spec>,
    /// Their values.
    pub values: Arc<Values>,
    /// Their time to live.
    pub lifetime: Lifetime,
    /// How closely they are looked at.
    pub depth: Depth,
    /// Which of them are looked at; all where this is `None`.
    pub sample: Option<Sample>,
}

impl Expectation {
    /// The keys of a slot that are looked at.
    pub fn positions(&self, slot: u16) -> impl Iterator<Item = Position> + use<> {
        let sample = self.sample;
        let first = self.spec.at(slot, 0).ordinal;
        let all =
            (first..first + self.spec.keys_in_slot(slot)).map(move |ordinal| Position { slot, ordinal });
        all.filter(move |&position| sample.is_none_or(|sample| sample.holds(position)))
    }

    /// How many they are.
    pub fn keys_in_slot(&self, slot: u16) -> u64 {
        match self.sample {
            None => self.spec.keys_in_slot(slot),
            Some(_) => self.positions(slot).count() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_live_lies_between_what_was_given_and_what_can_be_left() {
        let now = SystemTime::now();
        let ttl = Duration::from_secs(100);
        let fits = |lifetime: Lifetime, ms| lifetime.fits(ms, now);
        assert!(fits(Lifetime::Forever, -1) && !fits(Lifetime::Forever, 5));
        let given = |written_after, tolerance| Lifetime::given(Some(ttl), written_after, tolerance);
        let unknown = given(None, ONE_CLOCK);
        assert!([0, 1, 100_000].into_iter().all(|ms| fits(unknown, ms)));
        assert!([-1, 100_001].into_iter().all(|ms| !fits(unknown, ms)));
        let aged = given(Some(now - Duration::from_secs(30)), ANY_CLOCK);
        assert!([10_000, 100_000].into_iter().all(|ms| fits(aged, ms)));
        assert!([-1, 0, 9_999, 100_001].into_iter().all(|ms| !fits(aged, ms)));
        // An older key, which an earlier fill gave less.
        let ours = given(Some(now - Duration::from_secs(30)), ONE_CLOCK);
        assert!(fits(ours, 65_000) && !fits(ours, 64_999));
        let later = given(Some(now + Duration::from_secs(30)), ANY_CLOCK);
        assert!(fits(later, 1) && !fits(later, 100_001));
    }

    #[test]
    fn a_sample_has_its_share_is_the_same_again_and_another_for_another_seed() {
        let keys = 200_000;
        let chosen = |share, seed| -> Vec<u64> {
            let sample = Sample::new(share, seed);
            (0..keys).filter(|&index| sample.holds(Position::of_index(index))).collect()
        };
        let one = chosen(0.01, 1);
        // Four standard deviations of 44.
        assert!((1_824..=2_176).contains(&one.len()), "{}", one.len());
        assert_eq!(one, chosen(0.01, 1));
        let both = chosen(0.01, 2).into_iter().filter(|index| one.binary_search(index).is_ok()).count();
        assert!(both < 60, "{both}");
        assert_eq!(chosen(1.0, 1).len(), keys as usize);
        // A larger share of the same seed contains the smaller.
        assert!(one.iter().all(|index| Sample::new(0.02, 1).holds(Position::of_index(*index))));
    }
}

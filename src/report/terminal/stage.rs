//! How far a stage of the run is, and how fast it goes: figures and their words, without a clock
//! or a terminal.

use std::time::Duration;

use super::words::{byte_rate, clock, key_rate, percent, short};

/// How long the rate now remembers.
const MEMORY: Duration = Duration::from_secs(1);

/// Something that is done to keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Filling,
    Proving,
    Verifying,
    Repairing,
}

/// How far one stage is.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) work: Work,
    pub(super) keys: u64,
    pub(super) of: u64,
    pub(super) elapsed: Duration,
    payload_bytes: u64,
    keys_per_second: f64,
    payload_bytes_per_second: f64,
}

impl Stage {
    pub(super) fn new(work: Work, of: u64) -> Self {
        Self {
            work,
            keys: 0,
            of,
            elapsed: Duration::ZERO,
            payload_bytes: 0,
            keys_per_second: 0.0,
            payload_bytes_per_second: 0.0,
        }
    }

    /// Takes new totals. The rate now moves towards that since the last totals, the more so the
    /// longer ago they were.
    pub(super) fn advance(&mut self, keys: u64, payload_bytes: u64, elapsed: Duration) {
        let seconds = elapsed.saturating_sub(self.elapsed).as_secs_f64();
        if seconds > 0.0 {
            let weight =
                if self.elapsed.is_zero() { 1.0 } else { 1.0 - (-seconds / MEMORY.as_secs_f64()).exp() };
            let moved = |rate: &mut f64, by: u64| *rate += weight * (by as f64 / seconds - *rate);
            moved(&mut self.keys_per_second, keys.saturating_sub(self.keys));
            moved(&mut self.payload_bytes_per_second, payload_bytes.saturating_sub(self.payload_bytes));
        }
        (self.keys, self.payload_bytes, self.elapsed) = (keys, payload_bytes, elapsed);
    }

    /// `filling`, `proving`.
    pub(super) fn name(&self) -> &'static str {
        match self.work {
            Work::Filling => "filling",
            Work::Proving => "proving",
            Work::Verifying => "verifying",
            Work::Repairing => "repairing",
        }
    }

    /// Rounded down: 100 means all.
    pub(super) fn percent(&self) -> u64 {
        percent(self.keys, self.of)
    }

    /// `2.94M of 6.99M  2.91M keys/s  2.23 GB/s  0:02 left`
    pub(super) fn words(&self) -> String {
        let mut words = vec![format!("{} of {}", short(self.keys as f64), short(self.of as f64))];
        if self.work != Work::Proving {
            words.push(key_rate(self.keys_per_second));
        }
        if self.work == Work::Filling {
            words.push(byte_rate(self.payload_bytes_per_second));
        }
        let left = self.of.saturating_sub(self.keys);
        if left > 0 && self.keys > 0 {
            // By the mean over the whole stage: it is steadier than the rate now.
            let seconds = self.elapsed.as_secs_f64() * left as f64 / self.keys as f64;
            words.push(format!("{} left", clock(seconds)));
        }
        words.join("  ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_words_tell_totals_rates_and_time_left() {
        let mut stage = Stage::new(Work::Filling, 6_990_507);
        assert_eq!(stage.words(), "0 of 6.99M  0 keys/s  0 B/s");
        stage.advance(2_330_169, 2_330_169 * 768, at(1));
        assert_eq!(stage.words(), "2.33M of 6.99M  2.33M keys/s  1.79 GB/s  0:02 left");
        assert_eq!(stage.percent(), 33);
        stage.advance(6_990_507, 6_990_507 * 768, at(3));
        assert_eq!(stage.words(), "6.99M of 6.99M  2.33M keys/s  1.79 GB/s");
    }

    #[test]
    fn the_rate_follows_a_change_and_forgets_what_was() {
        let mut stage = Stage::new(Work::Filling, 1_000_000);
        stage.advance(1_000, 0, at(1));
        (2..12).for_each(|second| stage.advance(1_000, 0, at(second)));
        assert!(stage.keys_per_second < 1.0, "{stage:?}");
        stage.advance(1_000, 0, at(11));
        assert!(stage.keys_per_second.is_finite(), "{stage:?}");
    }
}

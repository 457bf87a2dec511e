//! How long the rest of a sweep will take, by what has been seen of it. Pure: times come from outside.

use std::collections::{BTreeMap, VecDeque};

use crate::results::Turn;

/// What is left, and how long it may take.
pub struct Pace {
    left: VecDeque<Turn>,
    /// Bytes of keys and values that one run of a point writes, its warm-up included.
    bytes: BTreeMap<u64, u64>,
    /// Seconds of the runs of each point, and how many there were.
    seen: BTreeMap<u64, (f64, u64)>,
    bytes_seen: u64,
    seconds_seen: f64,
    first: Option<WarmUp>,
}

/// The first warm-up.
#[derive(Clone, Copy)]
struct WarmUp {
    bytes: u64,
    /// Seconds in which they were sent.
    sending: f64,
    /// Seconds that a fill takes besides, however much it sends.
    beside: f64,
}

impl Pace {
    /// Before anything is seen: `bytes` are those that one run of each point writes, warm-up included.
    pub fn new(left: &[Turn], bytes: BTreeMap<u64, u64>) -> Self {
        Self {
            left: left.iter().copied().collect(),
            bytes,
            seen: BTreeMap::new(),
            bytes_seen: 0,
            seconds_seen: 0.0,
            first: None,
        }
    }

    /// A warm-up has ended: so many bytes were sent in so many seconds of those that it took. The first one is
    /// something to go by.
    pub fn warmed(&mut self, bytes: u64, sending: f64, seconds: f64) {
        self.first.get_or_insert(WarmUp { bytes, sending, beside: (seconds - sending).max(0.0) });
    }

    /// The run that was next has ended, after so long, warm-up included; `None` where that says nothing of others,
    /// because it came to no end.
    pub(super) fn ended(&mut self, turn: Turn, seconds: Option<f64>) {
        self.left.retain(|one| *one != turn);
        if let Some(seconds) = seconds {
            self.seen(turn.point, seconds);
        }
    }

    /// A run of a point took so long, warm-up included; it may have been made before those that are left.
    pub fn seen(&mut self, point: u64, seconds: f64) {
        let (sum, runs) = self.seen.entry(point).or_default();
        (*sum, *runs) = (*sum + seconds, *runs + 1);
        self.bytes_seen += self.bytes_of(point);
        self.seconds_seen += seconds;
    }

    /// How many runs are left, the present one included.
    pub fn runs_left(&self) -> u64 {
        self.left.len() as u64
    }

    /// Bytes of keys and values that these write, warm-ups included.
    pub fn bytes_left(&self) -> u64 {
        self.left.iter().fold(0, |sum, turn| sum.saturating_add(self.bytes_of(turn.point)))
    }

    /// Seconds until the end, counted from the beginning of the present run; `None` while nothing is known.
    pub fn seconds_left(&self) -> Option<f64> {
        self.left.iter().map(|turn| self.seconds_of(turn.point)).sum()
    }

    /// A point that has been run takes what it took; another what its bytes would take of those that have.
    fn seconds_of(&self, point: u64) -> Option<f64> {
        if let Some((sum, runs)) = self.seen.get(&point) {
            return Some(sum / *runs as f64);
        }
        // Both the warm-up and the fill.
        let beside = self.first.map_or(0.0, |first| 2.0 * first.beside);
        let (bytes, sending) = match (self.bytes_seen, self.first) {
            (0, first) => first.map(|first| (first.bytes, first.sending))?,
            (bytes, _) => {
                let runs: u64 = self.seen.values().map(|(_, runs)| runs).sum();
                (bytes, (self.seconds_seen - runs as f64 * beside).max(0.0))
            }
        };
        Some(beside + self.bytes_of(point) as f64 * sending / bytes.max(1) as f64)
    }

    fn bytes_of(&self, point: u64) -> u64 {
        self.bytes.get(&point).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(point: u64, repeat: u64) -> Turn {
        Turn { point, repeat }
    }

    #[test]
    fn the_first_warm_up_gives_a_guess_and_runs_refine_it() {
        let turns = [turn(1, 1), turn(2, 1), turn(1, 2), turn(2, 2)];
        let mut pace = Pace::new(&turns, BTreeMap::from([(1, 1_000), (2, 3_000)]));
        assert_eq!((pace.seconds_left(), pace.runs_left()), (None, 4));
        pace.warmed(100, 0.5, 0.5);
        // 8000 bytes at 200 a second.
        assert_eq!(pace.seconds_left(), Some(40.0));
        pace.warmed(100, 500.0, 500.0);
        assert_eq!(pace.seconds_left(), Some(40.0));
        pace.ended(turns[0], Some(2.0));
        // Point 1 takes what it took, and point 2, three times as large, three times as long.
        assert_eq!((pace.seconds_left(), pace.runs_left()), (Some(6.0 + 2.0 + 6.0), 3));
        pace.ended(turns[1], Some(9.0));
        pace.ended(turns[2], Some(4.0));
        assert_eq!(pace.seconds_left(), Some(9.0));
        pace.ended(turns[3], Some(1.0));
        assert_eq!((pace.seconds_left(), pace.runs_left()), (Some(0.0), 0));
    }

    #[test]
    fn runs_that_were_made_before_say_how_long_the_rest_takes() {
        let mut pace = Pace::new(&[turn(1, 2), turn(2, 1)], BTreeMap::from([(1, 1_000), (2, 3_000)]));
        assert_eq!((pace.seconds_left(), pace.bytes_left()), (None, 4_000));
        pace.seen(1, 5.0);
        assert_eq!((pace.seconds_left(), pace.runs_left(), pace.bytes_left()), (Some(20.0), 2, 4_000));
    }

    #[test]
    fn what_a_fill_takes_besides_does_not_grow_with_its_bytes() {
        let turns = [turn(1, 1), turn(2, 1)];
        let mut pace = Pace::new(&turns, BTreeMap::from([(1, 1_000), (2, 3_000)]));
        pace.warmed(100, 0.5, 1.0);
        // 4000 bytes at 200 a second, and half a second beside each of four fills.
        assert_eq!(pace.seconds_left(), Some(22.0));
        pace.ended(turns[0], Some(6.0));
        // It sent 1000 bytes in five seconds.
        assert_eq!(pace.seconds_left(), Some(16.0));
    }

    #[test]
    fn without_a_warm_up_the_first_run_is_what_is_known() {
        let mut pace = Pace::new(&[turn(2, 1), turn(1, 1), turn(1, 2)], BTreeMap::from([(1, 10), (2, 9)]));
        // One that fails at once is no measure for the others.
        pace.ended(turn(2, 1), None);
        assert_eq!((pace.seconds_left(), pace.runs_left()), (None, 2));
        pace.ended(turn(1, 1), Some(3.0));
        assert_eq!(pace.seconds_left(), Some(3.0));
        pace.warmed(1, 1.0, 1.0);
        assert_eq!(pace.seconds_left(), Some(3.0));
    }
}

//! The clock that workers have in common: when each of them filled, by the clock of its machine, and how many keys each
//! second took at each master, over all of them. How well these clocks agree is for the machines to see to.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::MergeError;
use crate::recorded::{ClockedInterval, WorkerFolder};
use crate::results::Spread;

/// A last second shorter than this says nothing of the rate.
const SHORTEST_FOR_SPREAD: f64 = 0.9;

/// From somebody's first byte to the last answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub start: SystemTime,
    pub end: SystemTime,
}

impl Span {
    pub fn seconds(&self) -> f64 {
        seconds_between(self.start, self.end)
    }

    fn with(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Seconds from one moment to a later one; 0 if it is none.
fn seconds_between(start: SystemTime, end: SystemTime) -> f64 {
    end.duration_since(start).unwrap_or_default().as_secs_f64()
}

/// When workers filled.
pub(super) struct Clock {
    /// From the first worker's first byte to the last one's last answer; `None` if nothing was sent.
    pub whole: Option<Span>,
    /// Each worker's own, in their order.
    pub each: Vec<Option<Span>>,
}

impl Clock {
    /// The clock of some workers.
    ///
    /// # Errors
    /// [`MergeError::Load`] if a table is damaged.
    pub fn of(folders: &[WorkerFolder]) -> Result<Self, MergeError> {
        let each = folders.iter().map(span).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { whole: each.iter().flatten().copied().reduce(Span::with), each })
    }

    /// Share of the whole time, 0 to 1, in which all workers filled.
    pub fn overlap_share(&self) -> f64 {
        let Some(whole) = self.whole.filter(|_| self.each.iter().all(Option::is_some)) else { return 0.0 };
        let all = |one: Option<Span>, next: &Span| match one {
            None => Some(*next),
            Some(one) => Some(Span { start: one.start.max(next.start), end: one.end.min(next.end) }),
        };
        let common = self.each.iter().flatten().fold(None, all).map_or(0.0, |common| common.seconds());
        if whole.seconds() > 0.0 { (common / whole.seconds()).min(1.0) } else { 0.0 }
    }

    /// Seconds from the first worker's first byte to the last one's.
    pub fn start_skew_seconds(&self) -> f64 {
        let last = self.each.iter().flatten().map(|span| span.start).max();
        self.whole.zip(last).map_or(0.0, |(whole, last)| seconds_between(whole.start, last))
    }

    /// When a worker began, in seconds after the first of all.
    pub fn start_seconds(&self, place: usize) -> Option<f64> {
        self.whole.zip(self.each[place]).map(|(whole, own)| seconds_between(whole.start, own.start))
    }
}

/// When a worker filled, all of its runs together: by its record, or by its seconds, where that tells of a part.
fn span(folder: &WorkerFolder) -> Result<Option<Span>, MergeError> {
    let record = &folder.record;
    let began = record.fill_began_at.as_ref().and_then(|began| humantime::parse_rfc3339(began).ok());
    let length = Duration::try_from_secs_f64(record.seconds.fill).unwrap_or_default();
    let mut span = began.map(|start| Span { start, end: start.checked_add(length).unwrap_or(start) });
    if span.is_none() || record.resumed.times > 0 {
        folder.intervals(&mut |interval| {
            let ClockedInterval { started_at: start, length, .. } = interval;
            let own = Span { start, end: start.checked_add(length).unwrap_or(start) };
            span = Some(span.map_or(own, |span| span.with(own)));
        })?;
    }
    Ok(span)
}

/// Keys that each master took of all workers, second by second from the first byte on.
#[derive(Default)]
pub(super) struct Timeline {
    /// Addresses, in the order in which they are met.
    pub masters: Vec<String>,
    /// By the second, those of each master.
    pub seconds: BTreeMap<u64, Vec<f64>>,
    length: f64,
}

impl Timeline {
    /// That of some workers.
    ///
    /// # Errors
    /// [`MergeError::Load`] if a table is damaged.
    pub fn of(folders: &[WorkerFolder], whole: Span) -> Result<Self, MergeError> {
        let mut timeline = Self { length: whole.seconds(), ..Self::default() };
        for folder in folders {
            folder.intervals(&mut |interval| {
                let start = seconds_between(whole.start, interval.started_at);
                timeline.add(interval.master, start, interval.length.as_secs_f64(), interval.keys);
            })?;
        }
        Ok(timeline)
    }

    /// So many keys in so many seconds from `start` on: each second gets its part of them.
    fn add(&mut self, master: &str, start: f64, length: f64, keys: u64) {
        let place = self.masters.iter().position(|known| known == master).unwrap_or_else(|| {
            self.masters.push(master.into());
            self.masters.len() - 1
        });
        let end = start + length;
        let last = self.second_at(end);
        for second in self.second_at(start)..=last {
            let from = start.max(second as f64);
            let to = if second == last { end } else { end.min((second + 1) as f64) };
            let part = if length > 0.0 { (to - from).max(0.0) / length } else { 1.0 };
            let masters = self.seconds.entry(second).or_default();
            masters.resize(masters.len().max(place + 1), 0.0);
            masters[place] += keys as f64 * part;
        }
    }

    /// The second that a moment is in; what comes after the end belongs to the last.
    pub fn second_at(&self, moment: f64) -> u64 {
        let last = (self.length.ceil() as u64).saturating_sub(1);
        (moment as u64).min(last)
    }

    /// When a second ends: the last may be shorter.
    pub fn end_of(&self, second: u64) -> f64 {
        ((second + 1) as f64).min(self.length).max(second as f64)
    }

    /// The slowest, middle and fastest whole second. In those of which nobody tells, nothing was executed.
    pub fn spread(&self) -> Spread {
        let whole = self.length as u64 + u64::from(self.length.fract() >= SHORTEST_FOR_SPREAD);
        let told = self.seconds.range(..whole);
        let rate = |(&second, masters): (&u64, &Vec<f64>)| {
            masters.iter().sum::<f64>() / (self.end_of(second) - second as f64)
        };
        let mut rates: Vec<f64> = told.map(rate).collect();
        rates.sort_by(f64::total_cmp);
        let silent = whole - rates.len() as u64;
        let rate = |place: u64| place.checked_sub(silent).map_or(0.0, |place| rates[place as usize]);
        match whole.checked_sub(1) {
            None => Spread::default(),
            Some(last) => Spread {
                min: rate(0),
                median: f64::midpoint(rate(last / 2), rate(whole / 2)),
                max: rate(last),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs_f64(1000.0 + seconds)
    }

    fn clock(spans: &[(f64, f64)]) -> Clock {
        let each: Vec<_> =
            spans.iter().map(|&(start, end)| Some(Span { start: at(start), end: at(end) })).collect();
        Clock { whole: each.iter().flatten().copied().reduce(Span::with), each }
    }

    #[test]
    fn the_overlap_is_what_all_have_in_common() {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        let two = clock(&[(0.0, 8.0), (2.0, 10.0)]);
        assert!(near(two.overlap_share(), 0.6) && near(two.start_skew_seconds(), 2.0));
        assert!(near(two.start_seconds(0).unwrap(), 0.0) && near(two.start_seconds(1).unwrap(), 2.0));
        assert_eq!(clock(&[(0.0, 1.0), (2.0, 3.0)]).overlap_share(), 0.0);
        assert!(near(clock(&[(5.0, 6.0)]).overlap_share(), 1.0));
        let mut cut = clock(&[(0.0, 1.0), (0.0, 1.0)]);
        cut.each[1] = None;
        assert_eq!((cut.overlap_share(), cut.start_seconds(1)), (0.0, None));
    }

    #[test]
    fn each_second_gets_its_part_of_the_keys_and_none_is_lost() {
        let mut timeline = Timeline { length: 3.5, ..Timeline::default() };
        timeline.add("a", 0.0, 1.0, 100);
        timeline.add("a", 0.5, 1.0, 100);
        timeline.add("b", 0.0, 4.0, 400);
        timeline.add("b", 1.0, 0.0, 7);
        let sums: Vec<f64> =
            timeline.seconds.values().map(|masters| masters.iter().sum::<f64>().round()).collect();
        assert_eq!(timeline.masters, ["a", "b"]);
        assert_eq!(sums, [250.0, 157.0, 100.0, 100.0]);
        assert_eq!((timeline.end_of(0), timeline.end_of(3)), (1.0, 3.5));
        let spread = timeline.spread();
        assert_eq!((spread.min, spread.median, spread.max), (100.0, 157.0, 250.0));
    }

    #[test]
    fn a_second_that_nobody_tells_of_was_idle() {
        let mut timeline = Timeline { length: 5.0, ..Timeline::default() };
        timeline.add("a", 0.0, 1.0, 100);
        timeline.add("a", 4.0, 1.0, 300);
        let spread = timeline.spread();
        assert_eq!((spread.min, spread.median, spread.max), (0.0, 0.0, 300.0));
        assert_eq!(Timeline { length: 0.5, ..Timeline::default() }.spread(), Spread::default());
    }
}

//! A run over time, second by second as it was written, in memory that does not grow with the run: what
//! gets long is joined two by two.

use crate::results::{Course, Slice};

/// Slices of a run at the end.
const SLICES_MAX: usize = 500;

/// Masters that are told one by one; the others are in the last one's place.
const MASTERS_MAX: usize = 64;

/// What takes the place of masters beyond [`MASTERS_MAX`].
const OTHERS: &str = "others";

/// One second of one master, as a row has it.
pub(super) struct MasterSecond<'a> {
    pub(super) master: &'a str,
    pub(super) start_seconds: f64,
    pub(super) seconds: f64,
    pub(super) keys: u64,
    /// `None` if no pipeline ended.
    pub(super) latency_us_p99: Option<u64>,
}

/// A run that is being read.
#[derive(Default)]
pub(super) struct CourseReader {
    masters: Vec<String>,
    parts: Vec<Part>,
    /// Seconds in each part but the last, which may have fewer; as a power of two.
    seconds_each_log2: u32,
}

/// So many seconds together.
struct Part {
    start_seconds: f64,
    /// When its last second began.
    last_start: f64,
    end_seconds: f64,
    seconds: u64,
    /// Keys and seconds of each master.
    masters: Vec<(u64, f64)>,
    latency_us_p99: Option<u64>,
}

impl CourseReader {
    /// Adds a row. Those of one second follow each other.
    pub(super) fn add(&mut self, row: &MasterSecond<'_>) {
        let each = 1_u64 << self.seconds_each_log2;
        let is_same_second = |part: &Part| part.last_start == row.start_seconds;
        match self.parts.last_mut() {
            Some(part) if is_same_second(part) => {}
            Some(part) if part.seconds < each => {
                part.seconds += 1;
                part.last_start = row.start_seconds;
            }
            _ => {
                if self.parts.len() >= 2 * SLICES_MAX {
                    self.join();
                }
                self.parts.push(Part {
                    start_seconds: row.start_seconds,
                    last_start: row.start_seconds,
                    end_seconds: row.start_seconds,
                    seconds: 1,
                    masters: Vec::new(),
                    latency_us_p99: None,
                });
            }
        }
        let place = self.place(row.master);
        let Some(part) = self.parts.last_mut() else { return };
        part.end_seconds = part.end_seconds.max(row.start_seconds + row.seconds);
        if part.masters.len() <= place {
            part.masters.resize(place + 1, (0, 0.0));
        }
        part.masters[place].0 += row.keys;
        part.masters[place].1 += row.seconds;
        part.latency_us_p99 = part.latency_us_p99.max(row.latency_us_p99);
    }

    fn place(&mut self, master: &str) -> usize {
        let known = self.masters.iter().position(|one| one == master);
        known.unwrap_or_else(|| {
            if self.masters.len() < MASTERS_MAX {
                self.masters.push(master.into());
            } else if self.masters.len() == MASTERS_MAX {
                self.masters.push(OTHERS.into());
            }
            self.masters.len() - 1
        })
    }

    fn join(&mut self) {
        let mut joined: Vec<Part> = Vec::with_capacity(self.parts.len());
        for (place, part) in self.parts.drain(..).enumerate() {
            match joined.last_mut() {
                Some(before) if place % 2 == 1 => before.take(part),
                _ => joined.push(part),
            }
        }
        self.parts = joined;
        self.seconds_each_log2 += 1;
    }

    /// What was read.
    pub(super) fn end(mut self) -> Course {
        while self.parts.len() > SLICES_MAX {
            self.join();
        }
        let slice = |part: &Part| Slice {
            start_seconds: part.start_seconds,
            end_seconds: part.end_seconds,
            keys_per_second: (0..self.masters.len())
                .map(|place| {
                    let (keys, seconds) = part.masters.get(place).copied().unwrap_or_default();
                    (seconds > 0.0).then(|| keys as f64 / seconds)
                })
                .collect(),
            latency_us_p99: part.latency_us_p99,
        };
        Course { slices: self.parts.iter().map(slice).collect(), masters: self.masters }
    }
}

impl Part {
    /// Adds what came after it.
    fn take(&mut self, next: Self) {
        self.end_seconds = next.end_seconds;
        self.last_start = next.last_start;
        self.seconds += next.seconds;
        self.latency_us_p99 = self.latency_us_p99.max(next.latency_us_p99);
        if self.masters.len() < next.masters.len() {
            self.masters.resize(next.masters.len(), (0, 0.0));
        }
        for (own, next) in self.masters.iter_mut().zip(next.masters) {
            own.0 += next.0;
            own.1 += next.1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(seconds: u64, masters: u64) -> Course {
        let mut reader = CourseReader::default();
        for second in 0..seconds {
            for master in 0..masters {
                reader.add(&MasterSecond {
                    master: &format!("m{master}"),
                    start_seconds: second as f64 * 1.01,
                    seconds: 1.01,
                    keys: 101 * (master + 1),
                    latency_us_p99: (second % 2 == 0).then_some(second),
                });
            }
        }
        reader.end()
    }

    #[test]
    fn a_short_run_is_kept_as_it_is() {
        let course = read(3, 2);
        assert_eq!(course.masters, ["m0", "m1"]);
        assert_eq!(course.slices.len(), 3);
        let rates: Vec<_> =
            course.slices[1].keys_per_second.iter().map(|rate| rate.unwrap().round()).collect();
        assert_eq!((rates, course.slices[1].latency_us_p99), (vec![100.0, 200.0], None));
        assert_eq!(course.slices[2].latency_us_p99, Some(2));
    }

    #[test]
    fn a_long_run_is_joined_and_loses_no_key() {
        let course = read(100_003, 1);
        assert!(course.slices.len() <= SLICES_MAX && course.slices.len() > SLICES_MAX / 4);
        let keys: f64 = course
            .slices
            .iter()
            .map(|slice| slice.keys_per_second[0].unwrap() * (slice.end_seconds - slice.start_seconds))
            .sum();
        assert!((keys - 101.0 * 100_003.0).abs() < 1.0, "{keys}");
        assert_eq!(course.slices.iter().filter_map(|slice| slice.latency_us_p99).max(), Some(100_002));
        assert!(course.slices.windows(2).all(|two| two[0].end_seconds <= two[1].start_seconds + 1e-6));
    }

    #[test]
    fn many_masters_share_the_last_place() {
        let course = read(2, 100);
        assert_eq!(course.masters.len(), MASTERS_MAX + 1);
        assert_eq!(course.masters.last().map(String::as_str), Some(OTHERS));
    }
}

//! How many keys a run of a live comparison fills, where it is said how long it is to take.

use std::sync::Arc;
use std::time::Duration;

use super::runs::{Doing, Job};
use crate::commands::place::Stop;
use crate::commands::repeated::Onlooker;
use crate::report::{LiveReport, RunWatch, Watching};
use crate::results::{Failure, Record, Side};

/// Keys of the first fill that shows how many a run takes.
pub(super) const FIRST_KEYS: u64 = 20_000;

/// How many times as many the next one has, at least and at most, where one was too short to tell.
const GROWTH: [f64; 2] = [2.0, 16.0];

/// A fill of this share of the time that a run is to take says well how many keys that is.
const TELLING_SHARE: f64 = 0.5;

/// Nobody's fills are over so soon that more of these were needed.
const SIZING_FILLS_MAX: u32 = 12;

/// Whose fills are looked at behind the first one's, which is the base's.
const LOOKED_AT: [Side; 3] = [Side::New, Side::Base, Side::New];

impl Job {
    /// Finds out how many keys a run fills in the time that it is to take, by fills of both sides; `false` if somebody
    /// ended it. The fastest of them says it: runs that are over too soon end a comparison, and longer ones do not.
    pub(super) fn choose_size(&mut self, doing: &Doing<'_>) -> Result<bool, Stop> {
        let Some(time) = self.filling.time else { return Ok(true) };
        let mut keys = 0;
        for side in [Side::Base].into_iter().chain(LOOKED_AT) {
            let side = if self.is_one { Side::Base } else { side };
            let begin = if keys == 0 { FIRST_KEYS } else { keys };
            let Some(enough) = self.keys_that_take(time, side, begin, doing)? else { return Ok(false) };
            keys = keys.max(enough);
        }
        self.fill_keys(keys).map_err(|error| Stop::Error(error.into()))?;
        let spec = &self.sides[0].fill.options.spec;
        doing.report.sized(spec.keys(), spec.payload_bytes());
        Ok(true)
    }

    /// How many keys a side fills in this time, of which the first fill has so many; `None` if somebody ended it.
    fn keys_that_take(
        &mut self,
        time: Duration,
        side: Side,
        mut keys: u64,
        doing: &Doing<'_>,
    ) -> Result<Option<u64>, Stop> {
        for _ in 0..SIZING_FILLS_MAX {
            self.fill_keys(keys).map_err(|error| Stop::Error(error.into()))?;
            let repeated = self.repeated(side, 100.0, doing.halt);
            let mut onlooker = OfSizing { report: doing.report, side };
            let Some(ran) = repeated.run(&mut onlooker).map_err(Stop::Error)? else { return Ok(None) };
            if let Some(failure) = ran.record.error {
                return Err(Stop::Failed(failure));
            }
            let share = ran.record.seconds.fill / time.as_secs_f64();
            if share >= TELLING_SHARE {
                return Ok(Some((keys as f64 / share).ceil() as u64));
            }
            keys = (keys as f64 * (1.0 / share).clamp(GROWTH[0], GROWTH[1])) as u64;
        }
        let message = format!("no number of keys was found that takes {time:?} to fill");
        Err(Stop::Failed(Failure { message, cure: Some("say how many: --keys or --data".into()) }))
    }
}

/// Looks on while it is found out how much a run fills.
struct OfSizing<'a> {
    report: &'a LiveReport,
    side: Side,
}

impl Onlooker for OfSizing<'_> {
    fn watch(&mut self, _: &'static str, record: &Record) -> Arc<RunWatch> {
        let watching = Watching {
            whole: "compare",
            work: "finding out how many keys to fill",
            point: self.side.name().into(),
            done: 0,
            of: 1,
            keys: record.account.planned,
            seconds_left: None,
        };
        self.report.watch(watching, &record.run)
    }

    fn warmed(&mut self, _: u64, _: f64, _: f64) {}
}

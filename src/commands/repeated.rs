//! A fill after its warm-up, as sweeps and live comparisons make it, run after run: everything but the servers
//! is made anew for each, so that runs are alike.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use anyhow::Result;
use tokio::sync::watch;

use super::consent::MayDelete;
use super::record::{begin, cut, fail};
use super::start::runtime;
use crate::args::UsageError;
use crate::dataset::{Amount, Request, Spec};
use crate::fill::{FillOptions, fill, forget_peak_rss, prepare};
use crate::limits::Limits;
use crate::report::RunWatch;
use crate::results::{Event, Failure, LatencyHistogram, Observer, Options, Record, Target, Verdict};
use crate::target::Site;

/// What a run is asked.
pub(super) struct PointFill {
    /// For the record.
    pub(super) asked: Options,
    /// For the engine.
    pub(super) options: FillOptions,
}

/// A run, as it is made any number of times.
pub(super) struct Repeated<'a> {
    pub(super) site: &'a Site,
    pub(super) target: &'a Target,
    pub(super) fill: &'a PointFill,
    /// What may be deleted before it: then, what may be deleted before the next.
    pub(super) may_delete: &'a mut MayDelete,
    pub(super) halt: &'a watch::Receiver<bool>,
}

/// Who looks on.
pub(super) trait Onlooker {
    /// A fill begins: a warm-up, or the one that counts.
    fn watch(&mut self, work: &'static str, record: &Record) -> Arc<RunWatch>;

    /// A warm-up went well: so many bytes were sent in so many seconds of those that it took.
    fn warmed(&mut self, bytes: u64, sending: f64, seconds: f64);
}

/// A run that is over.
pub(super) struct Ran {
    pub(super) record: Record,
    pub(super) latency: LatencyHistogram,
    pub(super) watch: Arc<RunWatch>,
    /// Why its servers could not be reached, if they could not.
    pub(super) unreached: Option<String>,
}

/// What one fill came to, beside its record.
struct Filled {
    latency: LatencyHistogram,
    unreached: Option<String>,
}

/// What is told of a run whose warm-up was not whole.
const SHORT_WARM_UP: &str = "keys were missing or wrong after the warm-up";

/// How many keys warm up for a run of so many; `None` for no warm-up.
pub(super) fn warm_up_keys(keys: u64, percent: f64) -> Option<u64> {
    (percent > 0.0).then(|| ((keys as f64 * percent / 100.0).ceil() as u64).clamp(1, keys.max(1)))
}

impl Repeated<'_> {
    /// Makes the run; `None` if somebody ended it.
    ///
    /// # Errors
    /// [`UsageError`] if there are keys that may not be deleted, and else only what is no matter of the servers:
    /// those are in the record.
    pub(super) fn run(mut self, onlooker: &mut impl Onlooker) -> Result<Option<Ran>> {
        let warm_up = match self.warm_up(onlooker)? {
            Some((record, _)) if record.verdict == Verdict::Interrupted => return Ok(None),
            warm_up => warm_up,
        };
        forget_peak_rss();
        let options = &self.fill.options;
        let mut record = self.record(options);
        let watch = onlooker.watch("filling", &record);
        let verdict = warm_up.as_ref().map(|(record, _)| record.verdict);
        if matches!(verdict, Some(Verdict::Missing | Verdict::Wrong)) {
            // The run says itself how many keys it is short of, if it is.
            watch.event(&Event::Warning(SHORT_WARM_UP.into()));
            record.warnings.push(SHORT_WARM_UP.into());
        }
        let failed = warm_up.filter(|_| verdict == Some(Verdict::Failed));
        let failed = failed.and_then(|(record, unreached)| Some((record.error?, unreached)));
        let Filled { latency, unreached } = match failed {
            None => self.fill(options, &mut record, watch.clone())?,
            // What ended it once would end it again.
            Some((failure, unreached)) => {
                let message = format!("the warm-up failed: {}", failure.message);
                Filled { latency: fail(&mut record, Failure { message, ..failure }), unreached }
            }
        };
        Ok((record.verdict != Verdict::Interrupted).then_some(Ran { record, latency, watch, unreached }))
    }

    /// Fills a part of the run's keys, if that is asked: its record, of which only the end matters, and why it
    /// reached no servers, if so.
    fn warm_up(&mut self, onlooker: &mut impl Onlooker) -> Result<Option<(Record, Option<String>)>> {
        let PointFill { asked, options } = self.fill;
        let Some(keys) = warm_up_keys(options.spec.keys(), asked.warm_up_percent) else {
            return Ok(None);
        };
        let request = Request {
            amount: Amount::Keys(keys),
            key_size: asked.key_size,
            value_size: asked.value_size,
            prefix: asked.key_prefix.clone(),
            seed: asked.seed,
        };
        let options = FillOptions { spec: Arc::new(Spec::new(&request)?), ..options.clone() };
        let began = Instant::now();
        let mut record = self.record(&options);
        let watch = onlooker.watch("warming up", &record);
        let unreached = self.fill(&options, &mut record, watch)?.unreached;
        if matches!(record.verdict, Verdict::Exact | Verdict::Discarded) {
            let bytes = options.spec.payload_bytes();
            onlooker.warmed(bytes, record.seconds.fill, began.elapsed().as_secs_f64());
        }
        Ok(Some((record, unreached)))
    }

    fn record(&self, options: &FillOptions) -> Record {
        let record = begin(SystemTime::now(), options, self.fill.asked.clone());
        Record { target: self.target.clone(), ..record }
    }

    /// One fill in a runtime of its own, with as many threads as it was asked for.
    fn fill(&mut self, options: &FillOptions, record: &mut Record, watch: Arc<RunWatch>) -> Result<Filled> {
        let runtime = runtime(options.threads)?;
        let started = Instant::now();
        let limits = Limits::new(self.halt.clone(), started, options.timeouts.deadline);
        let mut unreached = None;
        let latency = runtime.block_on(async {
            Ok::<_, UsageError>(match limits.within(prepare(self.site.clone(), options)).await {
                Ok(Ok(prepared)) => {
                    self.may_delete.check(&prepared)?;
                    let latency = fill(prepared, options, watch, &limits, record).await;
                    self.may_delete.ended(record);
                    latency
                }
                Ok(Err(error)) => {
                    unreached = error.is_unreached().then(|| error.to_string());
                    fail(record, error.failure())
                }
                Err(limit) => cut(record, limit),
            })
        });
        record.seconds.total = started.elapsed().as_secs_f64();
        runtime.shutdown_background();
        Ok(Filled { latency: latency?, unreached })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warm_up_has_one_key_at_least_and_all_at_most() {
        assert_eq!(warm_up_keys(1000, 0.0), None);
        assert_eq!([1, 10, 1001].map(|keys| warm_up_keys(keys, 10.0)), [Some(1), Some(1), Some(101)]);
        assert_eq!(warm_up_keys(1000, 100.0), Some(1000));
    }
}

//! What a sweep does with the servers: it makes them ready once, and then fills them, run after run.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Result;
use tokio::sync::watch;

use super::before::{consent, cut, fail};
use super::start::{run_id, runtime};
use crate::dataset::{Amount, Request, Spec};
use crate::fill::{FillError, FillOptions, Limit, Limits, check_room, fill, forget_peak_rss, prepare};
use crate::report::{RunWatch, SweepReport, Watching, tell};
use crate::results::{Failure, LatencyHistogram, Options, Record, Sweep, Target, Turn, Verdict};
use crate::sweep::{Pace, Runner, Servers, Step};
use crate::target::{Site, Started, Throwaway};

/// What the runs of a point are asked.
pub(super) struct PointFill {
    /// For the record.
    pub(super) asked: Options,
    /// For the engine.
    pub(super) options: FillOptions,
}

/// Where a sweep goes.
pub(super) struct Place {
    pub(super) site: Site,
    /// What is started for it, once for all runs.
    pub(super) throwaway: Option<Throwaway>,
}

/// Why a sweep did not begin.
pub(super) enum Stop {
    /// Something that the user may change.
    Error(anyhow::Error),
    /// The servers.
    Failed(Failure),
    /// Somebody.
    Limit(Limit),
}

impl From<Limit> for Stop {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

impl From<FillError> for Stop {
    fn from(error: FillError) -> Self {
        Self::Failed(error.failure())
    }
}

/// What tells the memory that a key takes from that of its bytes, about.
const COSTLY_KEY_BYTES: u64 = 64;

impl Place {
    /// Starts servers if that was asked, finds out who they are, asks whether they may be emptied, and checks that
    /// the largest dataset has room.
    pub(super) async fn make_ready(
        &mut self,
        fills: &[PointFill],
        limits: &Limits,
        yes: bool,
    ) -> Result<(Option<Started>, Target), Stop> {
        let mut target = Target { kind: "attached".into(), ..Target::default() };
        let mut servers = None;
        if let Some(throwaway) = &self.throwaway {
            let started = limits
                .within(throwaway.start())
                .await?
                .map_err(|error| Stop::Failed(Failure { message: error.to_string(), cure: error.cure() }))?;
            self.site.address = started.seed();
            target.kind = started.kind().into();
            servers = Some(started);
        }
        let consented = yes || servers.is_some();
        let mut unfit = None;
        for fill in largest_first(fills) {
            let mut prepared = match limits.within(prepare(self.site.clone(), &fill.options)).await? {
                // Its runs will fail, and the others go on.
                Err(error @ FillError::ValueAboveLimit { .. }) => {
                    unfit = Some(error);
                    continue;
                }
                prepared => prepared?,
            };
            prepared.describe(&mut target);
            if !consented {
                let asked = limits.within(consent(&prepared, "a sweep")).await.inspect_err(|_| {
                    // The question's line is still open.
                    tell("\n");
                })?;
                asked.map_err(Stop::Error)?;
            }
            limits.within_late(check_room(&mut prepared, &fill.options, limits)).await??;
            return Ok((servers, target));
        }
        match unfit {
            Some(error) => Err(error.into()),
            None => Ok((servers, target)),
        }
    }
}

/// One fill of each dataset, that which takes most memory first.
fn largest_first(fills: &[PointFill]) -> Vec<&PointFill> {
    let size = |fill: &&PointFill| {
        let spec = &fill.options.spec;
        let bytes = spec.payload_bytes().saturating_add(spec.keys().saturating_mul(COSTLY_KEY_BYTES));
        (bytes, spec.keys(), spec.value_size())
    };
    let mut all: Vec<_> = fills.iter().collect();
    all.sort_by_key(|fill| std::cmp::Reverse(size(fill)));
    all.dedup_by_key(|fill| size(fill));
    all
}

/// How many keys warm up for a run of so many; `None` for no warm-up.
pub(super) fn warm_up_keys(keys: u64, percent: f64) -> Option<u64> {
    (percent > 0.0).then(|| ((keys as f64 * percent / 100.0).ceil() as u64).clamp(1, keys.max(1)))
}

/// Fills, run after run.
pub(super) struct Filler<'a> {
    pub(super) site: &'a Site,
    pub(super) sweep: &'a Sweep,
    pub(super) fills: &'a [PointFill],
    pub(super) report: &'a mut SweepReport,
    pub(super) halt: watch::Receiver<bool>,
    /// Whether it was told how long it may take.
    pub(super) told: bool,
    /// Why the servers could not be reached, if they could not in the present run.
    pub(super) unreached: Option<String>,
}

/// How often servers that do not answer are asked again.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl Runner for Filler<'_> {
    type Error = anyhow::Error;

    fn run(&mut self, turn: Turn, pace: &mut Pace) -> Result<Step> {
        let began = Instant::now();
        self.unreached = None;
        self.tell(pace, "the first run");
        let fills = self.fills;
        let PointFill { asked, options } = &fills[turn.point as usize - 1];
        let warm_up = match self.warm_up(turn, asked, options, pace)? {
            Some(record) if record.verdict == Verdict::Interrupted => return Ok(Step::Interrupted),
            warm_up => warm_up,
        };
        forget_peak_rss();
        let mut record = self.record(asked, options);
        let watch = self.watch("filling", turn, &record, (began, &*pace));
        let latency = match warm_up.and_then(|record| record.error) {
            None => self.fill(options, &mut record, watch.clone())?,
            // What ended it once would end it again.
            Some(failure) => {
                let message = format!("the warm-up failed: {}", failure.message);
                fail(&mut record, Failure { message, ..failure })
            }
        };
        if record.verdict == Verdict::Interrupted {
            return Ok(Step::Interrupted);
        }
        self.report.ended(self.sweep, turn, &watch, &record, &latency)?;
        let seconds = began.elapsed().as_secs_f64();
        let servers = match record.verdict {
            Verdict::Failed => self.look_for_servers(options, began.elapsed())?,
            _ => Servers::There,
        };
        Ok(Step::Ended { verdict: record.verdict, limited_by: record.limited_by, servers, seconds })
    }
}

impl Filler<'_> {
    /// Fills a part of the run's keys, if that is asked: its record, of which only the end matters.
    fn warm_up(
        &mut self,
        turn: Turn,
        asked: &Options,
        options: &FillOptions,
        pace: &mut Pace,
    ) -> Result<Option<Record>> {
        let Some(keys) = warm_up_keys(options.spec.keys(), self.sweep.warm_up_percent) else {
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
        let mut record = self.record(asked, &options);
        let watch = self.watch("warming up", turn, &record, (began, &*pace));
        self.fill(&options, &mut record, watch)?;
        let went_well = matches!(record.verdict, Verdict::Exact | Verdict::Discarded);
        if went_well {
            let bytes = options.spec.payload_bytes();
            pace.warmed(bytes, record.seconds.fill, began.elapsed().as_secs_f64());
            self.tell(pace, "the first warm-up");
        }
        Ok(Some(record))
    }

    /// Tells once how long all of it may take, as soon as that is known.
    fn tell(&mut self, pace: &Pace, by: &str) {
        if let Some(seconds) = pace.seconds_left().filter(|_| !self.told) {
            self.report.estimated(seconds, by);
            self.told = true;
        }
    }

    fn record(&self, asked: &Options, options: &FillOptions) -> Record {
        let now = SystemTime::now();
        let mut record =
            Record::new(run_id(now), humantime::format_rfc3339_millis(now).to_string(), asked.clone());
        record.target = self.sweep.target.clone();
        record.account.planned = options.spec.keys();
        record.account.suspect = record.account.planned;
        record
    }

    /// Watches a fill of the run that began then.
    fn watch(
        &self,
        work: &'static str,
        turn: Turn,
        record: &Record,
        (began, pace): (Instant, &Pace),
    ) -> Arc<RunWatch> {
        let gone = began.elapsed().as_secs_f64();
        let of = self.sweep.order.len() as u64;
        let watching = Watching {
            work,
            point: self.sweep.words(turn.point),
            done: of - pace.runs_left(),
            of,
            keys: record.account.planned,
            seconds_left: pace.seconds_left().map(|seconds| (seconds - gone).max(0.0)),
        };
        self.report.watch(watching, &record.run)
    }

    /// Finds out whether the servers of a run that failed are there. If they do not answer, they are waited for until
    /// the run has lasted as long as a fill bears that nothing gets better: they may be starting again.
    fn look_for_servers(&mut self, options: &FillOptions, run_took: Duration) -> Result<Servers> {
        let runtime = runtime(1)?;
        let limits = Limits::new(self.halt.clone(), Instant::now(), None);
        let until = Instant::now() + options.timeouts.recovery.saturating_sub(run_took);
        let look = async {
            let mut told = false;
            loop {
                match prepare(self.site.clone(), options).await {
                    Err(error) if error.is_unreached() => self.unreached = Some(error.to_string()),
                    // Whatever else is wrong, somebody answers.
                    _ => break if self.unreached.is_some() { Servers::Back } else { Servers::There },
                }
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break Servers::Gone;
                }
                if let Some(cause) = self.unreached.as_ref().filter(|_| !std::mem::replace(&mut told, true)) {
                    self.report.waiting(cause, left.as_secs_f64());
                }
                tokio::time::sleep(left.min(ASKED_AGAIN_AFTER)).await;
            }
        };
        // Whoever wants the sweep to end ends it before the next run.
        let found = runtime.block_on(limits.within(look)).unwrap_or(Servers::There);
        runtime.shutdown_background();
        Ok(found)
    }

    /// One fill in a runtime of its own, with as many threads as it was asked for.
    fn fill(
        &mut self,
        options: &FillOptions,
        record: &mut Record,
        watch: Arc<RunWatch>,
    ) -> Result<LatencyHistogram> {
        let runtime = runtime(options.threads)?;
        let started = Instant::now();
        let limits = Limits::new(self.halt.clone(), started, options.timeouts.deadline);
        let latency = runtime.block_on(async {
            match limits.within(prepare(self.site.clone(), options)).await {
                Ok(Ok(prepared)) => fill(prepared, options, watch, &limits, record).await,
                Ok(Err(error)) => {
                    self.unreached = error.is_unreached().then(|| error.to_string());
                    fail(record, error.failure())
                }
                Err(limit) => cut(record, limit),
            }
        });
        record.seconds.total = started.elapsed().as_secs_f64();
        runtime.shutdown_background();
        Ok(latency)
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

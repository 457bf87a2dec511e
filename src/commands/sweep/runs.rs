//! What a sweep does with the servers: it fills them, run after run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::watch;

use crate::commands::consent::MayDelete;
use crate::commands::repeated::{Onlooker, PointFill, Ran, Repeated};
use crate::commands::start::runtime;
use crate::fill::{FillOptions, prepare};
use crate::limits::Limits;
use crate::report::{RunWatch, SweepReport, Watching};
use crate::results::{Record, Sweep, Turn, Verdict};
use crate::sweep::{Pace, Runner, Servers, Step};
use crate::target::Site;

/// Fills, run after run.
pub(super) struct Filler<'a> {
    pub(super) site: &'a Site,
    pub(super) sweep: &'a Sweep,
    pub(super) fills: &'a [PointFill],
    pub(super) report: &'a mut SweepReport,
    pub(super) may_delete: MayDelete,
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
        self.tell(pace, "the first run");
        let mut may_delete = self.may_delete;
        let repeated = Repeated {
            site: self.site,
            target: &self.sweep.target,
            fill: &self.fills[turn.point as usize - 1],
            may_delete: &mut may_delete,
            halt: &self.halt.clone(),
        };
        let ran = repeated.run(&mut OfTurn { filler: self, turn, began, pace })?;
        let Some(Ran { record, latency, watch, unreached }) = ran else { return Ok(Step::Interrupted) };
        self.may_delete = may_delete;
        self.unreached = unreached;
        self.report.ended(self.sweep, turn, &watch, &record, &latency)?;
        let seconds = began.elapsed().as_secs_f64();
        let servers = match record.verdict {
            Verdict::Failed => {
                self.look_for_servers(&self.fills[turn.point as usize - 1].options, began.elapsed())?
            }
            _ => Servers::There,
        };
        Ok(Step::Ended { verdict: record.verdict, limited_by: record.limited_by, servers, seconds })
    }
}

impl Filler<'_> {
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

    /// Tells once how long all of it may take, as soon as that is known.
    fn tell(&mut self, pace: &Pace, by: &str) {
        if let Some(seconds) = pace.seconds_left().filter(|_| !self.told) {
            self.report.estimated(seconds, by);
            self.told = true;
        }
    }
}

/// Looks on while one run is made.
struct OfTurn<'a, 'b> {
    filler: &'a mut Filler<'b>,
    turn: Turn,
    began: Instant,
    pace: &'a mut Pace,
}

impl Onlooker for OfTurn<'_, '_> {
    fn watch(&mut self, work: &'static str, record: &Record) -> Arc<RunWatch> {
        let gone = self.began.elapsed().as_secs_f64();
        let Filler { sweep, report, .. } = &self.filler;
        let of = sweep.order.len() as u64;
        let watching = Watching {
            whole: "sweep",
            work,
            point: sweep.words(self.turn.point),
            done: of - self.pace.runs_left(),
            of,
            keys: record.account.planned,
            seconds_left: self.pace.seconds_left().map(|seconds| (seconds - gone).max(0.0)),
        };
        report.watch(watching, &record.run)
    }

    fn warmed(&mut self, bytes: u64, sending: f64, seconds: f64) {
        self.pace.warmed(bytes, sending, seconds);
        self.filler.tell(self.pace, "the first warm-up");
    }
}

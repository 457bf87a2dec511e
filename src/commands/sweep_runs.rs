//! What a sweep does with the servers: it makes them ready once, and then fills them, run after run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::watch;

use super::before::consent;
use super::place::{Place, Stop};
use super::repeated::{Onlooker, PointFill, Ran, Repeated};
use super::start::runtime;
use crate::fill::{FillError, FillOptions, Limits, check_room, prepare};
use crate::report::{RunWatch, SweepReport, Watching, tell};
use crate::results::{Record, Sweep, Target, Turn, Verdict};
use crate::sweep::{Pace, Runner, Servers, Step};
use crate::target::{Site, Started};

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
        let (servers, mut target) = self.start(limits).await?;
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
                let asked = limits.within(consent(&[&prepared], "a sweep")).await.inspect_err(|_| {
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
        self.tell(pace, "the first run");
        let repeated = Repeated {
            site: self.site,
            target: &self.sweep.target,
            fill: &self.fills[turn.point as usize - 1],
            warm_up_percent: self.sweep.warm_up_percent,
            halt: &self.halt.clone(),
        };
        let Some(Ran { record, latency, watch, unreached }) =
            repeated.run(&mut OfTurn { filler: self, turn, began, pace })?
        else {
            return Ok(Step::Interrupted);
        };
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

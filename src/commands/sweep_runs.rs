//! What a sweep does with the servers: it makes them ready once, and then fills them, run after run.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use tokio::sync::watch;

use super::before::consent;
use super::repeated::{Onlooker, PointFill, Ran, Repeated};
use crate::fill::{FillError, Limit, Limits, check_room, prepare};
use crate::report::{RunWatch, SweepReport, Watching, tell};
use crate::results::{Failure, Record, Sweep, Target, Turn};
use crate::sweep::{Pace, Runner, Step};
use crate::target::{Site, Started, Throwaway};

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
    /// Starts servers if that was asked; what is known of them then.
    pub(super) async fn start(&mut self, limits: &Limits) -> Result<(Option<Started>, Target), Stop> {
        let mut target = Target { kind: "attached".into(), ..Target::default() };
        let Some(throwaway) = &self.throwaway else { return Ok((None, target)) };
        let started = limits
            .within(throwaway.start())
            .await?
            .map_err(|error| Stop::Failed(Failure { message: error.to_string(), cure: error.cure() }))?;
        self.site.address = started.seed();
        target.kind = started.kind().into();
        Ok((Some(started), target))
    }

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
}

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
        let Some(Ran { record, latency, watch }) =
            repeated.run(&mut OfTurn { filler: self, turn, began, pace })?
        else {
            return Ok(Step::Interrupted);
        };
        self.report.ended(self.sweep, turn, &watch, &record, &latency)?;
        Ok(Step::Ended { verdict: record.verdict, seconds: began.elapsed().as_secs_f64() })
    }
}

impl Filler<'_> {
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

//! What a live comparison does with the servers: it makes both sides ready, and fills them run after run.
//!
//! Both sides are up at the same time, so that the runs of a pair are close together. A server that waits for its
//! turn costs next to no processor time, but keeps what its last run filled: there has to be memory for both.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::size::FIRST_KEYS;
use crate::args::{DatasetArgs, FillArgs, UsageError};
use crate::commands::consent::{MayDelete, consent};
use crate::commands::place::{Place, Stop};
use crate::commands::repeated::{Onlooker, PointFill, Ran, Repeated};
use crate::compare::live::{Live, LiveOptions, Next, Taken};
use crate::compare::{CompareError, Difference, Obstacle};
use crate::fill::{FillOptions, check_room, prepare};
use crate::limits::Limits;
use crate::recorded::Run;
use crate::report::{LivePlan, LiveReport, LiveSize, RunWatch, Watching, live_so_far};
use crate::results::{LiveEnd, LiveLook, Options, Record, Side, Target};
use crate::target::Started;

/// One side.
pub(super) struct SideJob {
    pub(super) place: Place,
    pub(super) fill: PointFill,
    pub(super) target: Target,
    pub(super) name: String,
    /// What was started for it.
    pub(super) servers: Option<Started>,
    /// Whether that has not been filled yet: memory that is new to a process is slow.
    pub(super) is_new: bool,
}

/// What the runs of both sides fill.
pub(super) struct Filling {
    pub(super) dataset: DatasetArgs,
    pub(super) fill: FillArgs,
    /// How long a run is to take, where that says how many keys are filled.
    pub(super) time: Option<Duration>,
}

/// Everything that was checked before anything was touched.
pub(super) struct Job {
    /// Base and new.
    pub(super) sides: [SideJob; 2],
    pub(super) filling: Filling,
    pub(super) options: LiveOptions,
    /// How long the runs may go on.
    pub(super) max_time: Option<Duration>,
    /// What may be deleted of either side's servers.
    pub(super) may_delete: [MayDelete; 2],
    /// Whether both sides are the same servers: those of the base, then.
    pub(super) is_one: bool,
}

/// How the runs came to an end.
pub(super) enum End {
    /// By themselves, by a wish, or because runs went wrong, of which this is the last one.
    Over(LiveEnd, Option<(Side, Box<Record>)>),
    /// A run says nothing of the servers.
    Refused(CompareError),
    /// Servers could not be started anew.
    Stopped(Stop),
}

/// What both the runs and what is done between them need.
pub(super) struct Doing<'a> {
    pub(super) report: &'a mut LiveReport,
    /// Where servers are started.
    pub(super) runtime: &'a Runtime,
    pub(super) halt: &'a watch::Receiver<bool>,
    /// Runs that are over.
    pub(super) runs: u64,
}

impl Filling {
    /// What a run is asked, of a side that is reached in this way.
    pub(super) fn point(&self, asked: Options) -> Result<PointFill, UsageError> {
        match self.time {
            Some(_) => self.point_of(&self.dataset.of_keys(FIRST_KEYS), asked),
            None => self.point_of(&self.dataset, asked),
        }
    }

    fn point_of(&self, dataset: &DatasetArgs, mut asked: Options) -> Result<PointFill, UsageError> {
        let options = FillOptions { flush: true, ..self.fill.options(dataset.spec()?)? };
        dataset.describe(&mut asked);
        self.fill.describe(&mut asked);
        asked.flush = true;
        Ok(PointFill { asked, options })
    }
}

impl Job {
    /// Starts servers if that was asked, finds out who they are, tells what will be done, asks once whether all of them
    /// may be emptied, and checks that the dataset has room.
    pub(super) async fn make_ready(&mut self, limits: &Limits, report: &LiveReport) -> Result<(), Stop> {
        let mut prepared = Vec::new();
        for side in &mut self.sides {
            (side.servers, side.target) = side.place.start(limits).await?;
            side.is_new = side.servers.is_some();
        }
        for side in &mut self.sides {
            let ready = limits.within(prepare(side.place.site.clone(), &side.fill.options)).await??;
            ready.describe(&mut side.target);
            prepared.push(ready);
        }
        if let Some(obstacle) = self.other_targets() {
            return Err(Stop::Error(CompareError::NotComparable(vec![obstacle]).into()));
        }
        let [base, new] = &prepared[..] else { return Ok(()) };
        self.is_one = new.addresses().iter().any(|address| base.addresses().contains(address));
        if self.is_one {
            self.options.warnings.push("both sides are the same servers: what differs is noise".into());
        }
        report.planned(&self.plan());
        if !self.options.renewed && !self.filling.fill.yes() {
            let both = if self.is_one { vec![base] } else { vec![base, new] };
            self.may_delete = [consent(&both, "a comparison", limits).await?; 2];
        }
        for (side, prepared) in self.sides.iter().zip(&mut prepared) {
            limits.within_late(check_room(prepared, &side.fill.options, limits)).await??;
        }
        Ok(())
    }

    /// What is not the same of where the sides are filled, before anything is.
    fn other_targets(&self) -> Option<Obstacle> {
        let [base, new] = &self.sides;
        let like = |side: &SideJob| {
            let tls = if side.fill.asked.tls { ", over TLS" } else { "" };
            let Target { kind, mode, masters, .. } = &side.target;
            format!("{kind} {mode} of {masters}{tls}")
        };
        let is_meant = self.options.compare.despite.contains(&Difference::Target);
        (!is_meant && like(base) != like(new)).then(|| Obstacle {
            difference: Difference::Target,
            text: format!(
                "the base is {} ({}), and the new side {} ({})",
                base.name,
                like(base),
                new.name,
                like(new)
            ),
        })
    }

    pub(super) fn fill_keys(&mut self, keys: u64) -> Result<(), UsageError> {
        let dataset = self.filling.dataset.of_keys(keys);
        for side in &mut self.sides {
            side.fill = self.filling.point_of(&dataset, side.fill.asked.clone())?;
        }
        Ok(())
    }

    /// What is about to be done.
    fn plan(&self) -> LivePlan {
        let spec = &self.sides[0].fill.options.spec;
        let LiveOptions { design, renewed, .. } = &self.options;
        LivePlan {
            sides: self.sides.each_ref().map(|side| (side.name.clone(), side.target.clone())),
            size: match self.filling.time {
                Some(time) => LiveSize::Seconds(time.as_secs_f64()),
                None => LiveSize::Keys(spec.keys(), spec.payload_bytes()),
            },
            max_seconds: self.max_time.map(|time| time.as_secs_f64()),
            looks: design.looks.clone(),
            renewed_after_pairs: renewed.then_some(design.round_pairs),
            warm_up_percent: self.options.warm_up_percent,
            first_warm_up_percent: self.options.first_warm_up_percent,
            shuffle_seed: design.shuffle_seed,
        }
    }

    /// Makes the runs that are next until there are none.
    pub(super) fn go_through(&mut self, live: &mut Live, doing: &mut Doing<'_>) -> Result<End> {
        let began = Instant::now();
        let mut last = None;
        loop {
            let (side, pair, begins_round) = match live.next() {
                Next::Run { side, pair, begins_round } => (side, pair, begins_round),
                Next::Over(end) => return Ok(End::Over(end, last)),
            };
            let left = self.max_time.map(|time| time.saturating_sub(began.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                if let Some(look) = live.run_out_of_time() {
                    Self::looked(live, &look, live.looks(), doing.report)?;
                }
                continue;
            }
            if begins_round && self.options.renewed {
                match self.renew(side, doing) {
                    Ok(()) => {}
                    Err(Stop::Limit(_)) => {
                        live.interrupt();
                        continue;
                    }
                    Err(stop) => return Ok(End::Stopped(stop)),
                }
            }
            let is_new = std::mem::take(&mut self.sides[side as usize].is_new);
            let warm_up =
                if is_new { self.options.first_warm_up_percent } else { self.options.warm_up_percent };
            let mut onlooker =
                OfRun { report: &*doing.report, live: &*live, side, pair, runs: doing.runs, began, left };
            let ran = self.repeated(side, warm_up, doing.halt).run(&mut onlooker)?;
            let Some(Ran { record, latency, watch, unreached: _ }) = ran else {
                live.interrupt();
                continue;
            };
            doing.report.ended((side, pair), &watch, &record, &latency)?;
            doing.runs += 1;
            let run = Run::of(&record, format!("run {} of the {} side", record.run, side.name()))
                .map_err(|error| anyhow::anyhow!("failed to read the run's own record: {error}"))?;
            last = Some((side, Box::new(record)));
            match live.take(run) {
                Ok(taken) => self.tell(&taken, pair, live, doing.report)?,
                Err(error) => return Ok(End::Refused(error)),
            }
        }
    }

    pub(super) fn repeated<'a>(
        &'a mut self,
        side: Side,
        warm_up_percent: f64,
        halt: &'a watch::Receiver<bool>,
    ) -> Repeated<'a> {
        let SideJob { place, fill, target, .. } = &mut self.sides[side as usize];
        fill.asked.warm_up_percent = warm_up_percent;
        let may_delete = &mut self.may_delete[if self.is_one { 0 } else { side as usize }];
        Repeated { site: &place.site, target, fill, may_delete, halt }
    }

    /// Ends the servers of both sides and starts others, first those that are filled first: where memory comes to
    /// lie is chance, and has another chance in each round.
    fn renew(&mut self, first: Side, doing: &Doing<'_>) -> Result<(), Stop> {
        let limits = Limits::new(doing.halt.clone(), Instant::now(), None);
        // All the memory is there for the new ones.
        self.sides.iter_mut().for_each(|side| side.servers = None);
        let order = if first == Side::Base { Side::BOTH } else { [Side::New, Side::Base] };
        for side in order.map(|side| side as usize) {
            let side = &mut self.sides[side];
            (side.servers, _) = doing.runtime.block_on(side.place.start(&limits))?;
            side.is_new = true;
        }
        Ok(())
    }

    /// Tells what has become of a run, and writes down what a look came to.
    fn tell(&self, taken: &Taken, pair: u64, live: &Live, report: &LiveReport) -> Result<()> {
        let (change, look) = match taken {
            Taken::Half | Taken::LeftOut | Taken::Inexact => return Ok(()),
            Taken::Pair(change) => (change, None),
            Taken::Look(change, look) => (change, Some(look)),
        };
        report.paired(pair, *change, &live.so_far());
        match look {
            Some(look) => Self::looked(live, look, self.options.design.looks.len() as u64, report),
            None => Self::compared(live, report),
        }
    }

    /// Tells what the last look came to, of so many.
    fn looked(live: &Live, look: &LiveLook, of: u64, report: &LiveReport) -> Result<()> {
        report.looked((live.looks(), of), look);
        Self::compared(live, report)
    }

    fn compared(live: &Live, report: &LiveReport) -> Result<()> {
        if let Some(comparison) = live.comparison() {
            report.compared(&comparison)?;
        }
        Ok(())
    }
}

/// Looks on while one run is made.
struct OfRun<'a> {
    report: &'a LiveReport,
    live: &'a Live,
    side: Side,
    pair: u64,
    /// How many runs there were before, and since when.
    runs: u64,
    began: Instant,
    /// How long they may still go on.
    left: Option<Duration>,
}

impl Onlooker for OfRun<'_> {
    fn watch(&mut self, work: &'static str, record: &Record) -> Arc<RunWatch> {
        let left = self.live.runs_left();
        let each = self.began.elapsed().as_secs_f64() / self.runs.max(1) as f64;
        let so_far = match self.pair {
            1 => String::new(),
            // At the end of a line that may be cut off: as short as can be.
            _ => format!("; {}", live_so_far(&self.live.so_far())),
        };
        let most = self.left.map_or(f64::INFINITY, |left| left.as_secs_f64());
        let watching = Watching {
            whole: "compare",
            work,
            point: format!("{}{so_far}", self.side.name()),
            done: self.runs,
            of: self.runs + left,
            keys: record.account.planned,
            // At most: a look may settle it.
            seconds_left: (self.runs > 0).then_some((each * left as f64).min(most)),
        };
        self.report.watch(watching, &record.run)
    }

    fn warmed(&mut self, _: u64, _: f64, _: f64) {}
}

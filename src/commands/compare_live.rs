//! `fillbench compare --live`: fill two sides in turns, until it is settled whether one is slower.
//!
//! Both sides run all the time. A server that waits for its turn costs next to no processor time, where one that
//! is started for each run would be cold, and its memory elsewhere; but each keeps what its last run filled, so
//! there has to be memory for both.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result};
use tokio::sync::watch;

use super::Exit;
use super::compare::CompareCommand;
use super::consent::{MayDelete, consent};
use super::interrupt::interrupted;
use super::place::{Place, Stop, stopped};
use super::repeated::{Onlooker, PointFill, Ran, Repeated};
use super::start::{run_id, runtime};
use crate::args::{LiveSide, UsageError};
use crate::compare::live::{Live, LiveOptions, Next, Taken};
use crate::compare::{CompareError, Difference, Obstacle, Run};
use crate::fill::{FillOptions, Limits, check_room, prepare};
use crate::report::{LiveOutput, LivePlan, LiveReport, RunWatch, Watching, error_lines, live_so_far, tell};
use crate::results::{Failure, LiveEnd, Record, Side, Target, Verdict};
use crate::target::Started;

/// One side.
struct SideJob {
    place: Place,
    fill: PointFill,
    target: Target,
    name: String,
}

/// Everything that was checked before anything was touched.
struct Job {
    /// Base and new.
    sides: [SideJob; 2],
    options: LiveOptions,
    /// Whether the servers may be emptied unasked.
    yes: bool,
    /// Whether both sides are the same servers.
    is_one: bool,
}

impl CompareCommand {
    /// Compares servers, and tells everything.
    pub(super) fn live(&self) -> Result<Exit> {
        let (started_at, began) = (SystemTime::now(), Instant::now());
        let mut job = self.live_job()?;
        let (out, quiet) = (self.live.out().cloned(), self.live.quiet());
        let output = LiveOutput { out, quiet, log: self.log.options()? };
        let mut report = LiveReport::open(&output, run_id(started_at))?;
        // Signals are seen by threads of their own: each fill has a runtime with as many as it was asked for.
        let signals = runtime(2)?;
        let halt = signals.block_on(async { interrupted() }).context("failed to handle signals")?;
        let limits = Limits::new(halt.clone(), began, None);
        let (servers, may_delete) = match signals.block_on(job.make_ready(&limits)) {
            Ok(ready) => ready,
            Err(stop) => {
                signals.shutdown_background();
                return match stop {
                    // Told with its own cure.
                    Stop::Error(error) if error.is::<CompareError>() => Ok(refused(error.downcast_ref())),
                    stop => stopped(stop),
                };
            }
        };
        report.planned(&job.plan());
        let mut live = Live::new(job.options.clone());
        let mut runs = 0;
        let ended = job.go_through(&mut live, &mut runs, may_delete, &mut report, &halt);
        drop(servers);
        // Whatever is still waiting, an answer from the terminal for instance, is not waited for.
        signals.shutdown_background();
        report.finish(runs, began.elapsed().as_secs_f64(), live.next() == Next::Over(LiveEnd::Interrupted));
        let (end, comparison) = (ended?, live.comparison());
        if let Some(comparison) = &comparison {
            report.compared(comparison)?;
            // What cannot be compared has no outcome to show.
            if !matches!(end, End::Refused(_)) {
                self.show(comparison)?;
            }
        }
        Ok(match end {
            End::Refused(error) => refused(Some(&error)),
            End::Over(LiveEnd::Failed, last) => gave_up(last.as_deref(), job.options.compare.metric.name()),
            End::Over(LiveEnd::Interrupted, _) => Exit::Interrupted,
            End::Over(..) => comparison.map_or(Exit::Inconclusive, |comparison| comparison.verdict.into()),
        })
    }

    fn live_job(&self) -> Result<Job, UsageError> {
        if self.fill.says_how_much() {
            let text = "--live fills the same number of keys each time: give --keys or --data in place of --until-memory";
            return Err(UsageError::new(text));
        }
        let options = FillOptions { flush: true, ..self.fill.options(self.dataset.spec()?)? };
        let sides = self.live.sides(self.compare.sides(), &self.access)?;
        let names = sides.each_ref().map(|side| side.name.clone());
        let sides = sides.map(|side| {
            let LiveSide { site, throwaway, mut asked, name } = side;
            self.dataset.describe(&mut asked);
            self.fill.describe(&mut asked);
            asked.flush = true;
            asked.warm_up_percent = self.live.warm_up_percent();
            let fill = PointFill { asked, options: options.clone() };
            SideJob { place: Place { site, throwaway }, fill, target: Target::default(), name }
        });
        let options = LiveOptions {
            compare: self.compare.options(),
            design: self.live.design(),
            warm_up_percent: self.live.warm_up_percent(),
            names,
            warnings: Vec::new(),
        };
        Ok(Job { sides, options, yes: self.fill.yes(), is_one: false })
    }
}

/// How the runs came to an end.
enum End {
    /// By themselves, by a wish, or because runs failed, of which this is the last record.
    Over(LiveEnd, Option<Box<Record>>),
    /// A run says nothing of the servers.
    Refused(CompareError),
}

impl Job {
    /// Starts servers if that was asked, finds out who they are, asks once whether all of them may be emptied, and
    /// checks that the dataset has room.
    async fn make_ready(&mut self, limits: &Limits) -> Result<(Vec<Started>, MayDelete), Stop> {
        let (mut servers, mut prepared) = (Vec::new(), Vec::new());
        for side in &mut self.sides {
            let (started, target) = side.place.start(limits).await?;
            (side.target, servers) = (target, servers.into_iter().chain(started).collect());
        }
        for side in &mut self.sides {
            let ready = limits.within(prepare(side.place.site.clone(), &side.fill.options)).await??;
            ready.describe(&mut side.target);
            prepared.push(ready);
        }
        if let Some(obstacle) = self.other_targets() {
            return Err(Stop::Error(CompareError::NotComparable(vec![obstacle]).into()));
        }
        let mut may_delete = MayDelete::All;
        let [base, new] = &prepared[..] else { return Ok((servers, may_delete)) };
        self.is_one = new.addresses().iter().any(|address| base.addresses().contains(address));
        if self.is_one {
            self.options.warnings.push("both sides are the same servers: what differs is noise".into());
        }
        if servers.is_empty() && !self.yes {
            let both = if self.is_one { vec![base] } else { vec![base, new] };
            let asked = limits.within(consent(&both, "a comparison")).await.inspect_err(|_| {
                // The question's line is still open.
                tell("\n");
            })?;
            may_delete = asked.map_err(Stop::Error)?;
        }
        for (side, prepared) in self.sides.iter().zip(&mut prepared) {
            limits.within_late(check_room(prepared, &side.fill.options, limits)).await??;
        }
        Ok((servers, may_delete))
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

    fn plan(&self) -> LivePlan {
        let spec = &self.sides[0].fill.options.spec;
        LivePlan {
            sides: self.sides.each_ref().map(|side| (side.name.clone(), side.target.clone())),
            keys: spec.keys(),
            payload_bytes: spec.payload_bytes(),
            looks: self.options.design.looks.clone(),
            warm_up_percent: self.options.warm_up_percent,
            shuffle_seed: self.options.design.shuffle_seed,
        }
    }

    /// Makes the runs that are next until there are none, and counts them.
    fn go_through(
        &self,
        live: &mut Live,
        runs: &mut u64,
        may_delete: MayDelete,
        report: &mut LiveReport,
        halt: &watch::Receiver<bool>,
    ) -> Result<End> {
        let began = Instant::now();
        let mut last = None;
        let mut may_delete = [may_delete; 2];
        loop {
            let (side, pair) = match live.next() {
                Next::Run { side, pair } => (side, pair),
                Next::Over(end) => return Ok(End::Over(end, last)),
            };
            let SideJob { place, fill, target, .. } = &self.sides[side as usize];
            let repeated = Repeated {
                site: &place.site,
                target,
                fill,
                may_delete: &mut may_delete[if self.is_one { 0 } else { side as usize }],
                halt,
            };
            let mut onlooker = OfRun { report: &*report, live: &*live, side, pair, runs: *runs, began };
            let Some(Ran { record, latency, watch, unreached: _ }) = repeated.run(&mut onlooker)? else {
                live.interrupt();
                continue;
            };
            report.ended((side, pair), &watch, &record, &latency)?;
            *runs += 1;
            let run = Run::of(&record, format!("run {} of the {} side", record.run, side.name()))
                .map_err(|error| anyhow::anyhow!("failed to read the run's own record: {error}"))?;
            match live.take(run) {
                Ok(taken) => self.tell(&taken, pair, live, report)?,
                Err(error) => return Ok(End::Refused(error)),
            }
            last = Some(Box::new(record));
        }
    }

    /// Tells what has become of a run, and writes down what a look came to.
    fn tell(&self, taken: &Taken, pair: u64, live: &Live, report: &LiveReport) -> Result<()> {
        let (change, look) = match taken {
            Taken::Half | Taken::Failed => return Ok(()),
            Taken::Pair(change) => (change, None),
            Taken::Look(change, look) => (change, Some(look)),
        };
        report.paired(pair, *change, &live.so_far());
        if let Some(look) = look {
            let looks = &self.options.design.looks;
            let number = looks.iter().filter(|pairs| **pairs <= look.pairs).count();
            report.looked((number as u64, looks.len() as u64), look);
        }
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
        let watching = Watching {
            whole: "compare",
            work,
            point: format!("{}{so_far}", self.side.name()),
            done: self.runs,
            of: self.runs + left,
            keys: record.account.planned,
            // At most: a look may settle it.
            seconds_left: (self.runs > 0).then_some(each * left as f64),
        };
        self.report.watch(watching, &record.run)
    }

    fn warmed(&mut self, _: u64, _: f64, _: f64) {}
}

/// What says nothing of the servers is told with what would do.
fn refused(error: Option<&CompareError>) -> Exit {
    if let Some(error) = error {
        tell(&error_lines(&error.to_string(), Some(&error.cure())));
    }
    Exit::Usage
}

/// Too many runs went wrong, the last one in this way.
fn gave_up(last: Option<&Record>, metric: &str) -> Exit {
    let verdict = last.map_or(Verdict::Failed, |record| record.verdict);
    let failure = last.and_then(|record| record.error.clone()).unwrap_or_else(|| match verdict {
        Verdict::Exact => Failure {
            message: format!("they have no {metric}"),
            cure: Some("have another figure decide, with --metric, or fill more".into()),
        },
        Verdict::Discarded => Failure {
            message: "the servers throw away what they are sent".into(),
            cure: Some("say that it is meant so: --despite verdict".into()),
        },
        _ => Failure { message: "keys were missing, or had other values".into(), cure: None },
    });
    let message = format!("given up, because runs went wrong: {}", failure.message);
    tell(&error_lines(&message, failure.cure.as_deref()));
    match verdict {
        Verdict::Missing | Verdict::Wrong => Exit::Inexact,
        _ => Exit::Failed,
    }
}

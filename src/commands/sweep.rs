//! `fillbench sweep`: fill with every combination of a grid of options, each several times.

mod ready;
mod runs;
mod same;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result};
use clap::{ArgAction, Args};

use self::ready::{Ready, make_ready};
use self::runs::Filler;
use self::same::{other, same_asked, same_client, same_target};
use super::Exit;
use super::consent::MayDelete;
use super::interrupt::interrupted;
use super::place::{Place, stopped};
use super::repeated::{PointFill, warm_up_keys};
use super::resume::resuming;
use super::start::{run_id, runtime, written};
use crate::args::{
    ConnectionArgs, DatasetArgs, FillArgs, LogArgs, SteadyArgs, SweepArgs, SweepRuns, ThrowawayArgs,
    UsageError,
};
use crate::fill::host;
use crate::limits::Limits;
use crate::report::{Cut, KeptRun, SweepOutput, SweepPlan, SweepReport, Swept};
use crate::results::{Failure, Options, Point, Program, SWEEP_SCHEMA, Sweep, Target, Turn, Verdict};
use crate::sweep::{Pace, Places, Tally, left, options, run, shuffled};
use crate::target::Site;

/// `fillbench sweep`.
#[derive(Args)]
#[command(disable_help_flag = true, allow_negative_numbers = true, after_help = AFTER_HELP)]
#[command(
    override_usage = "fillbench sweep --out DIR --keys N --writers 1,2,4 [OPTIONS]\n       fillbench sweep FILE --out DIR [OPTIONS]\n       fillbench sweep --resume DIR [OPTIONS]"
)]
pub(super) struct SweepCommand {
    #[command(flatten)]
    sweep: SweepArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
    #[command(flatten)]
    throwaway: ThrowawayArgs,
    #[command(flatten)]
    steady: SteadyArgs,
    /// Show warnings and errors only
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
    #[command(flatten)]
    log: LogArgs,
    /// Print this help
    #[arg(long, action = ArgAction::Help, help_heading = "Other")]
    help: Option<bool>,
}

const AFTER_HELP: &str = "\
Lists are written 64,256,512; ranges with their steps: 512..8192*2 doubles, 1..4+1 adds. The servers \
are emptied before each run; consent to that is asked once.

Examples:
  fillbench sweep --spawn --keys 1000000 --key-size 64..512*2 --command set,mset --out results/1
  fillbench sweep benchmark/sweep.toml -h HOST --yes --out results/2
  fillbench sweep --resume results/2             go on, if it was cut off

Exit codes:
  0 every run ended with every key proven
  1 a run could not finish    2 bad usage
  3 keys missing or wrong in a run    130 interrupted";

/// What to do when a run cannot be written down.
const UNWRITTEN_CURE: &str = "make room on that disk, and go on with the command below";
/// What to do when the servers are gone.
const LOST_CURE: &str =
    "start the servers again, and go on with the command below: runs that failed are done again";
/// What to do when the servers that the sweep had started are gone.
const LOST_OWN_CURE: &str =
    "see why they ended; the command below starts others, goes on, and does runs again that failed";

/// Everything that was checked before anything was touched.
struct Job {
    place: Place,
    sweep: Sweep,
    /// What each point fills, in the order of their numbers.
    fills: Vec<PointFill>,
}

impl SweepCommand {
    /// Whether nothing but help was asked for.
    pub(super) fn wants_help(&self) -> bool {
        self.connection.wants_help()
    }

    /// Sweeps, and tells everything.
    pub(super) fn run(self) -> Exit {
        Exit::of(self.try_run())
    }

    fn try_run(self) -> Result<Exit> {
        let (started_at, began) = (SystemTime::now(), Instant::now());
        let mut job = self.job(started_at)?;
        let (folder, resumed) = self.sweep.folder();
        let output = SweepOutput { out: folder.into(), resumed, quiet: self.quiet, log: self.log.options()? };
        let (mut report, kept) = SweepReport::open(&output, &job.sweep)?;
        let again = |run: &KeptRun| self.sweep.retry_failed() && run.verdict == Verdict::Failed;
        let (again, kept): (Vec<_>, Vec<_>) = kept.into_iter().partition(again);
        let turns = left(&job.sweep.order, &kept.iter().map(|run| run.turn).collect::<BTreeSet<Turn>>());
        let mut pace = job.pace(&turns, &kept);
        // Signals are seen by threads of their own: each fill has a runtime with as many as it was asked for.
        let signals = runtime(2)?;
        let halt = signals.block_on(async { interrupted() }).context("failed to handle signals")?;
        let mut ready = Ready { servers: None, may_delete: MayDelete::Own(0) };
        if !turns.is_empty() {
            let plan = job.plan(&turns, &pace);
            let limits = Limits::new(halt.clone(), began, None);
            let Job { place, sweep, fills } = &mut job;
            let met = |target: &Target| -> Result<()> {
                if resumed {
                    same_target(&sweep.target, target)?;
                }
                sweep.target = target.clone();
                report.planned(sweep, &plan);
                Ok(())
            };
            match signals.block_on(make_ready(place, fills, self.sweep.yes(), &limits, met)) {
                Ok(met) => ready = met,
                Err(stop) => {
                    signals.shutdown_background();
                    return stopped(stop);
                }
            }
            if !resumed {
                report.begin(&job.sweep)?;
            }
            if !again.is_empty() {
                // Not before the servers are there: what is known of these runs is better than nothing.
                report.forget(&job.sweep, &again.into_iter().map(|run| run.run).collect())?;
            }
        }
        let (tally, cut) = job.go_through(&turns, &kept, &mut pace, &mut report, ready.may_delete, halt);
        drop(ready.servers);
        // Whatever is still waiting, an answer from the terminal for instance, is not waited for.
        signals.shutdown_background();
        let all = job.sweep.order.len() as u64;
        report.finish(&Swept {
            runs: (tally.runs(), all),
            runs_now: tally.runs() - kept.len() as u64,
            inexact: tally.inexact,
            failed: tally.failed,
            by_client: tally.by_client,
            seconds: began.elapsed().as_secs_f64(),
            resume_command: (tally.runs() < all || tally.failed > 0)
                .then(|| self.going_on(&job.sweep, tally)),
            cut: cut.clone(),
        });
        Ok(exit(tally, cut.as_ref()))
    }

    /// The command that does what is left, and what failed.
    fn going_on(&self, sweep: &Sweep, tally: Tally) -> String {
        let mut command = resuming("fillbench sweep", self.sweep.folder().0);
        let consented = self.sweep.yes() && sweep.target.kind == "attached";
        let options = [(tally.failed > 0, " --retry-failed"), (consented, " --yes")];
        options.iter().filter(|(is_so, _)| *is_so).for_each(|(_, option)| command.push_str(option));
        command
    }

    fn job(&self, started_at: SystemTime) -> Result<Job, UsageError> {
        let past = self.sweep.resuming()?;
        let given = self.sweep.given()?;
        let (connection, throwaway) = match &past {
            None => (self.connection.clone(), self.throwaway.clone()),
            Some(past) => {
                same_asked(past, &given, &self.throwaway)?;
                same_client(past, env!("CARGO_PKG_VERSION"), &host())?;
                let throwaway = ThrowawayArgs::as_in(&past.options)?;
                let connection = match throwaway.option() {
                    None => self.connection.resuming(&past.options)?,
                    Some(_) => self.connection.clone(),
                };
                (connection, throwaway)
            }
        };
        let site = throwaway.site(&connection)?;
        let (sweep, places) = match past {
            None => {
                let runs = SweepArgs::runs(given);
                (self.new_sweep(started_at, &runs, &connection, &site)?, runs.places)
            }
            Some(past) => (past, Places::default()),
        };
        if throwaway.option().is_none() && site.address.to_string() != sweep.options.address {
            return Err(other(&format!("went to {}, and not to {}", sweep.options.address, site.address)));
        }
        if site.connector.database != sweep.options.db {
            let (there, here) = (sweep.options.db, site.connector.database);
            return Err(other(&format!("went to database {there}, and not to {here}")));
        }
        let fills = fills(&sweep, &places)?;
        let known = |turn: &Turn| (1..=fills.len() as u64).contains(&turn.point);
        if !sweep.order.iter().all(known) {
            return Err(other("has runs of points that it has not"));
        }
        Ok(Job { place: Place { site, throwaway: throwaway.throwaway() }, sweep, fills })
    }

    fn new_sweep(
        &self,
        started_at: SystemTime,
        runs: &SweepRuns,
        connection: &ConnectionArgs,
        site: &Site,
    ) -> Result<Sweep, UsageError> {
        let mut asked = Options::default();
        connection.describe(site, &mut asked);
        self.sweep.describe(&self.steady, &mut asked);
        self.throwaway.describe(&mut asked);
        asked.warm_up_percent = runs.warm_up_percent;
        let points = runs.grid.points(runs.repeat)?;
        Ok(Sweep {
            schema: SWEEP_SCHEMA.into(),
            sweep: run_id(started_at),
            started_at: written(started_at),
            program: Program { version: env!("CARGO_PKG_VERSION").into() },
            host: host(),
            // The servers will say what they are.
            target: Target::default(),
            options: asked,
            grid: runs.grid.recorded(),
            repeat: runs.repeat,
            warm_up_percent: runs.warm_up_percent,
            shuffle_seed: runs.shuffle_seed,
            order: shuffled(points.len() as u64, runs.repeat, runs.shuffle_seed),
            points,
        })
    }
}

impl Job {
    /// What is known of how long it takes, also by the runs that are there.
    fn pace(&self, turns: &[Turn], kept: &[KeptRun]) -> Pace {
        let points = self.sweep.points.iter().zip(&self.fills);
        let bytes = points.map(|(point, PointFill { asked, options })| {
            let spec = &options.spec;
            let warm_up = warm_up_keys(spec.keys(), asked.warm_up_percent).unwrap_or(0) * spec.pair_bytes();
            (point.point, spec.payload_bytes().saturating_add(warm_up))
        });
        let mut pace = Pace::new(turns, bytes.collect::<BTreeMap<_, _>>());
        let with_warm_up = 1.0 + self.sweep.warm_up_percent / 100.0;
        for run in kept.iter().filter(|run| run.verdict != Verdict::Failed) {
            pace.seen(run.turn.point, run.seconds * with_warm_up);
        }
        pace
    }

    /// What is about to be done.
    fn plan(&self, turns: &[Turn], pace: &Pace) -> SweepPlan {
        let specs = || turns.iter().map(|turn| &self.fills[turn.point as usize - 1].options.spec);
        SweepPlan {
            runs: turns.len() as u64,
            keys: specs().fold(0, |sum: u64, spec| sum.saturating_add(spec.keys())),
            payload_bytes: specs().fold(0, |sum: u64, spec| sum.saturating_add(spec.payload_bytes())),
            bytes_with_warm_ups: pace.bytes_left(),
            seconds: pace.seconds_left(),
        }
    }

    /// Does the runs; what they came to, and what ended them early, if anything did.
    fn go_through(
        &self,
        turns: &[Turn],
        kept: &[KeptRun],
        pace: &mut Pace,
        report: &mut SweepReport,
        may_delete: MayDelete,
        halt: tokio::sync::watch::Receiver<bool>,
    ) -> (Tally, Option<Cut>) {
        let mut tally = Tally::default();
        kept.iter().for_each(|run| tally.count(run.verdict, run.limited_by));
        let mut filler = Filler {
            site: &self.place.site,
            sweep: &self.sweep,
            fills: &self.fills,
            report,
            may_delete,
            halt,
            told: pace.seconds_left().is_some(),
            unreached: None,
        };
        let result = run(turns, pace, &mut tally, &mut filler);
        let stopped = |message, cure: &str| Cut::Stopped(Failure { message, cure: Some(cure.into()) });
        let cut = match (result, filler.unreached) {
            (Err(error), _) if error.is::<UsageError>() => {
                Some(Cut::Unconsented(Failure { message: error.to_string(), cure: None }))
            }
            (Err(error), _) => Some(stopped(format!("{error:#}"), UNWRITTEN_CURE)),
            (Ok(()), _) if tally.interrupted => Some(Cut::Interrupted),
            (Ok(()), Some(why)) if tally.lost => Some(match self.place.throwaway {
                None => stopped(why, LOST_CURE),
                Some(_) => stopped(why, LOST_OWN_CURE),
            }),
            _ => None,
        };
        (tally, cut)
    }
}

/// What the runs of each point are asked, checked as a fill's command line is.
fn fills(sweep: &Sweep, places: &Places) -> Result<Vec<PointFill>, UsageError> {
    let fill = |point: &Point| {
        let asked = options(&sweep.options, point)?;
        let options = FillArgs::as_in(&asked)?.options(DatasetArgs::as_in(&asked).spec()?)?;
        Ok::<_, UsageError>(PointFill { asked, options })
    };
    let fill_or_why = |point: &Point| {
        fill(point).map_err(|error| {
            let place = places.of_fault(point, |point| fill(point).err());
            let words = sweep.words(point.point);
            UsageError::new(format!("{place}point {} ({words}): {error}", point.point))
        })
    };
    sweep.points.iter().map(fill_or_why).collect()
}

fn exit(tally: Tally, cut: Option<&Cut>) -> Exit {
    match (tally, cut) {
        (_, Some(Cut::Interrupted)) => Exit::Interrupted,
        // What is left may be anything.
        (_, Some(Cut::Stopped(_))) => Exit::Failed,
        (_, Some(Cut::Unconsented(_))) => Exit::Usage,
        (Tally { inexact: 1.., .. }, None) => Exit::Inexact,
        (Tally { failed: 1.., .. }, None) => Exit::Failed,
        _ => Exit::Exact,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_that_happened_decides_the_exit_code() {
        let well = Tally { well: 9, ..Tally::default() };
        assert_eq!(exit(well, None), Exit::Exact);
        assert_eq!(exit(Tally { failed: 1, ..well }, None), Exit::Failed);
        let inexact = Tally { failed: 1, inexact: 2, ..well };
        assert_eq!(exit(inexact, None), Exit::Inexact);
        assert_eq!(exit(inexact, Some(&Cut::Interrupted)), Exit::Interrupted);
        let stopped = Cut::Stopped(Failure { message: "gone".into(), cure: None });
        assert_eq!(exit(inexact, Some(&stopped)), Exit::Failed);
        let unconsented = Cut::Unconsented(Failure { message: "others' keys".into(), cure: None });
        assert_eq!(exit(inexact, Some(&unconsented)), Exit::Usage);
    }
}

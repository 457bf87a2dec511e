//! `fillbench sweep`: fill with every combination of a grid of options, each several times.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result};
use clap::{ArgAction, Args};

use super::Exit;
use super::interrupt::interrupted;
use super::repeated::{PointFill, warm_up_keys};
use super::resume::resuming;
use super::start::{run_id, runtime};
use super::sweep_runs::{Filler, Place, Stop};
use crate::args::{
    ConnectionArgs, DatasetArgs, FillArgs, LogArgs, SteadyArgs, SweepArgs, SweepRuns, ThrowawayArgs,
    UsageError,
};
use crate::fill::{Limit, Limits};
use crate::report::{Cut, KeptRun, SweepOutput, SweepReport, Swept, error_lines, tell};
use crate::results::{Failure, Options, Program, SWEEP_SCHEMA, Sweep, Target, Turn, Verdict};
use crate::sweep::{GridFile, Pace, Tally, difference, left, options, run, shuffled};
use crate::target::{Site, Throwaway};

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
Lists are written 64,256,512; ranges with their steps: 512..8192*2 doubles, 1..4+1 adds. The servers
are emptied before each run; consent to that is asked once.

Examples:
  fillbench sweep --spawn --keys 1000000 --key-size 64..512*2 --command set,mset --out results/1
  fillbench sweep benchmark/sweep.toml -h HOST --yes --out results/2
  fillbench sweep --resume results/2             go on, if it was cut off

Exit codes:
  0 every run ended with every key proven
  1 a run could not finish     2 bad usage
  3 keys missing or wrong in a run  130 interrupted";

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
        let (mut report, kept) = SweepReport::open(&output)?;
        let again = |run: &KeptRun| self.sweep.retry_failed() && run.verdict == Verdict::Failed;
        let (again, kept): (Vec<_>, Vec<_>) = kept.into_iter().partition(again);
        let turns = left(&job.sweep.order, &kept.iter().map(|run| run.turn).collect::<BTreeSet<Turn>>());
        // Signals are seen by threads of their own: each fill has a runtime with as many as it was asked for.
        let signals = runtime(2)?;
        let halt = signals.block_on(async { interrupted() }).context("failed to handle signals")?;
        let mut servers = None;
        if !turns.is_empty() {
            let limits = Limits::new(halt.clone(), began, None);
            let yes = self.sweep.yes();
            match signals.block_on(job.place.make_ready(&job.fills, &limits, yes)) {
                Ok((started, target)) => {
                    if resumed {
                        same_target(&job.sweep.target, &target)?;
                    }
                    (servers, job.sweep.target) = (started, target);
                }
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
                report.forget(&again.into_iter().map(|run| run.run).collect())?;
            }
            job.tell(&report, &turns);
        }
        let (tally, cut) = job.go_through(&turns, &kept, &mut report, halt);
        drop(servers);
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
                self.same_asked(past, &given)?;
                let throwaway = ThrowawayArgs::as_in(&past.options)?;
                let connection = match throwaway.option() {
                    None => self.connection.resuming(&past.options)?,
                    Some(_) => self.connection.clone(),
                };
                (connection, throwaway)
            }
        };
        let site = throwaway.site(&connection)?;
        let sweep = match past {
            None => self.new_sweep(started_at, &SweepArgs::runs(given), &connection, &site)?,
            Some(past) => past,
        };
        if throwaway.option().is_none() && site.address.to_string() != sweep.options.address {
            return Err(other(&format!("went to {}, and not to {}", sweep.options.address, site.address)));
        }
        if site.connector.database != sweep.options.db {
            let (there, here) = (sweep.options.db, site.connector.database);
            return Err(other(&format!("went to database {there}, and not to {here}")));
        }
        let fills = sweep.points.iter().map(|point| {
            let asked = options(&sweep.options, point)?;
            fill_of(asked).map_err(|error| {
                UsageError::new(format!("point {} ({}): {error}", point.point, sweep.words(point.point)))
            })
        });
        let fills = fills.collect::<Result<Vec<_>, _>>()?;
        let known = |turn: &Turn| (1..=fills.len() as u64).contains(&turn.point);
        if !sweep.order.iter().all(known) {
            return Err(other("has runs of points that it has not"));
        }
        let throwaway: Option<Throwaway> = throwaway.throwaway();
        Ok(Job { place: Place { site, throwaway }, sweep, fills })
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
        let points = runs.grid.points(runs.repeat)?;
        Ok(Sweep {
            schema: SWEEP_SCHEMA.into(),
            sweep: run_id(started_at),
            started_at: humantime::format_rfc3339_millis(started_at).to_string(),
            program: Program { version: env!("CARGO_PKG_VERSION").into() },
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

    /// Checks that what is said again is what was said before.
    fn same_asked(&self, past: &Sweep, given: &GridFile) -> Result<(), UsageError> {
        if !given.grid.is_empty()
            && let Some(difference) = difference(&past.grid, &given.grid.recorded())
        {
            return Err(other(&format!("has another grid: {difference}")));
        }
        let numbers =
            [("repeat", given.repeat, past.repeat), ("shuffle-seed", given.shuffle_seed, past.shuffle_seed)];
        for (name, now, then) in numbers {
            if let Some(now) = now.filter(|now| *now != then) {
                return Err(other(&format!("has --{name} {then}, and not {now}")));
            }
        }
        if let Some(now) = given.warm_up_percent.filter(|now| *now != past.warm_up_percent) {
            return Err(other(&format!("has --warm-up {}%, and not {now}%", past.warm_up_percent)));
        }
        let mut now = Options::default();
        self.throwaway.describe(&mut now);
        let brings = |options: &Options| {
            (options.embedded.clone(), options.discard, options.spawn.clone(), options.server_binary.clone())
        };
        if self.throwaway.option().is_some() && brings(&now) != brings(&past.options) {
            return Err(other("went to other servers than --embedded or --spawn say here"));
        }
        Ok(())
    }
}

impl Job {
    fn fill(&self, turn: &Turn) -> &PointFill {
        &self.fills[turn.point as usize - 1]
    }

    /// Tells what is about to be done.
    fn tell(&self, report: &SweepReport, turns: &[Turn]) {
        let specs = || turns.iter().map(|turn| &self.fill(turn).options.spec);
        let keys = specs().fold(0, |sum: u64, spec| sum.saturating_add(spec.keys()));
        let bytes = specs().fold(0, |sum: u64, spec| sum.saturating_add(spec.payload_bytes()));
        report.planned(&self.sweep, turns.len() as u64, keys, bytes);
    }

    /// Does the runs; what they came to, and what ended them early, if anything did.
    fn go_through(
        &self,
        turns: &[Turn],
        kept: &[KeptRun],
        report: &mut SweepReport,
        halt: tokio::sync::watch::Receiver<bool>,
    ) -> (Tally, Option<Cut>) {
        let share = self.sweep.warm_up_percent;
        let bytes = self.sweep.points.iter().zip(&self.fills).map(|(point, fill)| {
            let spec = &fill.options.spec;
            let warm_up = warm_up_keys(spec.keys(), share).unwrap_or(0) * spec.pair_bytes();
            (point.point, spec.payload_bytes().saturating_add(warm_up))
        });
        let mut pace = Pace::new(turns, bytes.collect::<BTreeMap<_, _>>());
        let mut tally = Tally::default();
        kept.iter().for_each(|run| tally.count(run.verdict, run.limited_by));
        let mut filler = Filler {
            site: &self.place.site,
            sweep: &self.sweep,
            fills: &self.fills,
            report,
            halt,
            told: false,
            unreached: None,
        };
        let result = run(turns, &mut pace, &mut tally, &mut filler);
        let stopped = |message, cure: &str| Cut::Stopped(Failure { message, cure: Some(cure.into()) });
        let cut = match (result, filler.unreached) {
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

/// What a point's runs are asked, checked as a fill's command line is.
fn fill_of(asked: Options) -> Result<PointFill, UsageError> {
    let options = FillArgs::as_in(&asked)?.options(DatasetArgs::as_in(&asked).spec()?)?;
    Ok(PointFill { asked, options })
}

/// The sweep that is to be gone on with is another.
fn other(how: &str) -> UsageError {
    UsageError::new(format!(
        "the sweep in the folder that --resume names {how}: leave that out, or begin anew with --out and another \
         folder"
    ))
}

/// Runs on other servers would not belong to the same sweep.
fn same_target(then: &Target, now: &Target) -> Result<(), UsageError> {
    let told = |target: &Target| {
        let Target { kind, mode, server, version, masters, replicas: _ } = target;
        format!("{kind} {mode} of {masters} with {server} {version}")
    };
    if told(then) == told(now) {
        return Ok(());
    }
    let text = format!(
        "the sweep began on other servers ({}) than are there now ({}): go on with those, or begin anew with --out \
         and another folder",
        told(then),
        told(now)
    );
    Err(UsageError::new(text))
}

fn exit(tally: Tally, cut: Option<&Cut>) -> Exit {
    match (tally, cut) {
        (_, Some(Cut::Interrupted)) => Exit::Interrupted,
        // What is left may be anything.
        (_, Some(Cut::Stopped(_))) => Exit::Failed,
        (Tally { inexact: 1.., .. }, None) => Exit::Inexact,
        (Tally { failed: 1.., .. }, None) => Exit::Failed,
        _ => Exit::Exact,
    }
}

/// It ended before the first run.
pub(super) fn stopped(stop: Stop) -> Result<Exit> {
    match stop {
        Stop::Error(error) => Err(error),
        Stop::Failed(failure) => {
            tell(&error_lines(&failure.message, failure.cure.as_deref()));
            Ok(Exit::Failed)
        }
        Stop::Limit(Limit::Interrupted | Limit::Deadline(_)) => {
            tell(&error_lines(
                "interrupted before the first run: nothing was deleted, and nothing filled",
                None,
            ));
            Ok(Exit::Interrupted)
        }
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
    }

    #[test]
    fn other_servers_are_told_apart_and_replicas_may_come_and_go() {
        let then =
            Target { server: "valkey".into(), version: "9.1.2".into(), masters: 3, ..Target::default() };
        assert_eq!(same_target(&then, &Target { replicas: 3, ..then.clone() }), Ok(()));
        for target in [
            Target { version: "9.1.3".into(), ..then.clone() },
            Target { masters: 4, ..then.clone() },
            Target { kind: "spawned".into(), ..then.clone() },
        ] {
            assert!(same_target(&then, &target).is_err());
        }
    }
}

//! `fillbench compare --live`: fill two sides in turns, until it is settled whether one is slower.

mod runs;
mod size;

use std::time::{Instant, SystemTime};

use anyhow::{Context, Result};

use self::runs::{Doing, End, Filling, Job, SideJob};
use super::CompareCommand;
use crate::args::{LiveSide, UsageError};
use crate::commands::Exit;
use crate::commands::consent::MayDelete;
use crate::commands::interrupt::interrupted;
use crate::commands::place::{Place, Stop, stopped};
use crate::commands::start::{run_id, runtime};
use crate::compare::CompareError;
use crate::compare::live::{Live, LiveOptions, Next};
use crate::limits::Limits;
use crate::recorded::Metric;
use crate::report::{LiveOutput, LiveReport, error_lines, tell};
use crate::results::{ComparisonVerdict, Failure, LiveEnd, Record, Side, Target, Verdict};

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
        let ready = signals.block_on(job.make_ready(&limits, &report));
        let mut doing = Doing { report: &mut report, runtime: &signals, halt: &halt, runs: 0 };
        let sized = match ready.and_then(|()| job.choose_size(&doing)) {
            Ok(sized) => sized,
            Err(stop) => {
                signals.shutdown_background();
                return match stop {
                    // Told with its own cure.
                    Stop::Error(error) => match error.downcast::<CompareError>() {
                        Ok(error) => Ok(Exit::refused(&error, &error.cure())),
                        Err(error) => Err(error),
                    },
                    stop => stopped(stop),
                };
            }
        };
        let mut live = Live::new(job.options.clone());
        if !sized {
            live.interrupt();
        }
        let ended = job.go_through(&mut live, &mut doing);
        let runs = doing.runs;
        drop(job.sides);
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
        exit(end, comparison.map(|comparison| comparison.verdict), job.options.compare.metric)
    }

    fn live_job(&self) -> Result<Job, UsageError> {
        if self.fill.says_how_much() {
            let text = "--live fills the same number of keys each time: give --keys or --data in place of --until-memory";
            return Err(UsageError::new(text));
        }
        let (dataset, fill) = (self.dataset.clone(), self.fill.clone());
        let filling = Filling { dataset, fill, time: self.live.fill_time() };
        let [base, new] = self.live.sides(self.compare.sides(), &self.access)?;
        let renewed = base.throwaway.is_some();
        let names = [base.name.clone(), new.name.clone()];
        let side = |side: LiveSide| {
            let LiveSide { site, throwaway, asked, name } = side;
            let place = Place { site, throwaway };
            let fill = filling.point(asked)?;
            Ok::<_, UsageError>(SideJob {
                place,
                fill,
                target: Target::default(),
                name,
                servers: None,
                is_new: false,
            })
        };
        let sides = [side(base)?, side(new)?];
        let options = LiveOptions {
            compare: self.compare.options(true),
            design: self.live.design()?,
            renewed,
            warm_up_percent: self.live.warm_up_percent(false),
            first_warm_up_percent: self.live.warm_up_percent(true),
            names,
            warnings: Vec::new(),
        };
        Ok(Job {
            sides,
            filling,
            options,
            max_time: self.live.max_time(),
            may_delete: [MayDelete::All; 2],
            is_one: false,
        })
    }
}

/// What the end comes to; what kept the comparison from a verdict is told.
fn exit(end: End, verdict: Option<ComparisonVerdict>, metric: Metric) -> Result<Exit> {
    Ok(match (end, verdict) {
        (End::Refused(error), _) => Exit::refused(&error, &error.cure()),
        (End::Stopped(stop), _) => return stopped(stop),
        (End::Over(LiveEnd::Interrupted, _), _) => Exit::Interrupted,
        (End::Over(LiveEnd::Failed | LiveEnd::Inexact, last), _) => {
            let failure = gave_up(last.as_ref(), metric.name());
            tell(&error_lines(&failure.message, failure.cure.as_deref()));
            match last.map(|(_, record)| record.verdict) {
                Some(Verdict::Missing | Verdict::Wrong) => Exit::Inexact,
                _ => Exit::Failed,
            }
        }
        (End::Over(..), Some(verdict)) => verdict.into(),
        (End::Over(..), None) => {
            let text = "--max-time was over before there was anything to compare";
            tell(&error_lines(text, Some("give it more time, or fill less")));
            Exit::Inconclusive
        }
    })
}

/// What a run that ended the comparison came to.
fn gave_up(last: Option<&(Side, Box<Record>)>, metric: &str) -> Failure {
    let Some((side, record)) = last else {
        return Failure { message: "no run was made".into(), cure: None };
    };
    let account = &record.account;
    match (&record.error, record.verdict) {
        (_, Verdict::Missing | Verdict::Wrong) => Failure {
            message: format!(
                "the {} side does not keep what it is sent: of {} keys of run {}, {} were missing, and {} had other \
                 values",
                side.name(),
                account.planned,
                record.run,
                account.missing.unwrap_or_default(),
                account.wrong.unwrap_or_default()
            ),
            cure: Some("see to that first: it is worse than slow, and nothing more was compared".into()),
        },
        (Some(failure), _) => Failure { message: went_wrong(&failure.message), cure: failure.cure.clone() },
        (None, Verdict::Discarded) => Failure {
            message: went_wrong("the servers throw away what they are sent"),
            cure: Some("say that it is meant so: --despite verdict".into()),
        },
        (None, _) => Failure {
            message: went_wrong(&format!("they have no {metric}")),
            cure: Some("have another figure decide, with --metric, or fill more".into()),
        },
    }
}

fn went_wrong(how: &str) -> String {
    format!("given up, because runs went wrong: {how}")
}

//! `fillbench verify`: look at the keys of a fill again, and repair them if asked.

use std::time::{Instant, SystemTime};

use anyhow::{Context, Result};
use clap::{ArgAction, Args};

use super::Exit;
use super::interrupt::interrupted;
use super::start::{run_id, runtime, written};
use crate::args::{ConnectionArgs, DatasetArgs, LogArgs, UsageError, Verifiable, VerifyArgs};
use crate::fill::FillError;
use crate::limits::{Limit, Limits};
use crate::report::VerifyReport;
use crate::results::{Event, Observer, Options, Verdict, Verification, VerifyAsked};
use crate::target::Site;
use crate::verify::{VerifyOptions, verify};

/// `fillbench verify`.
#[derive(Args)]
#[command(disable_help_flag = true, allow_negative_numbers = true, after_help = AFTER_HELP)]
#[command(
    override_usage = "fillbench verify --from DIR [OPTIONS]\n       fillbench verify --data SIZE [OPTIONS]\n       fillbench verify --keys N [OPTIONS]"
)]
pub(super) struct VerifyCommand {
    #[command(flatten)]
    verify: VerifyArgs,
    #[command(flatten)]
    dataset: DatasetArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Print what was found as one JSON document on stdout, and nothing else there
    #[arg(long, help_heading = "Output")]
    json: bool,
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
Examples:
  fillbench verify --from results/1                 what that fill wrote, where it wrote it
  fillbench verify -h HOST --data 5 --check exists  the keys of a fill with these options
  fillbench verify --from results/1 --sample 1%     a hundredth of them, and what that tells of all
  fillbench verify --from results/1 --repair        and write those again that are not right

Exit codes:
  0 every key is right, or is right now that it was repaired
  1 could not run or finish    2 bad usage
  3 keys missing or wrong    130 interrupted";

/// Everything that was checked before anything was touched.
struct Job {
    site: Site,
    options: VerifyOptions,
    what: Verifiable,
}

impl VerifyCommand {
    /// Whether nothing but help was asked for.
    pub(super) fn wants_help(&self) -> bool {
        self.connection.wants_help()
    }

    /// Verifies, and tells everything.
    pub(super) fn run(self) -> Exit {
        Exit::of(self.try_run())
    }

    fn try_run(self) -> Result<Exit> {
        let started_at = SystemTime::now();
        let (job, asked) = self.job()?;
        let mut record = Verification::new(run_id(started_at), written(started_at), asked);
        let report = VerifyReport::open(self.json, self.quiet, self.log.options()?.as_ref())?;
        for warning in &job.what.warnings {
            report.event(&Event::Warning(warning.clone()));
            record.warnings.push(warning.clone());
        }
        let runtime = runtime(self.verify.threads())?;
        let started = Instant::now();
        runtime.block_on(async {
            let halt = interrupted().context("failed to handle signals")?;
            let limits = Limits::new(halt, started, self.verify.deadline());
            let cut = limits.within(verify(&job.site, &job.options, &report, &mut record)).await.err();
            match cut {
                None => {}
                Some(Limit::Interrupted) => record.verdict = Verdict::Interrupted,
                Some(Limit::Deadline(limit)) => {
                    record.error = Some(FillError::Deadline(limit).failure());
                    record.settle();
                }
            }
            Ok::<_, anyhow::Error>(())
        })?;
        record.seconds.total = started.elapsed().as_secs_f64();
        // Whatever is still waiting, a name service for instance, is not waited for.
        runtime.shutdown_background();
        report.finish(&record)?;
        Ok(record.verdict.into())
    }

    fn job(&self) -> Result<(Job, VerifyAsked), UsageError> {
        let what = self.verify.verifiable(&self.dataset)?;
        let connection = match &what.past {
            Some(past) => self.connection.as_in(&past.options)?,
            None => self.connection.clone(),
        };
        let site = connection.site()?;
        let mut asked = VerifyAsked::default();
        self.verify.describe(&what, &mut asked);
        self.enter_common(&connection, &site, &what, &mut asked);
        let options = self.verify.options(&what);
        Ok((Job { site, options, what }, asked))
    }

    /// Enters what a fill's record has under the same names.
    fn enter_common(
        &self,
        connection: &ConnectionArgs,
        site: &Site,
        what: &Verifiable,
        asked: &mut VerifyAsked,
    ) {
        let mut common = Options::default();
        self.dataset.describe(&mut common);
        connection.describe(site, &mut common);
        if let Some(past) = &what.past {
            let past = &past.options;
            (common.key_size, common.value_size, common.seed) = (past.key_size, past.value_size, past.seed);
            common.key_prefix.clone_from(&past.key_prefix);
        }
        asked.address = common.address;
        asked.tls = common.tls;
        asked.db = common.db;
        asked.address_map = common.address_map;
        asked.connect_timeout_seconds = common.connect_timeout_seconds;
        asked.key_size = common.key_size;
        asked.value_size = common.value_size;
        asked.key_prefix = common.key_prefix;
        asked.seed = common.seed;
    }
}

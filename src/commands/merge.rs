//! `fillbench merge`: the runs of several workers as one, and the proof of what they filled together.

use std::time::{Instant, SystemTime};

use anyhow::{Context, Result};
use clap::{ArgAction, Args};

use super::Exit;
use super::interrupt::interrupted;
use super::start::{run_id, runtime, written};
use crate::args::{ConnectionArgs, LogArgs, MergeArgs, OutputArgs, UsageError};
use crate::limits::{Limit, Limits};
use crate::merge::{MergeError, Whole, enter_proof, whole};
use crate::recorded::workers;
use crate::report::{OutputOptions, Report};
use crate::results::{Event, Observer, PastOptions, Record, Verdict, Verification, VerifyAsked};
use crate::target::Site;
use crate::verify::{VerifyOptions, verify};

/// `fillbench merge`.
#[derive(Args)]
#[command(disable_help_flag = true, allow_negative_numbers = true, after_help = AFTER_HELP)]
#[command(
    override_usage = "fillbench merge DIR... [--out DIR] [OPTIONS]\n       fillbench merge DIR... --prove [-h HOST] [OPTIONS]"
)]
pub(super) struct MergeCommand {
    #[command(flatten)]
    merge: MergeArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    log: LogArgs,
    /// Print this help
    #[arg(long, action = ArgAction::Help, help_heading = "Other")]
    help: Option<bool>,
}

const AFTER_HELP: &str = "\
All workers must be there, each once, with the same dataset, into the same servers. Latencies are \
added up bucket for bucket, keys second by second by the workers' clocks, and the rate is that of all \
keys from the first worker's first byte to the last one's last answer. With --prove, options of the \
server may be given; what is not is as the workers had it, credentials apart.

Examples:
  fillbench merge results/workers                          a folder that holds all workers' folders
  fillbench merge w0 w1 w2 w3 --prove --out results/all    and is every key there?
  fillbench compare results/before results/all

Exit codes:
  0 every worker, and the proof if there was one, found every key
  1 a worker could not run or finish, or the proof could not
  2 bad usage, or folders that are not the workers of one fill
  3 keys missing or wrong    130 interrupted";

/// How the whole is proven.
struct Proof {
    site: Site,
    options: VerifyOptions,
    asked: VerifyAsked,
}

impl MergeCommand {
    /// Whether nothing but help was asked for.
    pub(super) fn wants_help(&self) -> bool {
        self.connection.wants_help()
    }

    /// Merges, and tells everything.
    pub(super) fn run(self) -> Exit {
        match workers(self.merge.folders()).map_err(MergeError::from).and_then(whole) {
            Ok(whole) => Exit::of(self.tell(whole)),
            Err(error) => Exit::refused(&error, &error.cure()),
        }
    }

    fn tell(&self, mut whole: Whole) -> Result<Exit> {
        let output = self.output.clone().validate().map_err(|error| UsageError::new(error.to_string()))?;
        let proof = self.proof(&whole.record)?;
        whole.record.run = run_id(SystemTime::now());
        let output = OutputOptions { log: self.log.options()?, ..output };
        let report = Report::open(&output, &whole.record.run, whole.started_at())?;
        whole.seconds(&mut |second| report.replay(second))?;
        let Whole { mut record, latency, .. } = whole;
        if let Some(proof) = proof {
            proof.enter(&report, self.merge.threads(), &mut record)?;
        }
        for warning in &record.warnings {
            report.event(&Event::Warning(warning.clone()));
        }
        report.finish(&record, &latency)?;
        Ok(record.verdict.into())
    }

    fn proof(&self, whole: &Record) -> Result<Option<Proof>, UsageError> {
        let Some((options, mut asked)) = self.merge.proof(whole)? else {
            return match self.connection.names_a_server() {
                true => Err(UsageError::new("merge asks no server: options that name one go with --prove")),
                false => Ok(None),
            };
        };
        let site = self.connection.as_in(&PastOptions::from(&whole.options))?.site()?;
        asked.address = site.address.to_string();
        Ok(Some(Proof { site, options, asked }))
    }
}

impl Proof {
    /// Reads every key, and enters what was found: what workers had proven was true when they did.
    fn enter(self, report: &Report, threads: u64, record: &mut Record) -> Result<()> {
        let started = Instant::now();
        let mut found = Verification::new(record.run.clone(), written(SystemTime::now()), self.asked);
        let runtime = runtime(threads)?;
        runtime.block_on(async {
            let halt = interrupted().context("failed to handle signals")?;
            let limits = Limits::new(halt, started, None);
            let cut = limits.within(verify(&self.site, &self.options, report, &mut found)).await.err();
            if matches!(cut, Some(Limit::Interrupted)) {
                found.verdict = Verdict::Interrupted;
            }
            Ok::<_, anyhow::Error>(())
        })?;
        runtime.shutdown_background();
        enter_proof(record, &found);
        record.seconds.total += started.elapsed().as_secs_f64();
        Ok(())
    }
}

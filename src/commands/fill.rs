//! `fillbench [options]`: fill, prove, report.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result};
use clap::{ArgMatches, Args, Command};

use crate::args::{
    ConnectionArgs, DatasetArgs, FillArgs, LogArgs, OutputArgs, ResumeArgs, ThrowawayArgs, UsageError,
    WorkerArgs,
};
use crate::fill::{FillOptions, Keeping, Prepared, fill, prepare};
use crate::journal::Past;
use crate::limits::Limits;
use crate::report::{OutputOptions, Report, options_table, print};
use crate::results::{Failure, LatencyHistogram, Options, Record, Resumed, Verdict, new_histogram};
use crate::target::Started;

use super::Exit;
use super::consent::consent;
use super::interrupt::interrupted;
use super::place::{Place, Stop};
use super::record::{begin, cut, fail};
use super::resume::resume_command;
use super::show_options::Typed;
use super::start::runtime;

/// `fillbench` without a subcommand.
#[derive(Args)]
pub(super) struct FillCommand {
    #[command(flatten)]
    dataset: DatasetArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
    #[command(flatten)]
    throwaway: ThrowawayArgs,
    #[command(flatten)]
    fill: FillArgs,
    #[command(flatten)]
    worker: WorkerArgs,
    #[command(flatten)]
    resume: ResumeArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    log: LogArgs,
    /// Print what every option comes to, and who says so, and do nothing
    #[arg(long, help_heading = "Other")]
    show_options: bool,
    /// The command line, for that.
    #[arg(skip)]
    typed: Typed,
}

/// Everything that was checked before anything was touched.
struct Job {
    place: Place,
    options: FillOptions,
    yes: bool,
    /// Where results go.
    output: OutputOptions,
    /// What was done before, if this goes on.
    resumed: Resumed,
}

impl FillCommand {
    /// Whether nothing but help was asked for.
    pub(super) fn wants_help(&self) -> bool {
        self.connection.wants_help()
    }

    /// Fills, and tells everything; or tells only what it would do.
    pub(super) fn run(self) -> Exit {
        Exit::of(if self.show_options { self.try_show_options() } else { self.try_run() })
    }

    /// The same with the command line as it was typed, if that is to be shown.
    pub(super) fn typed(self, command: &Command, given: &ArgMatches) -> Self {
        let typed = if self.show_options { Typed::of(command, given) } else { Typed::default() };
        Self { typed, ..self }
    }

    fn try_show_options(&self) -> Result<Exit> {
        self.output.clone().validate().map_err(|error| UsageError::new(error.to_string()))?;
        let fill = self.fill.clone().with_preset();
        let says_how_much = self.dataset.says_how_much();
        // What does not depend on how much it is can be shown without that.
        let spec = if says_how_much { self.dataset.spec() } else { self.dataset.open_spec() };
        let options = fill.options(self.worker.share(spec?)?)?;
        self.throwaway.site(&self.connection.clone().without_asking())?;
        let mut asked = Options::default();
        fill.describe(&mut asked);
        print(&options_table(&self.typed.shown(&asked, &options)))?;
        Ok(Exit::Exact)
    }

    fn try_run(self) -> Result<Exit> {
        let started_at = SystemTime::now();
        let (job, asked) = self.job()?;
        let mut record = begin(started_at, &job.options, asked);
        record.resumed = job.resumed.clone();
        let output = OutputOptions { log: self.log.options()?, ..job.output.clone() };
        let report = match Report::open(&output, &record.run, started_at) {
            Ok(report) => Arc::new(report),
            Err(error) => {
                record.error = Some(Failure { message: error.to_string(), cure: Some(error.cure().into()) });
                // What has no place to be written to is told where it can be.
                let elsewhere = OutputOptions { out: None, csv: None, log: None, ..output };
                Report::open(&elsewhere, &record.run, started_at)?.finish(&record, &new_histogram())?;
                return Ok(Exit::Failed);
            }
        };
        let runtime = runtime(job.options.threads)?;
        let started = Instant::now();
        let latency = runtime.block_on(job.run(started, &report, &mut record))?;
        record.seconds.total = started.elapsed().as_secs_f64();
        if record.resumed.times > 0 && !matches!(record.verdict, Verdict::Exact | Verdict::Discarded) {
            // Whatever happened, what it began with is still there to go on from.
            record.resume_command = output.out.as_deref().map(resume_command);
        }
        // Whatever is still waiting, a name service for instance, is not waited for.
        runtime.shutdown_background();
        report.finish(&record, &latency)?;
        Ok(record.verdict.into())
    }

    fn job(&self) -> Result<(Job, Options), UsageError> {
        let mut output =
            self.output.clone().validate().map_err(|error| UsageError::new(error.to_string()))?;
        let Some(resuming) = self.resume.resuming()? else {
            let fill = self.fill.clone().with_preset();
            let (mut job, asked) = self.job_of(&self.dataset, &self.connection, &fill, &self.worker)?;
            job.options.start_at = self.worker.start_at(SystemTime::now())?;
            // Servers that end with the run are not there for another to go on; and of a fill that finds out on
            // the way how much it is, nobody could tell what is left.
            let resumable = job.place.throwaway.is_none() && !self.fill.says_how_much();
            job.keep(output.out.as_ref().filter(|_| resumable).cloned(), None);
            return Ok((Job { output, ..job }, asked));
        };
        let past = &resuming.record.options;
        let (connection, fill) = (self.connection.resuming(past)?, FillArgs::as_in(past)?);
        let worker = WorkerArgs::as_in(past)?;
        let (mut job, asked) = self.job_of(&DatasetArgs::as_in(past), &connection, &fill, &worker)?;
        // What was emptied once has been filled since, and the others' start is over.
        job.options.flush = false;
        job.keep(Some(resuming.folder.clone()), Some(resuming.past.clone()));
        (output.out, output.resumed) = (Some(resuming.folder.clone()), true);
        Ok((Job { output, resumed: resuming.resumed(), ..job }, asked))
    }

    /// The job that some options describe.
    fn job_of(
        &self,
        dataset: &DatasetArgs,
        connection: &ConnectionArgs,
        fill: &FillArgs,
        worker: &WorkerArgs,
    ) -> Result<(Job, Options), UsageError> {
        let throwaway = self.throwaway.throwaway();
        worker.check(fill.flushes(), fill.says_how_much(), throwaway.is_some())?;
        let spec = if fill.says_how_much() { dataset.open_spec() } else { dataset.spec() };
        let options = fill.options(worker.share(spec?)?)?;
        let site = self.throwaway.site(connection)?;
        let mut asked = Options::default();
        dataset.describe(&mut asked);
        connection.describe(&site, &mut asked);
        fill.describe(&mut asked);
        worker.describe(&mut asked);
        self.throwaway.describe(&mut asked);
        let (output, resumed) = (OutputOptions::default(), Resumed::default());
        let place = Place { site, throwaway };
        Ok((Job { place, options, yes: fill.yes(), output, resumed }, asked))
    }
}

impl Job {
    /// Has what was executed kept in a folder, and goes on from what is kept there.
    fn keep(&mut self, folder: Option<PathBuf>, past: Option<Arc<Past>>) {
        self.options.keeping =
            folder.map(|folder| Keeping { command: resume_command(&folder), folder, past });
    }

    /// Does the job. What goes wrong with the servers is in the record; only what could not be asked
    /// for is an error.
    async fn run(
        mut self,
        started: Instant,
        report: &Arc<Report>,
        record: &mut Record,
    ) -> Result<LatencyHistogram> {
        let halt = interrupted().context("failed to handle signals")?;
        let limits = Limits::new(halt, started, self.options.timeouts.deadline);
        let (servers, prepared) = match self.make_ready(&limits, record).await {
            Ok(ready) => ready,
            Err(Stop::Error(error)) => return Err(error),
            Err(Stop::Failed(failure)) => return Ok(fail(record, failure)),
            Err(Stop::Limit(limit)) => return Ok(cut(record, limit)),
        };
        let latency = fill(prepared, &self.options, report.clone(), &limits, record).await;
        // Not before the run is over: this stops them.
        drop(servers);
        Ok(latency)
    }

    /// Starts servers if that was asked, finds out whether they can be filled, and asks whether they may be emptied.
    async fn make_ready(
        &mut self,
        limits: &Limits,
        record: &mut Record,
    ) -> Result<(Option<Started>, Prepared), Stop> {
        let (servers, target) = self.place.start(limits).await?;
        record.target = target;
        let prepared = limits.within(prepare(self.place.site.clone(), &self.options)).await??;
        if self.options.flush && servers.is_none() && !self.yes {
            consent(&[&prepared], "--flush", limits).await?;
        }
        Ok((servers, prepared))
    }
}

//! The reports of a sweep: progress over its runs on stderr, and a folder that has each run as soon as it is over.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::OutputError;
use super::disk::failed;
use super::log::LogOptions;
use super::sweep_folder::SweepFolder;
use super::sweep_tables::{Dropped, KeptRun};
use super::terminal::{dropped, estimated, planned, swept, waiting};
use super::watch::{RunWatch, Watchers, Watching};
use crate::results::{Failure, INTERVALS_TABLE, LatencyHistogram, Record, Sweep, Turn};

/// Where the results of a sweep go.
#[derive(Clone, Debug)]
pub struct SweepOutput {
    /// A folder for all that it leaves.
    pub out: PathBuf,
    /// Whether the sweep in that folder is gone on with.
    pub resumed: bool,
    /// Whether progress and summary are left out.
    pub quiet: bool,
    /// What is logged, if anything.
    pub log: Option<LogOptions>,
}

/// What is about to be done.
#[derive(Clone, Debug)]
pub struct SweepPlan {
    /// Runs that are left.
    pub runs: u64,
    /// Keys that they fill.
    pub keys: u64,
    /// Bytes of their keys and values.
    pub payload_bytes: u64,
    /// The same with their warm-ups.
    pub bytes_with_warm_ups: u64,
    /// Seconds that they may take, if there are runs to go by.
    pub seconds: Option<f64>,
}

/// How a sweep ended.
#[derive(Clone, Debug)]
pub struct Swept {
    /// Runs that are written down, and those that there should be.
    pub runs: (u64, u64),
    /// How many of them were done now, and not by a sweep that this went on from.
    pub runs_now: u64,
    /// How many of them have keys missing or wrong.
    pub inexact: u64,
    /// How many of them failed.
    pub failed: u64,
    /// How many of them were limited by this client.
    pub by_client: u64,
    /// What ended it before its last run.
    pub cut: Option<Cut>,
    /// How long it took, this time.
    pub seconds: f64,
    /// The command that goes on, or does again what failed, if there is anything.
    pub resume_command: Option<String>,
}

/// What ends a sweep before its last run.
#[derive(Clone, Debug, PartialEq)]
pub enum Cut {
    /// Somebody.
    Interrupted,
    /// Something that would spoil all runs that are left, and what to do about it.
    Stopped(Failure),
    /// Keys that are not of the sweep, and that nobody said may be deleted.
    Unconsented(Failure),
}

/// All reports of one sweep.
pub struct SweepReport {
    watchers: Watchers,
    folder: SweepFolder,
    out: PathBuf,
}

impl SweepReport {
    /// Opens everything for a sweep; gives the runs that are there already, and tells what was taken away of others.
    ///
    /// # Errors
    /// [`OutputError`] if the folder is used, or is none to go on in, or cannot be written.
    pub fn open(output: &SweepOutput, sweep: &Sweep) -> Result<(Self, Vec<KeptRun>), OutputError> {
        let (folder, kept, gone) = match output.resumed {
            true => SweepFolder::reopen(&output.out, sweep)?,
            false => (SweepFolder::create(&output.out)?, Vec::new(), Dropped::default()),
        };
        let watchers = Watchers::begin(output.quiet, output.log.as_ref())?;
        if !gone.is_empty() {
            watchers.progress.line(&dropped(&gone));
        }
        Ok((Self { watchers, folder, out: output.out.clone() }, kept))
    }

    /// Takes runs away that are to be done again.
    ///
    /// # Errors
    /// [`OutputError::Open`] if the tables cannot be written.
    pub fn forget(&mut self, sweep: &Sweep, runs: &BTreeSet<String>) -> Result<(), OutputError> {
        self.folder.forget(sweep, runs)
    }

    /// Tells that the servers do not answer, and how long they are waited for.
    pub fn waiting(&self, cause: &str, seconds: f64) {
        self.watchers.progress.line(&waiting(cause, seconds));
    }

    /// Writes down what the sweep is.
    ///
    /// # Errors
    /// [`OutputError::Open`] if that cannot be written.
    pub fn begin(&mut self, sweep: &Sweep) -> Result<(), OutputError> {
        self.folder.begin(sweep)
    }

    /// Tells what is about to be done.
    pub fn planned(&self, sweep: &Sweep, plan: &SweepPlan) {
        self.watchers.progress.say(&planned(sweep, plan));
    }

    /// Tells how long all that is left may take, and what that is known by.
    pub fn estimated(&self, seconds: f64, by: &str) {
        self.watchers.progress.say(&estimated(seconds, by));
    }

    /// Watches a fill of a run: a warm-up, or the one that counts.
    pub fn watch(&self, watching: Watching, run: &str) -> Arc<RunWatch> {
        self.watchers.watch(watching, run)
    }

    /// Writes down and tells what became of a run.
    ///
    /// # Errors
    /// [`OutputError::Open`] names what cannot be written.
    pub fn ended(
        &mut self,
        sweep: &Sweep,
        turn: Turn,
        watch: &RunWatch,
        record: &Record,
        latency: &LatencyHistogram,
    ) -> Result<(), OutputError> {
        self.watchers.chronicle.ended(record);
        let seconds = watch.seconds().map_err(failed(&self.out.join(INTERVALS_TABLE)))?;
        self.folder.add(&sweep.sweep, turn, record, &seconds, latency)?;
        self.watchers.ended(watch, &sweep.words(turn.point), Some(turn.repeat), record);
        Ok(())
    }

    /// Tells how it ended; if quiet, only what went wrong.
    pub fn finish(&self, result: &Swept) {
        self.watchers.progress.undraw();
        let text = swept(result, &self.out);
        let went_well = result.failed + result.inexact + result.by_client == 0 && result.cut.is_none();
        if went_well { self.watchers.progress.say(&text) } else { self.watchers.progress.line(&text) }
    }
}

//! The reports of a sweep: progress over its runs on stderr, and a folder that has each run as soon as it is over.

use std::path::PathBuf;
use std::sync::Arc;

use super::OutputError;
use super::log::LogOptions;
use super::sweep_folder::{KeptRun, SweepFolder};
use super::terminal::{ended, estimated, planned, swept};
use super::watch::{RunWatch, Watchers, Watching};
use crate::results::{LatencyHistogram, Record, Sweep, Turn, Verdict};

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
    /// Whether somebody ended it.
    pub interrupted: bool,
    /// How long it took, this time.
    pub seconds: f64,
    /// The command that goes on, if anything is left.
    pub resume_command: Option<String>,
}

/// All reports of one sweep.
pub struct SweepReport {
    watchers: Watchers,
    folder: SweepFolder,
    out: PathBuf,
}

impl SweepReport {
    /// Opens everything; gives the runs that are there already.
    ///
    /// # Errors
    /// [`OutputError`] if the folder is used, or is none to go on in, or cannot be written.
    pub fn open(output: &SweepOutput) -> Result<(Self, Vec<KeptRun>), OutputError> {
        let (folder, kept) = match output.resumed {
            true => SweepFolder::reopen(&output.out)?,
            false => (SweepFolder::create(&output.out)?, Vec::new()),
        };
        let watchers = Watchers::begin(output.quiet, output.log.as_ref())?;
        Ok((Self { watchers, folder, out: output.out.clone() }, kept))
    }

    /// Writes down what the sweep is.
    ///
    /// # Errors
    /// [`OutputError::Open`] if that cannot be written.
    pub fn begin(&mut self, sweep: &Sweep) -> Result<(), OutputError> {
        self.folder.begin(sweep)
    }

    /// Tells what is about to be done: `left` runs, which fill so many keys and bytes of keys and values.
    pub fn planned(&self, sweep: &Sweep, left: u64, keys: u64, payload_bytes: u64) {
        self.watchers.progress.say(&planned(sweep, left, keys, payload_bytes));
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
        let place = || self.out.join("intervals.csv");
        let seconds = watch.seconds().map_err(|error| OutputError::Open { path: place(), error })?;
        self.folder.add(&sweep.sweep, turn, record, &seconds, latency)?;
        let Watching { done, of, .. } = &watch.watching;
        let text = ended((*done + 1, *of), &sweep.words(turn.point), Some(turn.repeat), record);
        match record.verdict {
            Verdict::Exact | Verdict::Discarded => self.watchers.progress.say(&text),
            _ => self.watchers.progress.line(&text),
        }
        Ok(())
    }

    /// Tells how it ended; if quiet, only what went wrong.
    pub fn finish(&self, result: &Swept) {
        self.watchers.progress.undraw();
        let text = swept(result, &self.out);
        let went_well = result.failed == 0 && result.inexact == 0 && !result.interrupted;
        if went_well { self.watchers.progress.say(&text) } else { self.watchers.progress.line(&text) }
    }
}

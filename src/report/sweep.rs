//! The reports of a sweep: progress over its runs on stderr, and a folder that has each run as soon as it is over.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::format::Format;
use super::intervals::Intervals;
use super::log::{Chronicle, LogOptions};
use super::sweep_folder::{KeptRun, SweepFolder};
use super::terminal::{bar, bar_heading, ended, estimated, planned, swept, waiting};
use super::{OutputError, Progress};
use crate::results::{Event, Failure, LatencyHistogram, Observer, Record, Sweep, Turn, Verdict};

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
}

/// All reports of one sweep.
pub struct SweepReport {
    progress: Arc<Progress>,
    chronicle: Arc<Chronicle>,
    folder: SweepFolder,
    out: PathBuf,
    /// Warnings that were told: the same one comes with every run.
    told: Arc<Mutex<BTreeSet<String>>>,
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
        let progress = Arc::new(Progress::stderr(output.quiet));
        if let Some(log) = &output.log {
            log.begin(Some(&progress))?;
        }
        let (chronicle, out) = (Arc::new(Chronicle::default()), output.out.clone());
        Ok((Self { progress, chronicle, folder, out, told: Arc::default() }, kept))
    }

    /// Takes runs away that are to be done again.
    ///
    /// # Errors
    /// [`OutputError::Open`] if the tables cannot be written.
    pub fn forget(&mut self, runs: &BTreeSet<String>) -> Result<(), OutputError> {
        self.folder.forget(runs)
    }

    /// Tells that the servers do not answer, and how long they are waited for.
    pub fn waiting(&self, cause: &str, seconds: f64) {
        self.progress.line(&waiting(cause, seconds));
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
        self.progress.say(&planned(sweep, left, keys, payload_bytes));
    }

    /// Tells how long all that is left may take, and what that is known by.
    pub fn estimated(&self, seconds: f64, by: &str) {
        self.progress.say(&estimated(seconds, by));
    }

    /// Watches a fill of a run: a warm-up, or the one that counts.
    pub fn watch(&self, watching: Watching, run: &str) -> Arc<RunWatch> {
        Arc::new(RunWatch {
            progress: self.progress.clone(),
            chronicle: self.chronicle.clone(),
            told: self.told.clone(),
            seconds: Mutex::new(Intervals::new(Vec::new(), run)),
            began: Instant::now(),
            watching,
        })
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
        self.chronicle.ended(record);
        let seconds = watch.seconds.lock().unwrap_or_else(PoisonError::into_inner).take();
        let place = || self.out.join("intervals.csv");
        let seconds = seconds.map_err(|error| OutputError::Open { path: place(), error })?;
        self.folder.add(&sweep.sweep, turn, record, &seconds, latency)?;
        let Watching { done, of, .. } = &watch.watching;
        let text = ended((*done + 1, *of), &sweep.words(turn.point), turn.repeat, record);
        match record.verdict {
            Verdict::Exact | Verdict::Discarded => self.progress.say(&text),
            _ => self.progress.line(&text),
        }
        Ok(())
    }

    /// Tells how it ended; if quiet, only what went wrong.
    pub fn finish(&self, result: &Swept) {
        self.progress.undraw();
        let text = swept(result, &self.out);
        let went_well = result.failed + result.inexact + result.by_client == 0 && result.cut.is_none();
        if went_well { self.progress.say(&text) } else { self.progress.line(&text) }
    }
}

/// Which fill is watched, and what is known of the whole sweep then.
#[derive(Clone, Debug)]
pub struct Watching {
    /// What is done: `filling`, `warming up`.
    pub work: &'static str,
    /// Which point it is, in words.
    pub point: String,
    /// Runs that are over.
    pub done: u64,
    /// All runs.
    pub of: u64,
    /// Keys of this fill.
    pub keys: u64,
    /// Seconds until the end of the sweep, if that is known.
    pub seconds_left: Option<f64>,
}

/// Receives the events of one fill.
pub struct RunWatch {
    progress: Arc<Progress>,
    chronicle: Arc<Chronicle>,
    told: Arc<Mutex<BTreeSet<String>>>,
    seconds: Mutex<Intervals<Vec<u8>>>,
    began: Instant,
    watching: Watching,
}

impl RunWatch {
    fn show(&self, work: &str, keys: u64, of: u64) {
        let Watching { point, done, of: runs, seconds_left, .. } = &self.watching;
        let elapsed = self.began.elapsed().as_secs_f64();
        let left = seconds_left.map(|seconds| (seconds - elapsed).max(0.0));
        self.progress.draw(
            bar_heading(*done, *runs),
            *done,
            *runs,
            bar(*done, *runs, left, work, (keys, of), point),
        );
    }
}

impl Observer for RunWatch {
    fn event(&self, event: &Event) {
        self.chronicle.event(event);
        match event {
            Event::Second(second) => {
                let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
                // They go into memory, which takes them.
                let _ = seconds.second(second);
            }
            Event::Filling { keys, .. } => self.show(self.watching.work, *keys, self.watching.keys),
            Event::Proving { keys, of } => self.show("proving", *keys, *of),
            Event::Warning(text) => {
                let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
                if told.insert(text.clone()) {
                    self.progress.event(event);
                }
            }
            Event::Incident(_) | Event::Recovered(_) => self.progress.event(event),
            _ => {}
        }
    }
}

//! The progress of fills that are made one after another, of which each is a part of something larger.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::format::Format;
use super::intervals::Intervals;
use super::log::{Chronicle, LogOptions};
use super::terminal::{bar, bar_heading, ended};
use super::{OutputError, Progress};
use crate::results::{Event, Observer, Record, Verdict};

/// Whoever is told of all fills.
pub(super) struct Watchers {
    pub(super) progress: Arc<Progress>,
    pub(super) chronicle: Arc<Chronicle>,
    /// Warnings that were told: the same one comes with every run.
    told: Arc<Mutex<BTreeSet<String>>>,
}

impl Watchers {
    /// Progress on stderr, and the log.
    ///
    /// # Errors
    /// [`OutputError::Open`] if the log cannot be written.
    pub(super) fn begin(quiet: bool, log: Option<&LogOptions>) -> Result<Self, OutputError> {
        let progress = Arc::new(Progress::stderr(quiet));
        if let Some(log) = log {
            log.begin(Some(&progress))?;
        }
        Ok(Self { progress, chronicle: Arc::new(Chronicle::default()), told: Arc::default() })
    }

    /// Watches a fill of the run with this name.
    pub(super) fn watch(&self, watching: Watching, run: &str) -> Arc<RunWatch> {
        Arc::new(RunWatch {
            progress: self.progress.clone(),
            chronicle: self.chronicle.clone(),
            told: self.told.clone(),
            seconds: Mutex::new(Intervals::new(Vec::new(), run)),
            began: Instant::now(),
            watching,
        })
    }

    /// Tells what became of a run that was watched; if quiet, only what went wrong.
    pub(super) fn ended(&self, watch: &RunWatch, point: &str, repeat: Option<u64>, record: &Record) {
        let Watching { done, of, .. } = &watch.watching;
        let text = ended((*done + 1, *of), point, repeat, record);
        match record.verdict {
            Verdict::Exact | Verdict::Discarded => self.progress.say(&text),
            _ => self.progress.line(&text),
        }
    }
}

/// Which fill is watched, and what is known of all runs then.
#[derive(Clone, Debug)]
pub struct Watching {
    /// What the run belongs to: `sweep`, `compare`.
    pub whole: &'static str,
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
    /// Seconds until the end of the last run, if that is known.
    pub seconds_left: Option<f64>,
}

/// Receives the events of one fill.
pub struct RunWatch {
    progress: Arc<Progress>,
    chronicle: Arc<Chronicle>,
    told: Arc<Mutex<BTreeSet<String>>>,
    seconds: Mutex<Intervals<Vec<u8>>>,
    began: Instant,
    pub(super) watching: Watching,
}

impl RunWatch {
    /// The rows of its seconds.
    ///
    /// # Errors
    /// If they could not be written.
    pub(super) fn seconds(&self) -> io::Result<Vec<u8>> {
        self.seconds.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn show(&self, work: &str, keys: u64, of: u64) {
        let Watching { whole, point, done, of: runs, seconds_left, .. } = &self.watching;
        let elapsed = self.began.elapsed().as_secs_f64();
        let left = seconds_left.map(|seconds| (seconds - elapsed).max(0.0));
        self.progress.draw(
            bar_heading(whole, *done, *runs),
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

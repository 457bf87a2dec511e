//! The reports of a live comparison: progress over its runs on stderr, and a folder that has each run as soon as
//! it is over. What comes of it is shown as that of any comparison.

use std::path::PathBuf;
use std::sync::Arc;

use super::OutputError;
use super::disk::failed;
use super::live_folder::LiveFolder;
use super::log::LogOptions;
use super::terminal::{live_ended, live_look, live_pair, live_planned, live_sized};
use super::watch::{RunWatch, Watchers, Watching};
use crate::results::{
    Comparison, INTERVALS_TABLE, LatencyHistogram, LiveLook, MetricChange, Record, Side, Target,
};

/// Where the results of a live comparison go.
#[derive(Clone, Debug, Default)]
pub struct LiveOutput {
    /// A folder for all that it leaves.
    pub out: Option<PathBuf>,
    /// Whether progress is left out.
    pub quiet: bool,
    /// What is logged, if anything.
    pub log: Option<LogOptions>,
}

/// How much a run fills.
#[derive(Clone, Copy, Debug)]
pub enum LiveSize {
    /// So many keys, and bytes of these and their values.
    Keys(u64, u64),
    /// As much as takes so many seconds.
    Seconds(f64),
}

/// What is about to be done.
#[derive(Clone, Debug)]
pub struct LivePlan {
    /// What the sides are called, and what they are.
    pub sides: [(String, Target); 2],
    /// What each run fills.
    pub size: LiveSize,
    /// Seconds after which no run begins, if that is asked.
    pub max_seconds: Option<f64>,
    /// Pairs of runs at each look.
    pub looks: Vec<u64>,
    /// Pairs after which the servers are started anew, if they are.
    pub renewed_after_pairs: Option<u64>,
    /// Percent of a run's keys that warm up for it.
    pub warm_up_percent: f64,
    /// The same for the first run of a server that was started anew.
    pub first_warm_up_percent: f64,
    /// What the order within the pairs is drawn with.
    pub shuffle_seed: u64,
}

/// All reports of one live comparison.
pub struct LiveReport {
    watchers: Watchers,
    folder: Option<LiveFolder>,
    /// The comparison's name.
    name: String,
}

impl LiveReport {
    /// Opens everything; `name` stands in the rows of its runs.
    ///
    /// # Errors
    /// [`OutputError`] if the folder is used, or cannot be written.
    pub fn open(output: &LiveOutput, name: String) -> Result<Self, OutputError> {
        let folder = output.out.as_deref().map(LiveFolder::create).transpose()?;
        let watchers = Watchers::begin(output.quiet, output.log.as_ref())?;
        Ok(Self { watchers, folder, name })
    }

    /// Tells what is about to be done.
    pub fn planned(&self, plan: &LivePlan) {
        self.watchers.progress.say(&live_planned(plan));
    }

    /// Tells how much a run fills, where that was found out.
    pub fn sized(&self, keys: u64, payload_bytes: u64) {
        self.watchers.progress.say(&live_sized(keys, payload_bytes));
    }

    /// Watches a fill of a run: a warm-up, or the one that counts.
    pub fn watch(&self, watching: Watching, run: &str) -> Arc<RunWatch> {
        self.watchers.watch(watching, run)
    }

    /// Writes down and tells what became of a run of a side, for the pair with this number.
    ///
    /// # Errors
    /// [`OutputError::Open`] names what cannot be written.
    pub fn ended(
        &mut self,
        (side, pair): (Side, u64),
        watch: &RunWatch,
        record: &Record,
        latency: &LatencyHistogram,
    ) -> Result<(), OutputError> {
        self.watchers.chronicle.ended(record);
        if let Some(folder) = &mut self.folder {
            let seconds = watch.seconds().map_err(failed(&folder.path().join(INTERVALS_TABLE)))?;
            folder.add(&self.name, (side, pair), record, &seconds, latency)?;
        }
        self.watchers.ended(watch, &format!("pair {pair}, {}", side.name()), None, record);
        Ok(())
    }

    /// Tells what a pair has come to, and all of them so far.
    pub fn paired(&self, pair: u64, change_percent: Option<f64>, so_far: &MetricChange) {
        self.watchers.progress.say(&live_pair(pair, change_percent, so_far));
    }

    /// Tells what a look has come to, the one with this number of so many.
    pub fn looked(&self, number: (u64, u64), look: &LiveLook) {
        self.watchers.progress.say(&live_look(number, look));
    }

    /// Writes what the comparison has come to so far, if there is a folder for it.
    ///
    /// # Errors
    /// [`OutputError::Open`] names what cannot be written.
    pub fn compared(&self, comparison: &Comparison) -> Result<(), OutputError> {
        self.folder.as_ref().map_or(Ok(()), |folder| folder.compared(comparison))
    }

    /// Tells how it ended, after so many runs and seconds.
    pub fn finish(&self, runs: u64, seconds: f64, is_interrupted: bool) {
        let progress = &self.watchers.progress;
        progress.undraw();
        let folder = self.folder.as_ref().filter(|_| runs > 0).map(LiveFolder::path);
        let text = live_ended(runs, seconds, is_interrupted, folder);
        if is_interrupted { progress.line(&text) } else { progress.say(&text) }
    }
}

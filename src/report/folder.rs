//! `--out DIR`: a folder of its own for all that one run leaves. Every file is opened before the
//! first key is sent, so that nothing fails late for a reason that could be known early.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::OutputError;
use super::format::Output;
use super::hlog::LatencyLog;
use super::intervals::Intervals;
use super::json::{self, JsonFile};
use super::latency::LatencyTable;
use super::table::Rows;

const FILES: [&str; 5] = [json::PART, "runs.csv", "intervals.csv", "latency.csv", "latency.hlog"];

/// A folder with its files open. Dropped before [`Folder::keep`], it takes them away again: a run
/// that never began leaves nothing, and can be tried again with the same command line.
pub(super) struct Folder {
    path: PathBuf,
    made: bool,
    kept: AtomicBool,
}

impl Folder {
    /// Makes the folder, and its parents, and opens its files.
    ///
    /// # Errors
    /// [`OutputError::Used`] if it holds anything, [`OutputError::Open`] if it cannot be written.
    pub(super) fn create(
        path: &Path,
        run: &str,
        started_at: SystemTime,
    ) -> Result<(Self, Vec<Output>), OutputError> {
        let failed = |error| OutputError::Open { path: path.into(), error };
        let made = !path.exists();
        fs::create_dir_all(path).map_err(failed)?;
        if fs::read_dir(path).map_err(failed)?.next().is_some() {
            return Err(OutputError::Used { folder: path.into() });
        }
        let folder = Self { path: path.into(), made, kept: AtomicBool::new(false) };
        let outputs = folder.open(run, started_at).map_err(failed)?;
        Ok((folder, outputs))
    }

    fn open(&self, run: &str, started_at: SystemTime) -> io::Result<Vec<Output>> {
        let [part, runs, intervals, latency, hlog] = FILES.map(|name| self.path.join(name));
        let json = JsonFile { part: File::create_new(&part)?, folder: self.path.clone() };
        let log = LatencyLog::begin(File::create_new(&hlog)?, run, started_at)?;
        Ok(vec![
            Output::new(&self.path.join("run.json").display(), json),
            Output::new(&runs.display(), Rows::begin(File::create_new(&runs)?)?),
            Output::new(&intervals.display(), Intervals::begin(File::create_new(&intervals)?, run)?),
            Output::new(&latency.display(), LatencyTable::begin(File::create_new(&latency)?, run)?),
            Output::new(&hlog.display(), log),
        ])
    }

    /// From now on the files stay.
    pub(super) fn keep(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.kept.load(Ordering::Relaxed) {
            return;
        }
        // Nothing better can be done about a file that will not go than to leave it.
        for name in FILES {
            let _ = fs::remove_file(self.path.join(name));
        }
        if self.made {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

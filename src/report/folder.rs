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

/// A folder with its files open. Dropped before [`Folder::keep`], it takes them away again: a run
/// that never began leaves nothing, and can be tried again with the same command line.
pub(super) struct Folder {
    path: PathBuf,
    made: bool,
    files: Vec<PathBuf>,
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
        if !made && !path.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        fs::create_dir_all(path).map_err(failed)?;
        if fs::read_dir(path).map_err(failed)?.next().is_some() {
            return Err(OutputError::Used { folder: path.into() });
        }
        let mut folder = Self { path: path.into(), made, files: Vec::new(), kept: AtomicBool::new(false) };
        let outputs = folder.open(run, started_at).map_err(failed)?;
        Ok((folder, outputs))
    }

    fn open(&mut self, run: &str, started_at: SystemTime) -> io::Result<Vec<Output>> {
        let json = JsonFile { part: self.file(json::PART)?, folder: self.path.clone() };
        let runs = Rows::begin(self.file("runs.csv")?)?;
        let intervals = Intervals::begin(self.file("intervals.csv")?, run)?;
        let latency = LatencyTable::begin(self.file("latency.csv")?, run)?;
        let log = LatencyLog::begin(self.file("latency.hlog")?, run, started_at)?;
        let place = |name| self.path.join(name);
        Ok(vec![
            Output::new(&place("run.json").display(), json),
            Output::new(&place("runs.csv").display(), runs),
            Output::new(&place("intervals.csv").display(), intervals),
            Output::new(&place("latency.csv").display(), latency),
            Output::new(&place("latency.hlog").display(), log),
        ])
    }

    /// A file that was not there before: what somebody else put there meanwhile stays his.
    fn file(&mut self, name: &str) -> io::Result<File> {
        let path = self.path.join(name);
        let file = File::create_new(&path)?;
        self.files.push(path);
        Ok(file)
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
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        if self.made {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

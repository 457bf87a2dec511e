//! `--out DIR` of a sweep: the tables of a run's folder with the rows of all runs, and each run's record in a
//! folder of its own. A run is there when its row in `runs.csv` is, which is written last; whatever else a run
//! left that was cut off goes when the sweep goes on.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nix::fcntl::Flock;

use super::OutputError;
use super::columns::row;
use super::disk::{append, failed, put, sync_folder};
use super::error::Whose;
use super::folder::lock;
use super::format::Format;
use super::json::{RUN_FILE_IN_THE_MAKING, document};
use super::latency::LatencyTable;
use super::sweep_tables::{Dropped, KeptRun, Reopened, headers, remove_records, reopen, runs_without};
use super::table::line;
use crate::results::{
    INTERVALS_TABLE, LATENCY_TABLE, LatencyHistogram, RUN_FILE, RUNS_FOLDER, RUNS_TABLE, Record, SWEEP_FILE,
    Sweep, Turn,
};

/// What [`SWEEP_FILE`] is called until it is whole.
const SWEEP_FILE_IN_THE_MAKING: &str = "sweep.json.part";
/// What the table of runs is called while rows are taken out of it.
const RUNS_TABLE_IN_THE_MAKING: &str = "runs.csv.part";

/// A folder that runs are written down in. Dropped before [`SweepFolder::begin`], it takes away what it made: a sweep
/// that never began can be tried again with the same command line, also where it was killed.
pub(super) struct SweepFolder {
    path: PathBuf,
    made: bool,
    kept: bool,
    /// Made when the first run is to be written down: without a record of the sweep, they would be in the way.
    tables: Option<[File; 3]>,
    /// Held while the sweep lasts: two must not go on in one folder.
    _lock: Option<Flock<File>>,
}

impl SweepFolder {
    /// Makes the folder, and its parents.
    ///
    /// # Errors
    /// [`OutputError::Used`] if it holds anything, [`OutputError::Open`] if it cannot be written.
    pub(super) fn create(path: &Path) -> Result<Self, OutputError> {
        let failed = failed(path);
        let made = !path.exists();
        if !made && !path.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        fs::create_dir_all(path).map_err(&failed)?;
        if !is_unused(path).map_err(&failed)? {
            return Err(OutputError::Used { folder: path.into(), whose: Whose::Sweep });
        }
        let folder = Self { path: path.into(), made, kept: false, tables: None, _lock: lock(path)? };
        // Whether anything can be written there is found out now.
        fs::create_dir_all(path.join(RUNS_FOLDER)).and_then(|()| sync_folder(path)).map_err(failed)?;
        Ok(folder)
    }

    /// Opens the folder of a sweep that is to be gone on with, and gives the runs that are written down in it.
    /// What a run left that was cut off is taken away, and told.
    ///
    /// # Errors
    /// [`OutputError::Busy`] if that sweep goes on by itself, [`OutputError::OtherVersion`] if its tables are
    /// others, [`OutputError::Lost`] and [`OutputError::Damaged`] if they lack runs, [`OutputError::Open`] if they
    /// cannot be written.
    pub(super) fn reopen(path: &Path, sweep: &Sweep) -> Result<(Self, Vec<KeptRun>, Dropped), OutputError> {
        let lock = lock(path)?;
        let Reopened { tables, kept, dropped } = reopen(path, sweep)?;
        let folder = Self { path: path.into(), made: false, kept: true, tables: Some(tables), _lock: lock };
        Ok((folder, kept, dropped))
    }

    /// Takes runs away that are to be done again: their records, then their rows in `runs.csv`, all at once, and then
    /// those in the other tables. Cut off in between, what has a row counts, and the rest goes when the folder is
    /// opened again.
    ///
    /// # Errors
    /// [`OutputError::Open`] if the tables cannot be written.
    pub(super) fn forget(&mut self, sweep: &Sweep, runs: &BTreeSet<String>) -> Result<(), OutputError> {
        let (records, table) = (self.path.join(RUNS_FOLDER), self.path.join(RUNS_TABLE));
        remove_records(&records, |run| runs.contains(run)).map_err(failed(&records))?;
        let left = runs_without(&self.path, sweep, runs)?;
        put(&self.path, RUNS_TABLE_IN_THE_MAKING, RUNS_TABLE, &left).map_err(failed(&table))?;
        self.tables = Some(reopen(&self.path, sweep)?.tables);
        Ok(())
    }

    /// Writes the record of the sweep: from now on the folder stays.
    ///
    /// # Errors
    /// [`OutputError::Open`] if it cannot be written.
    pub(super) fn begin(&mut self, sweep: &Sweep) -> Result<(), OutputError> {
        let place = self.path.join(SWEEP_FILE);
        let written =
            document(sweep).and_then(|text| put(&self.path, SWEEP_FILE_IN_THE_MAKING, SWEEP_FILE, &text));
        written.map_err(failed(&place))?;
        self.kept = true;
        self.tables().map(drop)
    }

    /// From now on the folder stays, also without a record of a sweep.
    pub(super) fn keep(&mut self) {
        self.kept = true;
    }

    /// Writes down one run. Its row comes last: what is before it counts only with it.
    ///
    /// # Errors
    /// [`OutputError::Open`] names what cannot be written.
    pub(super) fn add(
        &mut self,
        sweep: &str,
        turn: Turn,
        record: &Record,
        seconds: &[u8],
        latency: &LatencyHistogram,
    ) -> Result<(), OutputError> {
        let path = self.path.clone();
        let [runs, intervals, latencies] = self.tables()?;
        let records = path.join(RUNS_FOLDER);
        let folder = records.join(&record.run);
        let put_record = || {
            fs::create_dir_all(&folder)?;
            sync_folder(&records)?;
            put(&folder, RUN_FILE_IN_THE_MAKING, RUN_FILE, &document(record)?)
        };
        put_record().map_err(failed(&folder.join(RUN_FILE)))?;
        let place = |name| path.join(name);
        append(intervals, seconds).map_err(failed(&place(INTERVALS_TABLE)))?;
        let mut rows = Vec::new();
        let failed_rows = failed(&place(LATENCY_TABLE));
        LatencyTable::new(&mut rows, &record.run).finish(record, latency).map_err(&failed_rows)?;
        append(latencies, &rows).map_err(failed_rows)?;
        let mut cells = row(record);
        cells.extend([sweep.into(), turn.point.to_string(), turn.repeat.to_string()]);
        line(cells.iter().map(String::as_str))
            .and_then(|row| append(runs, &row))
            .map_err(failed(&place(RUNS_TABLE)))
    }

    fn tables(&mut self) -> Result<&mut [File; 3], OutputError> {
        let tables = match self.tables.take() {
            Some(tables) => tables,
            None => new_tables(&self.path)?,
        };
        Ok(self.tables.insert(tables))
    }
}

impl Drop for SweepFolder {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // Nothing better can be done about what will not go than to leave it.
        let _ = fs::remove_file(self.path.join(SWEEP_FILE_IN_THE_MAKING));
        let _ = fs::remove_dir(self.path.join(RUNS_FOLDER));
        if self.made {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// Whether a folder holds nothing but what a sweep leaves that was killed before it began.
///
/// # Errors
/// If it cannot be read.
pub(super) fn is_unused(path: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let is_unused = match entry.file_name().to_str() {
            Some(SWEEP_FILE_IN_THE_MAKING) => true,
            Some(RUNS_FOLDER) => fs::read_dir(entry.path()).is_ok_and(|mut runs| runs.next().is_none()),
            _ => false,
        };
        if !is_unused {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the tables of a folder. Their headers are on the disk before the first run is.
fn new_tables(path: &Path) -> Result<[File; 3], OutputError> {
    let new = |(name, header): (&str, Vec<u8>)| {
        let table = path.join(name);
        let written = File::create_new(&table).and_then(|mut file| {
            file.write_all(&header)?;
            file.sync_all()?;
            Ok(file)
        });
        written.map_err(failed(&table))
    };
    let [runs, intervals, latency] = headers().map_err(failed(path))?;
    let tables = [new(runs)?, new(intervals)?, new(latency)?];
    sync_folder(path).map_err(failed(path))?;
    Ok(tables)
}

#[cfg(test)]
#[path = "sweep_folder_tests.rs"]
mod tests;

//! `--out DIR` of a sweep: the tables of a run's folder with the rows of all runs, and each run's record in a
//! folder of its own. A run is there when its row in `runs.csv` is, which is written last; whatever else a run
//! left that was cut off goes when the sweep goes on.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use nix::fcntl::Flock;

use super::OutputError;
use super::columns::{columns, row};
use super::folder::{lock, tables};
use super::format::Format;
use super::json::{RUN_FILE, RUN_FILE_IN_THE_MAKING, document};
use super::latency::LatencyTable;
use super::table::line;
use crate::results::{LatencyHistogram, Record, Sweep, Turn, Verdict};

/// The record of the sweep.
pub const SWEEP_FILE: &str = "sweep.json";
/// What [`SWEEP_FILE`] is called until it is whole.
const SWEEP_FILE_IN_THE_MAKING: &str = "sweep.json.part";
/// The folder of the runs' folders.
const RUNS: &str = "runs";

/// What a row of `runs.csv` has in a sweep behind the columns that it has anywhere.
const COLUMNS: [&str; 3] = ["sweep", "point", "repeat"];

/// A run that is written down.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptRun {
    /// Its name.
    pub run: String,
    /// Which run of which point it was.
    pub turn: Turn,
    /// How it ended.
    pub verdict: Verdict,
}

/// A folder with its tables open. Dropped before [`SweepFolder::begin`], it takes away what it made: a sweep
/// that never began can be tried again with the same command line.
pub(super) struct SweepFolder {
    path: PathBuf,
    made: bool,
    kept: bool,
    tables: [File; 3],
    /// Held while the sweep lasts: two must not go on in one folder.
    _lock: Option<Flock<File>>,
}

impl SweepFolder {
    /// Makes the folder, and its parents, and opens its tables.
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
        if fs::read_dir(path).map_err(&failed)?.next().is_some() {
            return Err(OutputError::Used { folder: path.into() });
        }
        let lock = lock(path)?;
        let open = |(name, header): (&str, Vec<u8>)| {
            let mut file = File::create_new(path.join(name))?;
            file.write_all(&header)?;
            Ok::<_, io::Error>(file)
        };
        let [runs, intervals, latency] = headers().map_err(&failed)?;
        let tables = open(runs).and_then(|runs| Ok([runs, open(intervals)?, open(latency)?]));
        let tables = tables.map_err(|error| {
            take_away(path, made);
            failed(error)
        })?;
        Ok(Self { path: path.into(), made, kept: false, tables, _lock: lock })
    }

    /// Opens the folder of a sweep that is to be gone on with, and gives the runs that are written down in it.
    /// What a run left that was cut off is taken away.
    ///
    /// # Errors
    /// [`OutputError::Busy`] if that sweep goes on by itself, [`OutputError::OtherVersion`] if its tables are
    /// others, [`OutputError::Open`] if they cannot be written.
    pub(super) fn reopen(path: &Path) -> Result<(Self, Vec<KeptRun>), OutputError> {
        let lock = lock(path)?;
        let [runs, intervals, latency] = headers().map_err(failed(path))?;
        let open = |name: &str| {
            let options = OpenOptions::new().create(true).read(true).append(true).open(path.join(name));
            options.map_err(failed(&path.join(name)))
        };
        let table = path.join(runs.0);
        let mut file = open(runs.0)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed(&table))?;
        let (whole, rows) = whole_records(&text);
        match text.split_inclusive(|byte| *byte == b'\n').next() {
            Some(header) if header == runs.1 => file.set_len(whole).map_err(failed(&table))?,
            // Killed in its first moment.
            Some(header) if runs.1.starts_with(header) => {
                begin_anew(&mut file, &runs.1).map_err(failed(&table))?;
            }
            None => file.write_all(&runs.1).map_err(failed(&table))?,
            Some(_) => return Err(OutputError::OtherVersion { table }),
        }
        let kept: Vec<KeptRun> = rows.iter().filter_map(kept_run).collect();
        let known: BTreeSet<&str> = kept.iter().map(|run| run.run.as_str()).collect();
        let rows_of = |(name, header): (&str, Vec<u8>)| {
            let table = path.join(name);
            let mut file = open(name)?;
            match forget_unknown(&mut file, &header, &known).map_err(failed(&table))? {
                true => Ok(file),
                false => Err(OutputError::OtherVersion { table }),
            }
        };
        let tables = [file, rows_of(intervals)?, rows_of(latency)?];
        remove_unknown(&path.join(RUNS), &known).map_err(failed(&path.join(RUNS)))?;
        Ok((Self { path: path.into(), made: false, kept: true, tables, _lock: lock }, kept))
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
        Ok(())
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
        let folder = self.path.join(RUNS).join(&record.run);
        let put_record = || {
            fs::create_dir_all(&folder)?;
            put(&folder, RUN_FILE_IN_THE_MAKING, RUN_FILE, &document(record)?)
        };
        put_record().map_err(failed(&folder.join(RUN_FILE)))?;
        let place = |name| self.path.join(name);
        let [runs, intervals, latencies] = &mut self.tables;
        append(intervals, seconds).map_err(failed(&place("intervals.csv")))?;
        let mut rows = Vec::new();
        let failed_rows = failed(&place("latency.csv"));
        LatencyTable::new(&mut rows, &record.run).finish(record, latency).map_err(&failed_rows)?;
        append(latencies, &rows).map_err(failed_rows)?;
        let mut cells = row(record);
        cells.extend([sweep.into(), turn.point.to_string(), turn.repeat.to_string()]);
        line(cells.iter().map(String::as_str))
            .and_then(|row| append(runs, &row))
            .map_err(failed(&place("runs.csv")))
    }
}

impl Drop for SweepFolder {
    fn drop(&mut self) {
        if !self.kept {
            take_away(&self.path, self.made);
        }
    }
}

/// Removes what a sweep made that never began.
fn take_away(folder: &Path, made: bool) {
    // Nothing better can be done about a file that will not go than to leave it.
    for name in ["runs.csv", "intervals.csv", "latency.csv", SWEEP_FILE_IN_THE_MAKING] {
        let _ = fs::remove_file(folder.join(name));
    }
    if made {
        let _ = fs::remove_dir(folder);
    }
}

pub(super) fn failed(path: &Path) -> impl Fn(io::Error) -> OutputError + use<> {
    let path = path.to_owned();
    move |error| OutputError::Open { path: path.clone(), error }
}

/// The tables with their headers.
fn headers() -> io::Result<[(&'static str, Vec<u8>); 3]> {
    let [_, intervals, latency] = tables()?;
    Ok([("runs.csv", line(columns().chain(COLUMNS))?), intervals, latency])
}

/// Writes a file under another name, and gives it its own when it is on the disk: it is there whole or not at all.
pub(super) fn put(folder: &Path, part: &str, name: &str, text: &[u8]) -> io::Result<()> {
    let part = folder.join(part);
    let mut file = File::create(&part)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&part, folder.join(name))
}

/// Adds rows, and waits until they are on the disk.
fn append(file: &mut File, rows: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::End(0))?;
    file.write_all(rows)?;
    file.sync_data()
}

fn begin_anew(file: &mut File, header: &[u8]) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all(header)
}

/// The rows of `runs.csv` that are whole, without the header, and where they end. A cell may hold line ends, so
/// the last of those tells nothing: a torn row has too few cells, or no end.
fn whole_records(text: &[u8]) -> (u64, Vec<csv::StringRecord>) {
    let expected = columns().count() + COLUMNS.len();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let (mut end, mut rows, mut row) = (0, Vec::new(), csv::StringRecord::new());
    while reader.read_record(&mut row).unwrap_or(false) {
        let at = reader.position().byte();
        let ends = at > 0 && text.get(at as usize - 1) == Some(&b'\n');
        if row.len() != expected || !ends {
            break;
        }
        end = at;
        rows.push(row.clone());
    }
    if !rows.is_empty() {
        rows.remove(0);
    }
    (end, rows)
}

/// What a row says of its run; `None` if that is nothing that a sweep writes.
fn kept_run(row: &csv::StringRecord) -> Option<KeptRun> {
    let names: Vec<_> = columns().chain(COLUMNS).collect();
    let cell = |name| row.get(names.iter().position(|column| *column == name)?);
    let turn = Turn { point: cell("point")?.parse().ok()?, repeat: cell("repeat")?.parse().ok()? };
    let verdict = serde_json::from_value(cell("verdict")?.into()).ok()?;
    Some(KeptRun { run: cell("run")?.into(), turn, verdict })
}

/// Cuts off the rows at the end of a table that belong to no known run, or are torn: rows come run by run. A
/// cell of these tables holds no line end. Returns whether the table has this header.
fn forget_unknown(file: &mut File, header: &[u8], known: &BTreeSet<&str>) -> io::Result<bool> {
    file.seek(SeekFrom::Start(0))?;
    let (mut end, mut at, mut row) = (0, 0, Vec::new());
    let mut reader = BufReader::new(&*file);
    while reader.read_until(b'\n', &mut row)? > 0 {
        if at == 0 && row != header {
            if !header.starts_with(&row) {
                return Ok(false);
            }
            break;
        }
        at += row.len() as u64;
        let run = row.split(|byte| *byte == b',').next().and_then(|cell| std::str::from_utf8(cell).ok());
        if row.ends_with(b"\n") && (end == 0 || run.is_some_and(|run| known.contains(run))) {
            end = at;
        }
        row.clear();
    }
    if end == 0 {
        begin_anew(file, header)?;
    } else {
        file.set_len(end)?;
    }
    Ok(true)
}

/// Removes the folders of runs that were cut off while they were written down.
fn remove_unknown(runs: &Path, known: &BTreeSet<&str>) -> io::Result<()> {
    let entries = match fs::read_dir(runs) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| known.contains(name)) {
            continue;
        }
        for name in [RUN_FILE, RUN_FILE_IN_THE_MAKING] {
            let _ = fs::remove_file(entry.path().join(name));
        }
        // What somebody else has put there stays.
        let _ = fs::remove_dir(entry.path());
    }
    Ok(())
}

#[cfg(test)]
#[path = "sweep_folder_tests.rs"]
mod tests;

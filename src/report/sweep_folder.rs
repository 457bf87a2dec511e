//! `--out DIR` of a sweep: the tables of a run's folder with the rows of all runs, and each run's record in a
//! folder of its own. A run is there when its row in `runs.csv` is, which is written last; whatever else a run
//! left that was cut off goes when the sweep goes on.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use nix::fcntl::Flock;

use super::OutputError;
use super::columns::{columns, row};
use super::folder::{lock, tables};
use super::format::Format;
use super::json::{RUN_FILE, RUN_FILE_IN_THE_MAKING, document};
use super::latency::LatencyTable;
use super::table::line;
use crate::results::{LatencyHistogram, LimitedBy, Record, Sweep, Turn, Verdict};

/// The record of the sweep.
pub const SWEEP_FILE: &str = "sweep.json";
/// What [`SWEEP_FILE`] is called until it is whole.
const SWEEP_FILE_IN_THE_MAKING: &str = "sweep.json.part";
/// The table of all runs.
const RUNS_TABLE: &str = "runs.csv";
/// What it is called while rows are taken out of it.
const RUNS_TABLE_IN_THE_MAKING: &str = "runs.csv.part";
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
    /// What limited it.
    pub limited_by: LimitedBy,
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
        let (tables, kept) = open_again(path)?;
        Ok((Self { path: path.into(), made: false, kept: true, tables, _lock: lock }, kept))
    }

    /// Takes runs away that are to be done again: first their rows in `runs.csv`, all at once, and then all that
    /// belongs to no row. Cut off in between, the rest goes when the folder is opened again.
    ///
    /// # Errors
    /// [`OutputError::Open`] if the tables cannot be written.
    pub(super) fn forget(&mut self, runs: &BTreeSet<String>) -> Result<(), OutputError> {
        let table = self.path.join(RUNS_TABLE);
        let without = || {
            let (_, rows) = whole_records(&fs::read(&table)?);
            let [(_, mut text), ..] = headers()?;
            for row in rows.iter().filter(|row| !row.get(0).is_some_and(|run| runs.contains(run))) {
                text.extend(line(row.iter())?);
            }
            put(&self.path, RUNS_TABLE_IN_THE_MAKING, RUNS_TABLE, &text)
        };
        without().map_err(failed(&table))?;
        (self.tables, _) = open_again(&self.path)?;
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
            .map_err(failed(&place(RUNS_TABLE)))
    }
}

impl Drop for SweepFolder {
    fn drop(&mut self) {
        if !self.kept {
            take_away(&self.path, self.made);
        }
    }
}

/// Opens the tables of a folder, takes away what belongs to no run that is written down, and gives those.
fn open_again(path: &Path) -> Result<([File; 3], Vec<KeptRun>), OutputError> {
    // What is left of [`SweepFolder::forget`], if it was killed.
    let _ = fs::remove_file(path.join(RUNS_TABLE_IN_THE_MAKING));
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
        let known = known_rows(&mut open(name)?, &header, &known, &table).map_err(failed(&table))?;
        if known { open(name) } else { Err(OutputError::OtherVersion { table }) }
    };
    let tables = [file, rows_of(intervals)?, rows_of(latency)?];
    remove_unknown(&path.join(RUNS), &known).map_err(failed(&path.join(RUNS)))?;
    Ok((tables, kept))
}

/// Removes what a sweep made that never began.
fn take_away(folder: &Path, made: bool) {
    // Nothing better can be done about a file that will not go than to leave it.
    for name in [RUNS_TABLE, "intervals.csv", "latency.csv", SWEEP_FILE_IN_THE_MAKING] {
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
    Ok([(RUNS_TABLE, line(columns().chain(COLUMNS))?), intervals, latency])
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
    let limited_by = serde_json::from_value(cell("limited_by")?.into()).ok()?;
    Some(KeptRun { run: cell("run")?.into(), turn, verdict, limited_by })
}

/// Takes the rows out of a table that belong to no known run, or are torn. Mostly they stand at its end, since rows
/// come run by run; where they do not, the table is written anew beside itself. A cell of these tables holds no line
/// end. Returns whether the table has this header.
fn known_rows(file: &mut File, header: &[u8], known: &BTreeSet<&str>, table: &Path) -> io::Result<bool> {
    let is_known = |row: &[u8]| {
        let run = row.split(|byte| *byte == b',').next().and_then(|cell| std::str::from_utf8(cell).ok());
        row.ends_with(b"\n") && run.is_some_and(|run| known.contains(run))
    };
    let (mut end, mut at, mut row, mut unknown_before) = (0, 0, Vec::new(), 0);
    let mut reader = BufReader::new(&*file);
    reader.seek(SeekFrom::Start(0))?;
    while reader.read_until(b'\n', &mut row)? > 0 {
        if at == 0 && row != header {
            if !header.starts_with(&row) {
                return Ok(false);
            }
            break;
        }
        let begins = at;
        at += row.len() as u64;
        if end == 0 || is_known(&row) {
            unknown_before += begins - end;
            end = at;
        }
        row.clear();
    }
    match (end, unknown_before) {
        (0, _) => begin_anew(file, header)?,
        (_, 0) => file.set_len(end)?,
        _ => write_anew(file, table, header, is_known)?,
    }
    Ok(true)
}

/// Puts a table in the place of another that has but the rows to be kept.
fn write_anew(old: &File, table: &Path, header: &[u8], is_kept: impl Fn(&[u8]) -> bool) -> io::Result<()> {
    let part = table.with_extension("csv.part");
    let (mut from, mut to) = (BufReader::new(old), BufWriter::new(File::create(&part)?));
    let mut row = Vec::new();
    from.seek(SeekFrom::Start(header.len() as u64))?;
    to.write_all(header)?;
    while from.read_until(b'\n', &mut row)? > 0 {
        if is_kept(&row) {
            to.write_all(&row)?;
        }
        row.clear();
    }
    to.into_inner()?.sync_all()?;
    fs::rename(part, table)
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

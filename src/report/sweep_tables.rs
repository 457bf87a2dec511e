//! The tables of a sweep's folder, opened again: which runs are written down there, and what is left of others. A run
//! is written down when its row in `runs.csv` is, so nothing is ever taken out of that table but an end that was cut
//! off while it was written. Whatever else is wrong with it is for a person to mend.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder, StringRecord, Terminator};

use super::OutputError;
use super::columns::columns;
use super::disk::{failed, sync_folder};
use super::error::Whose;
use super::folder::tables;
use super::json::RUN_FILE_IN_THE_MAKING;
use super::table::line;
use crate::results::{LimitedBy, RUN_FILE, RUNS_FOLDER, RUNS_TABLE, Sweep, Turn, Verdict};

/// The end of a table's name while it is written anew.
const PART: &str = "csv.part";

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
    /// How long it took, without its warm-up.
    pub seconds: f64,
}

/// What was taken away because it belongs to no run that is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Whether `runs.csv` ended within a row.
    pub torn: bool,
    /// Runs that have no row there, and rows in another table, or a record.
    pub runs: BTreeSet<String>,
}

impl Dropped {
    /// Whether there was nothing to take away.
    pub fn is_empty(&self) -> bool {
        !self.torn && self.runs.is_empty()
    }
}

/// Tables to be added to, and what they hold.
pub(super) struct Reopened {
    pub(super) tables: [File; 3],
    pub(super) kept: Vec<KeptRun>,
    pub(super) dropped: Dropped,
}

/// The tables with their headers.
pub(super) fn headers() -> io::Result<[(&'static str, Vec<u8>); 3]> {
    let [_, intervals, latency] = tables()?;
    Ok([(RUNS_TABLE, line(columns().chain(COLUMNS))?), intervals, latency])
}

/// Opens the tables of a folder, and takes away what belongs to no run that is written down. Nothing is changed
/// before all of it has been looked at.
///
/// # Errors
/// [`OutputError::Lost`] and [`OutputError::Damaged`] if there are runs whose rows are gone, or cannot be read,
/// [`OutputError::OtherVersion`] if the tables are others, [`OutputError::Open`] if they cannot be written.
pub(super) fn reopen(path: &Path, sweep: &Sweep) -> Result<Reopened, OutputError> {
    let tables = headers().map_err(failed(path))?.map(|(name, header)| (path.join(name), header));
    let [runs, others @ ..] = &tables;
    let folder = path.join(RUNS_FOLDER);
    let recorded = recorded(&folder).map_err(failed(&folder))?;
    let lost = |table: &Path| {
        let (table, folder) = (table.to_owned(), folder.clone());
        Err(OutputError::Lost { table, folder, runs: recorded.len() as u64 })
    };

    let text = beginning(&runs.0, u64::MAX)?;
    let is_headed = has_header(&text, &runs.1, &runs.0)?;
    let rows = if is_headed { rows(&text, &runs.0, sweep)? } else { Rows::default() };
    // The header is on the disk before the first record, and a record before its row: one at most has none.
    if rows.kept.is_empty() && recorded.len() > usize::from(is_headed) {
        return lost(&runs.0);
    }
    for (table, header) in others {
        let begins = beginning(table, header.len() as u64)?;
        if !has_header(&begins, header, table)? && !rows.kept.is_empty() {
            return lost(table);
        }
    }

    let known: BTreeSet<&str> = rows.kept.iter().map(|(run, _)| run.run.as_str()).collect();
    let unknown = recorded.iter().filter(|run| !known.contains(run.as_str())).cloned();
    let mut dropped = Dropped { torn: rows.torn, runs: unknown.collect() };
    for (table, _) in &tables {
        // What is left of one that was being written anew.
        let _ = fs::remove_file(table.with_extension(PART));
    }
    let end = rows.end.max(runs.1.len()) as u64;
    open(&runs.0, &runs.1).and_then(|file| file.set_len(end)).map_err(failed(&runs.0))?;
    for (table, header) in others {
        let unknown = open(table, header).and_then(|file| drop_unknown(&file, table, header, &known));
        dropped.runs.extend(unknown.map_err(failed(table))?);
    }
    remove_records(&folder, |run| !known.contains(run)).map_err(failed(&folder))?;
    let open = |(table, header): &(PathBuf, Vec<u8>)| open(table, header).map_err(failed(table));
    let tables = [open(&tables[0])?, open(&tables[1])?, open(&tables[2])?];
    Ok(Reopened { tables, kept: rows.kept.into_iter().map(|(run, _)| run).collect(), dropped })
}

/// The text of `runs.csv` without the rows of some runs.
///
/// # Errors
/// As of [`reopen`].
pub(super) fn runs_without(
    path: &Path,
    sweep: &Sweep,
    runs: &BTreeSet<String>,
) -> Result<Vec<u8>, OutputError> {
    let table = path.join(RUNS_TABLE);
    let text = beginning(&table, u64::MAX)?;
    let [(_, mut left), ..] = headers().map_err(failed(&table))?;
    let rows = rows(&text, &table, sweep)?;
    for (_, place) in rows.kept.into_iter().filter(|(run, _)| !runs.contains(&run.run)) {
        left.extend(&text[place]);
    }
    Ok(left)
}

/// Removes the records of some runs, with their folders.
pub(super) fn remove_records(folder: &Path, is_gone: impl Fn(&str) -> bool) -> io::Result<()> {
    for entry in folders(folder)?.filter(|path| name(path).is_some_and(&is_gone)) {
        for name in [RUN_FILE, RUN_FILE_IN_THE_MAKING] {
            let _ = fs::remove_file(entry.join(name));
        }
        // What somebody else has put there stays.
        let _ = fs::remove_dir(entry);
    }
    Ok(())
}

/// The runs that have a record.
fn recorded(folder: &Path) -> io::Result<BTreeSet<String>> {
    let recorded = folders(folder)?.filter(|path| path.join(RUN_FILE).exists());
    Ok(recorded.filter_map(|path| name(&path).map(str::to_owned)).collect())
}

fn name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

fn folders(folder: &Path) -> io::Result<impl Iterator<Item = PathBuf> + use<>> {
    let entries: Vec<_> = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        entries => entries?.collect::<Result<_, _>>()?,
    };
    Ok(entries.into_iter().map(|entry| entry.path()))
}

/// So many bytes of a table, or all that there are.
fn beginning(table: &Path, bytes: u64) -> Result<Vec<u8>, OutputError> {
    let mut text = Vec::new();
    match File::open(table).and_then(|file| file.take(bytes).read_to_end(&mut text)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(table)(error)),
        _ => Ok(text),
    }
}

/// Whether a table begins with its header; not if that was cut off, or is gone.
fn has_header(begins: &[u8], header: &[u8], table: &Path) -> Result<bool, OutputError> {
    match begins.starts_with(header) {
        true => Ok(true),
        false if header.starts_with(begins) => Ok(false),
        false => Err(OutputError::OtherVersion { table: table.into(), whose: Whose::Sweep }),
    }
}

/// Opens a table of which is known that it has its header, or nothing behind a part of it.
fn open(table: &Path, header: &[u8]) -> io::Result<File> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(table)?;
    if file.metadata()?.len() < header.len() as u64 {
        file.set_len(0)?;
        file.write_all(header)?;
        file.sync_all()?;
    }
    Ok(file)
}

/// The rows of `runs.csv`.
#[derive(Default)]
struct Rows {
    /// Each run, and where its row is.
    kept: Vec<(KeptRun, Range<usize>)>,
    /// Where they end.
    end: usize,
    /// Whether a row that was cut off stands there.
    torn: bool,
}

/// Reads the rows of a text that has its header. A cell may hold line ends.
fn rows(text: &[u8], table: &Path, sweep: &Sweep) -> Result<Rows, OutputError> {
    let names: Vec<_> = columns().chain(COLUMNS).collect();
    let mut reader = ReaderBuilder::new();
    let reader = reader.has_headers(false).flexible(true).terminator(Terminator::Any(b'\n'));
    let (mut reader, mut row) = (reader.from_reader(text), ByteRecord::new());
    let mut left: BTreeSet<Turn> = sweep.order.iter().copied().collect();
    let (mut rows, mut number) = (Rows::default(), 0);
    while reader.read_byte_record(&mut row).map_err(|error| failed(table)(error.into()))? {
        number += 1;
        if number == 1 {
            rows.end = reader.position().byte() as usize;
            continue;
        }
        let place = rows.end..reader.position().byte() as usize;
        let ends = text[place.clone()].ends_with(b"\n");
        let problem = match kept_run(&row, &names, &sweep.sweep) {
            Ok(run) if ends && left.remove(&run.turn) => {
                rows.end = place.end;
                rows.kept.push((run, place));
                continue;
            }
            Ok(_) => "is of a run that the sweep has not, or that an earlier row has",
            Err(problem) => problem,
        };
        if !is_torn(&text[rows.end..], &sweep.sweep) {
            return Err(OutputError::Damaged { table: table.into(), row: number, problem });
        }
        rows.torn = true;
        break;
    }
    Ok(rows)
}

/// What a row says of its run, or what is wrong with it.
fn kept_run(row: &ByteRecord, names: &[&str], sweep: &str) -> Result<KeptRun, &'static str> {
    if row.len() != names.len() {
        return Err("has too few cells, or too many");
    }
    let row = StringRecord::from_byte_record(row.clone()).map_err(|_| "is no text")?;
    let cell =
        |name| names.iter().position(|one| *one == name).and_then(|place| row.get(place)).unwrap_or("");
    if cell("sweep") != sweep {
        return Err("is of another sweep");
    }
    let number = |name| cell(name).parse().map_err(|_| "does not say which run it is of");
    Ok(KeptRun {
        run: cell("run").into(),
        turn: Turn { point: number("point")?, repeat: number("repeat")? },
        verdict: serde_json::from_value(cell("verdict").into()).map_err(|_| "has no verdict")?,
        limited_by: serde_json::from_value(cell("limited_by").into()).map_err(|_| "has no limit")?,
        seconds: cell("seconds_total").parse().map_err(|_| "does not say how long it took")?,
    })
}

/// Whether this is what is left of one row that was cut off while it was written, and nothing else.
fn is_torn(rest: &[u8], sweep: &str) -> bool {
    let in_quotes = rest.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
    // A quote that is lost swallows the rows behind it.
    let holds_more = rest.split_inclusive(|byte| *byte == b'\n').any(|line| ends_a_row(line, sweep));
    (in_quotes || !rest.ends_with(b"\n")) && !holds_more
}

/// Whether a line ends as a row of the sweep does.
fn ends_a_row(line: &[u8], sweep: &str) -> bool {
    let Some(line) = line.strip_suffix(b"\n") else { return false };
    let mut cells = line.rsplit(|byte| *byte == b',');
    let [repeat, point, name] = [cells.next(), cells.next(), cells.next()];
    let is_number = |cell: Option<&[u8]>| {
        cell.is_some_and(|cell| !cell.is_empty() && cell.iter().all(u8::is_ascii_digit))
    };
    is_number(repeat) && is_number(point) && name == Some(sweep.as_bytes())
}

/// Takes the rows out of a table that belong to no known run, or are torn; the runs that they named. Mostly they
/// stand at its end, since rows come run by run; where they do not, the table is written anew beside itself. A cell of
/// these tables holds no line end.
fn drop_unknown(
    file: &File,
    table: &Path,
    header: &[u8],
    known: &BTreeSet<&str>,
) -> io::Result<BTreeSet<String>> {
    let is_known = |row: &[u8]| row.ends_with(b"\n") && known.contains(&*run_of(row));
    let begin = header.len() as u64;
    let (mut end, mut at, mut row, mut unknown_before) = (begin, begin, Vec::new(), false);
    let mut unknown = BTreeSet::new();
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(begin))?;
    while reader.read_until(b'\n', &mut row)? > 0 {
        let begins = at;
        at += row.len() as u64;
        if is_known(&row) {
            unknown_before |= begins > end;
            end = at;
        } else if !known.contains(&*run_of(&row)) {
            unknown.insert(run_of(&row).into_owned());
        }
        row.clear();
    }
    match unknown_before {
        true => write_anew(file, table, header, is_known)?,
        false => file.set_len(end)?,
    }
    Ok(unknown)
}

/// The run that a row of a table names first.
fn run_of(row: &[u8]) -> Cow<'_, str> {
    let cell = row.split(|byte| b",\n".contains(byte)).next().unwrap_or_default();
    String::from_utf8_lossy(cell)
}

/// Puts a table in the place of another that has but the rows to be kept.
fn write_anew(old: &File, table: &Path, header: &[u8], is_kept: impl Fn(&[u8]) -> bool) -> io::Result<()> {
    let part = table.with_extension(PART);
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
    fs::rename(part, table)?;
    table.parent().map_or(Ok(()), sync_folder)
}

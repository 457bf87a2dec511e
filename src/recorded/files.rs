//! The runs of a path: a table, a record, the folder that a fill left, or a folder that holds any of them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};
use serde_json::Value;

use super::fields::{Fields, Form};
use super::{LoadError, Run};
use crate::net::plain;
use crate::results::{RUN_FILE, RUNS_TABLE, SWEEP_FILE};

/// How far below a folder runs are looked for.
pub(super) const DEPTH_MAX: usize = 3;

/// So much of a file is looked at to find out whether it is one of runs.
const HEAD_BYTES: u64 = 64 << 10;

/// A document of 16,384 slots, a thousand masters or a hundred thousand turns is shorter.
const DOCUMENT_BYTES_MAX: u64 = 256 << 20;

/// What a file or folder holds.
#[derive(Clone, Debug)]
pub struct Runs {
    /// What was named.
    pub path: String,
    /// Each run once.
    pub runs: Vec<Run>,
    /// What is in the folder and looks like runs, and why it is none: `a.csv, which has no column x`.
    pub passed_over: Vec<String>,
}

/// Reads all runs of a file or folder. A run that is there more than once is taken once. A table that happens to be
/// in the folder, and lacks what each run's row has, is passed over.
///
/// # Errors
/// [`LoadError`] if there are none, or one cannot be read.
pub fn load(path: &Path) -> Result<Runs, LoadError> {
    let mut runs = Vec::new();
    // The table of a sweep says again what its records say.
    let mut taken = BTreeSet::new();
    let mut take = |all: Vec<Run>| runs.extend(all.into_iter().filter(|run| taken.insert(run.id.clone())));
    let mut passed_over = Vec::new();
    if path.is_dir() {
        for file in files_in(path, DEPTH_MAX)?.into_iter().filter(|file| holds_runs(file)) {
            match read(&file) {
                Ok(found) => take(found),
                Err(LoadError::Missing { column, .. }) if !is_ours(&file) => {
                    passed_over.push(format!("{}, which has no {column}", file.display()));
                }
                Err(error) => return Err(error),
            }
        }
    } else {
        take(read(path)?);
    }
    if runs.is_empty() {
        return Err(LoadError::NoRuns { path: path.into(), passed_over });
    }
    Ok(Runs { path: path.display().to_string(), runs, passed_over })
}

/// Tables and documents of a folder and those in it, by name. The record of a fill that was gone on with
/// tells of all of it, where its table has a row for each part: it stands for the table beside it.
pub(super) fn files_in(folder: &Path, depth: usize) -> Result<Vec<PathBuf>, LoadError> {
    let entries: Result<Vec<_>, _> =
        fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?.collect();
    let mut paths: Vec<_> =
        entries.map_err(|error| unreadable(folder, &error))?.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    let has_record = folder.join(RUN_FILE).is_file();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            if depth > 0 {
                files.extend(files_in(&path, depth - 1)?);
            }
        } else if is_named(&path, &["csv", "json"]) && !(has_record && path.ends_with(RUNS_TABLE)) {
            files.push(path);
        }
    }
    Ok(files)
}

fn is_named(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|extension| extensions.iter().any(|one| extension == *one))
}

/// Whether a file has a name that fills and sweeps give.
fn is_ours(path: &Path) -> bool {
    path.ends_with(RUN_FILE) || path.ends_with(RUNS_TABLE)
}

/// Whether a file that happens to be in a folder is one of runs, by its beginning. A broken one that has the name
/// of one is taken, and told.
fn holds_runs(path: &Path) -> bool {
    if is_ours(path) {
        return true;
    }
    let Ok(file) = File::open(path) else { return false };
    let mut head = file.take(HEAD_BYTES);
    if is_named(path, &["json"]) {
        let mut text = Vec::new();
        return head.read_to_end(&mut text).is_ok() && begins_as_record(&String::from_utf8_lossy(&text));
    }
    let mut table = ReaderBuilder::new().flexible(true).from_reader(head);
    table.headers().is_ok_and(is_of_runs)
}

/// Whether a text begins as a record does, which says first what it is.
fn begins_as_record(text: &str) -> bool {
    let mut rest = text;
    ["{", "\"schema\"", ":", "\"fillbench.run/"].iter().all(|part| {
        let behind = rest.trim_start().strip_prefix(part);
        rest = behind.unwrap_or_default();
        behind.is_some()
    })
}

/// Other tables have the run's id, too.
fn is_of_runs(header: &StringRecord) -> bool {
    ["run", "verdict"].iter().all(|name| header.iter().any(|column| column == *name))
}

fn read(path: &Path) -> Result<Vec<Run>, LoadError> {
    if is_named(path, &["csv"]) { table(path) } else { document(path).map(|run| vec![run]) }
}

fn open(path: &Path) -> Result<File, LoadError> {
    File::open(path).map_err(|error| unreadable(path, &error))
}

/// The whole of a document.
///
/// # Errors
/// [`LoadError::Unreadable`], or [`LoadError::TooLarge`] if it is longer than any can be.
pub(super) fn whole(path: &Path) -> Result<Vec<u8>, LoadError> {
    let too_large = || LoadError::TooLarge { path: path.into(), most: DOCUMENT_BYTES_MAX };
    let file = open(path)?;
    let said = file.metadata().map_err(|error| unreadable(path, &error))?.len();
    if said > DOCUMENT_BYTES_MAX {
        return Err(too_large());
    }
    // What is no regular file says nothing, and may never end.
    let mut text = Vec::new();
    file.take(DOCUMENT_BYTES_MAX + 1).read_to_end(&mut text).map_err(|error| unreadable(path, &error))?;
    if text.len() as u64 > DOCUMENT_BYTES_MAX { Err(too_large()) } else { Ok(text) }
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> LoadError {
    LoadError::Unreadable { path: path.into(), text: plain(error) }
}

fn table(path: &Path) -> Result<Vec<Run>, LoadError> {
    let broken = |error: csv::Error| LoadError::broken_table(path, error);
    // A row that is too short is told by the column that it lacks, but for the last.
    let mut table = ReaderBuilder::new().flexible(true).from_reader(open(path)?);
    let header = table.headers().map_err(broken)?.clone();
    if !is_of_runs(&header) {
        let text = "it has no columns run and verdict".into();
        return Err(LoadError::OtherKind { path: path.into(), text });
    }
    let mut runs = Vec::new();
    let mut rows = table.records().enumerate().peekable();
    while let Some((number, row)) = rows.next() {
        let row = row.map_err(broken)?;
        // As spreadsheets count: the header is the first.
        let place = format!("{}, row {}", path.display(), number + 2);
        if row.len() < header.len() && rows.peek().is_none() {
            let sweep = path.parent().filter(|folder| folder.join(SWEEP_FILE).is_file());
            return Err(LoadError::CutOff { place, sweep: sweep.map(Path::to_owned) });
        }
        runs.push(Run::read(path, &Fields { place, form: Form::Row { header: &header, row: &row } })?);
    }
    Ok(runs)
}

fn document(path: &Path) -> Result<Run, LoadError> {
    let document: Value = serde_json::from_slice(&whole(path)?)
        .map_err(|error| LoadError::OtherKind { path: path.into(), text: error.to_string() })?;
    Run::read(path, &Fields { place: path.display().to_string(), form: Form::Document(&document) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_known_by_its_beginning() {
        let beginnings = [
            ("{\"schema\":\"fillbench.run/1\",", true),
            ("\n {\n  \"schema\" : \"fillbench.run/99\"", true),
            ("{\"schema\": \"fillbench.sweep/1\"}", false),
            ("{\"name\": \"x\", \"schema\": \"fillbench.run/1\"}", false),
            ("[]", false),
            ("", false),
        ];
        for (text, is_record) in beginnings {
            assert_eq!(begins_as_record(text), is_record, "{text}");
        }
    }

    #[test]
    fn of_what_is_found_only_the_beginning_is_read() {
        let folder = tempfile::tempdir().unwrap();
        // Files of zeros that take no room, and that nobody could hold in memory.
        for name in ["large.json", "large.csv"] {
            File::create(folder.path().join(name)).unwrap().set_len(1 << 36).unwrap();
        }
        let found = load(folder.path());
        assert!(matches!(found, Err(LoadError::NoRuns { .. })), "{found:?}");
    }

    #[test]
    fn a_document_that_is_too_large_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(RUN_FILE);
        fs::write(&path, "{}").unwrap();
        assert_eq!(whole(&path), Ok(b"{}".to_vec()));
        File::options().write(true).open(&path).unwrap().set_len(DOCUMENT_BYTES_MAX + 1).unwrap();
        let refused = load(&path).unwrap_err();
        assert!(refused.to_string().ends_with("run.json holds more than 256.0 MiB"), "{refused}");
    }
}

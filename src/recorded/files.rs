//! The runs of a path: a table, a record, the folder that a fill left, or a folder that holds any of them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};
use serde_json::Value;

use super::fields::{Fields, Form};
use super::{LoadError, Run};
use crate::net::plain;

/// How far below a folder runs are looked for.
pub(super) const DEPTH_MAX: usize = 3;

/// The record of a folder, and the table that says the same.
pub(super) const RECORD: &str = "run.json";
const TABLE: &str = "runs.csv";

/// What a file or folder holds.
#[derive(Clone, Debug)]
pub struct Runs {
    /// What was named.
    pub path: String,
    /// Each run once.
    pub runs: Vec<Run>,
}

/// Reads all runs of a file or folder. A run that is there more than once is taken once.
///
/// # Errors
/// [`LoadError`] if there are none, or one cannot be read.
pub fn load(path: &Path) -> Result<Runs, LoadError> {
    let mut runs = Vec::new();
    // The table of a sweep says again what its records say.
    let mut taken = BTreeSet::new();
    let mut take = |all: Vec<Run>| runs.extend(all.into_iter().filter(|run| taken.insert(run.id.clone())));
    if path.is_dir() {
        for file in files_in(path, DEPTH_MAX)? {
            if holds_runs(&file) {
                take(read(&file)?);
            }
        }
    } else {
        take(read(path)?);
    }
    if runs.is_empty() {
        return Err(LoadError::NoRuns(path.into()));
    }
    Ok(Runs { path: path.display().to_string(), runs })
}

/// Tables and documents of a folder and those in it, by name. The record of a fill that was gone on with
/// tells of all of it, where its table has a row for each part: it stands for the table beside it.
pub(super) fn files_in(folder: &Path, depth: usize) -> Result<Vec<PathBuf>, LoadError> {
    let entries: Result<Vec<_>, _> =
        fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?.collect();
    let mut paths: Vec<_> =
        entries.map_err(|error| unreadable(folder, &error))?.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    let has_record = folder.join(RECORD).is_file();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            if depth > 0 {
                files.extend(files_in(&path, depth - 1)?);
            }
        } else if is_named(&path, &["csv", "json"]) && !(has_record && path.ends_with(TABLE)) {
            files.push(path);
        }
    }
    Ok(files)
}

fn is_named(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|extension| extensions.iter().any(|one| extension == *one))
}

/// Whether a file that happens to be in a folder is one of runs. A broken one that has the name of one is
/// taken, and told.
fn holds_runs(path: &Path) -> bool {
    if path.ends_with(RECORD) || path.ends_with(TABLE) {
        return true;
    }
    if is_named(path, &["json"]) {
        let document = fs::read(path).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        let schema = document.as_ref().and_then(|document| document["schema"].as_str());
        return schema.is_some_and(|schema| schema.starts_with("fillbench.run/"));
    }
    let header = ReaderBuilder::new().flexible(true).from_path(path);
    let header = header.ok().and_then(|mut table| table.headers().cloned().ok());
    header.is_some_and(|header| is_of_runs(&header))
}

/// Other tables have the run's id, too.
fn is_of_runs(header: &StringRecord) -> bool {
    ["run", "verdict"].iter().all(|name| header.iter().any(|column| column == *name))
}

fn read(path: &Path) -> Result<Vec<Run>, LoadError> {
    let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
    if is_named(path, &["csv"]) { table(path, file) } else { document(path, &mut file).map(|run| vec![run]) }
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> LoadError {
    LoadError::Unreadable { path: path.into(), text: plain(error) }
}

fn table(path: &Path, file: File) -> Result<Vec<Run>, LoadError> {
    let broken = |error: csv::Error| LoadError::broken_table(path, error);
    // A row that is too short is told by the column that it lacks.
    let mut table = ReaderBuilder::new().flexible(true).from_reader(file);
    let header = table.headers().map_err(broken)?.clone();
    if !is_of_runs(&header) {
        let text = "it has no columns run and verdict".into();
        return Err(LoadError::OtherKind { path: path.into(), text });
    }
    let mut runs = Vec::new();
    for (number, row) in table.records().enumerate() {
        let row = row.map_err(broken)?;
        // As spreadsheets count: the header is the first.
        let place = format!("{}, row {}", path.display(), number + 2);
        runs.push(Run::read(path, &Fields { place, form: Form::Row { header: &header, row: &row } })?);
    }
    Ok(runs)
}

fn document(path: &Path, file: &mut File) -> Result<Run, LoadError> {
    let text = std::io::read_to_string(file).map_err(|error| unreadable(path, &error))?;
    let document: Value = serde_json::from_str(&text)
        .map_err(|error| LoadError::OtherKind { path: path.into(), text: error.to_string() })?;
    Run::read(path, &Fields { place: path.display().to_string(), form: Form::Document(&document) })
}

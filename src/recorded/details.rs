//! What runs left beside their figures, for a few of them that are looked at closely: the tables of seconds
//! and latencies, and the records. Tables are read row by row, and only rows of these runs are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};
use serde_json::Value;

use super::course::{CourseReader, MasterSecond};
use super::fields::{Fields, Form};
use super::files::{DEPTH_MAX, files_in, unreadable, whole};
use super::{LoadError, Run};
use crate::results::{
    INTERVALS_TABLE, Incident, LATENCY_TABLE, MasterDetail, RUN_FILE, RUNS_FOLDER, RunDetail, Server,
};

/// Looks at runs closely that came from these paths.
///
/// # Errors
/// [`LoadError`] if a table or a record is damaged. What is not there is left out.
pub fn details(paths: &[PathBuf], runs: &[&Run]) -> Result<Vec<RunDetail>, LoadError> {
    let wanted: BTreeSet<&str> = runs.iter().map(|run| run.id.as_str()).collect();
    let mut courses: BTreeMap<String, CourseReader> = BTreeMap::new();
    let mut latencies: BTreeMap<String, BTreeMap<u64, u64>> = BTreeMap::new();
    for file in tables(paths)? {
        if file.ends_with(INTERVALS_TABLE) {
            each_row(&file, &wanted, |run, row| {
                let seen: u64 = row.known("latency_us_count", "")?;
                let second = MasterSecond {
                    master: &row.text("master", "")?,
                    start_seconds: row.known("start_seconds", "")?,
                    seconds: row.known("seconds", "")?,
                    keys: row.known("keys", "")?,
                    latency_us_p99: Some(row.known("latency_us_p99", "")?).filter(|_| seen > 0),
                };
                courses.entry(run.into()).or_default().add(&second);
                Ok(())
            })?;
        } else {
            each_row(&file, &wanted, |run, row| {
                let (value, count): (u64, u64) = (row.known("value_us", "")?, row.known("count", "")?);
                let all = latencies.entry(run.into()).or_default().entry(value).or_default();
                *all = all.saturating_add(count);
                Ok(())
            })?;
        }
    }
    runs.iter()
        .map(|run| {
            let mut detail = of_record(run)?;
            detail.course = courses.remove(&run.id).map(CourseReader::end).unwrap_or_default();
            detail.latencies = latencies.remove(&run.id).unwrap_or_default().into_iter().collect();
            Ok(detail)
        })
        .collect()
}

/// The tables of seconds and latencies in these folders, and beside these files, each once.
fn tables(paths: &[PathBuf]) -> Result<BTreeSet<PathBuf>, LoadError> {
    let mut found = BTreeSet::new();
    for path in paths {
        if path.is_dir() {
            let files = files_in(path, DEPTH_MAX)?.into_iter();
            found.extend(
                files.filter(|file| file.ends_with(INTERVALS_TABLE) || file.ends_with(LATENCY_TABLE)),
            );
        } else {
            let beside = [INTERVALS_TABLE, LATENCY_TABLE].map(|name| path.with_file_name(name));
            found.extend(beside.into_iter().filter(|file| file.is_file()));
        }
    }
    Ok(found)
}

/// Gives each row of these runs.
fn each_row(
    path: &Path,
    wanted: &BTreeSet<&str>,
    mut take: impl FnMut(&str, &Fields<'_>) -> Result<(), LoadError>,
) -> Result<(), LoadError> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let broken = |error: csv::Error| LoadError::broken_table(path, error);
    let mut table = ReaderBuilder::new().flexible(true).from_reader(file);
    let header = table.headers().map_err(broken)?.clone();
    let Some(place_of_run) = header.iter().position(|column| column == "run") else {
        return Err(LoadError::Missing { place: path.display().to_string(), column: "column run".into() });
    };
    let (mut row, mut number) = (StringRecord::new(), 1_u64);
    while table.read_record(&mut row).map_err(broken)? {
        number += 1;
        let Some(run) = row.get(place_of_run).filter(|run| wanted.contains(run)) else { continue };
        let place = format!("{}, row {number}", path.display());
        take(run, &Fields { place, form: Form::Row { header: &header, row: &row } })?;
    }
    Ok(())
}

/// What only a record has: the masters one by one, and what happened to them.
fn of_record(run: &Run) -> Result<RunDetail, LoadError> {
    let mut detail = RunDetail { run: run.id.clone(), ..RunDetail::default() };
    let Some(path) = record_of(run) else { return Ok(detail) };
    let other =
        |error: serde_json::Error| LoadError::OtherKind { path: path.clone(), text: error.to_string() };
    let mut document: Value = serde_json::from_slice(&whole(&path)?).map_err(other)?;
    let incidents: Vec<Incident> = serde_json::from_value(document["incidents"].take()).map_err(other)?;
    let servers: Vec<Server> = serde_json::from_value(document["servers"].take()).map_err(other)?;
    detail.incidents = incidents;
    detail.incidents_left_out = document["incidents_left_out"].as_u64().unwrap_or_default();
    let master = |server: Server| MasterDetail {
        cpu_seconds: server
            .cpu_user_seconds
            .zip(server.cpu_system_seconds)
            .map(|(user, system)| user + system),
        address: server.address,
        slots: server.slots,
        keys: server.keys,
        keys_per_second: server.keys_per_second,
    };
    detail.masters = servers.into_iter().map(master).collect();
    Ok(detail)
}

/// The record that a run was read from, or that stands beside the table that it was read from.
fn record_of(run: &Run) -> Option<PathBuf> {
    if run.file.extension().is_some_and(|extension| extension == "json") {
        return Some(run.file.clone());
    }
    // What a table says is no path.
    let is_name =
        !run.id.is_empty() && run.id.chars().all(|letter| letter.is_alphanumeric() || letter == '-');
    let of_sweep = run.file.with_file_name(RUNS_FOLDER).join(&run.id).join(RUN_FILE);
    (is_name && of_sweep.is_file()).then_some(of_sweep)
}

//! What each of several workers left in its folder: its record, its seconds by the clock, and its latencies, bucket
//! for bucket. Logs of latencies are kept as they are written, packed, and unpacked second by second.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use csv::{ReaderBuilder, StringRecord};
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogHistogram, IntervalLogIterator, LogEntry};

use super::LoadError;
use super::fields::{Fields, Form};
use super::files::unreadable;
use crate::results::{INTERVALS_TABLE, LATENCY_LOG, LatencyHistogram, RUN_FILE, Record};

/// No interval is longer: they are of about a second.
const INTERVAL_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The folder of one worker, and of all its runs if it was gone on with.
pub struct WorkerFolder {
    /// Where it is.
    pub path: PathBuf,
    /// What its last run wrote down.
    pub record: Record,
    log: Vec<u8>,
}

/// What one master took of a worker in about a second.
pub struct ClockedInterval<'a> {
    /// Its address.
    pub master: &'a str,
    /// By the clock of the worker's machine.
    pub started_at: SystemTime,
    /// How long it was.
    pub length: Duration,
    /// Keys executed in it.
    pub keys: u64,
}

/// The latencies of a worker's pipelines that ended in about a second.
pub struct ClockedLatencies {
    /// The middle of it, by the clock of the worker's machine.
    pub at: SystemTime,
    /// In microseconds.
    pub latencies: LatencyHistogram,
}

/// Reads the folders of workers: those that are named, and those in folders that are none. Records that stand for
/// several workers are passed by.
///
/// # Errors
/// [`LoadError`] if one cannot be read, or a folder holds none.
pub fn workers(paths: &[PathBuf]) -> Result<Vec<WorkerFolder>, LoadError> {
    let (mut folders, mut known) = (Vec::new(), BTreeSet::new());
    for path in paths {
        let found = match path.join(RUN_FILE).is_file() {
            true => vec![path.clone()],
            false => folders_in(path)?,
        };
        if found.is_empty() {
            return Err(LoadError::NoRuns { path: path.clone(), passed_over: Vec::new() });
        }
        for folder in found {
            // One that is named twice is still one.
            if known.insert(fs::canonicalize(&folder).unwrap_or_else(|_| folder.clone())) {
                folders.push(WorkerFolder::read(folder)?);
            }
        }
    }
    folders.retain(|folder| folder.record.workers.is_none());
    Ok(folders)
}

/// Folders with a record in a folder, by name.
fn folders_in(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let entries: Result<Vec<_>, _> =
        fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?.collect();
    let entries = entries.map_err(|error| unreadable(folder, &error))?;
    let mut found: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    found.retain(|path| path.join(RUN_FILE).is_file());
    found.sort();
    Ok(found)
}

impl WorkerFolder {
    fn read(path: PathBuf) -> Result<Self, LoadError> {
        let file = path.join(RUN_FILE);
        let text = fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
        let record = Record::parse(&text)
            .map_err(|error| LoadError::OtherKind { path: file, text: error.to_string() })?;
        let file = path.join(LATENCY_LOG);
        let mut log = fs::read(&file).map_err(|error| unreadable(&file, &error))?;
        // A run that was killed may have left half a line.
        log.truncate(log.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
        Ok(Self { path, record, log })
    }

    /// Gives each second of each master, of all runs into this folder.
    ///
    /// # Errors
    /// [`LoadError`] if the table is damaged.
    pub fn intervals(&self, take: &mut impl FnMut(ClockedInterval<'_>)) -> Result<(), LoadError> {
        let path = self.path.join(INTERVALS_TABLE);
        let file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
        let broken = |error: csv::Error| LoadError::broken_table(&path, error);
        let mut table = ReaderBuilder::new().flexible(true).from_reader(BufReader::new(file));
        let header = table.headers().map_err(broken)?.clone();
        let (mut row, mut number) = (StringRecord::new(), 1_u64);
        while table.read_record(&mut row).map_err(broken)? {
            number += 1;
            let place = format!("{}, row {number}", path.display());
            let fields = Fields { place: place.clone(), form: Form::Row { header: &header, row: &row } };
            let malformed = |column: &str, found: String, kind| {
                let (place, column) = (place.clone(), format!("column {column}"));
                LoadError::Malformed { place, column, found, kind }
            };
            let began = fields.text("started_at", "")?;
            let seconds: f64 = fields.known("seconds", "")?;
            let started_at = humantime::parse_rfc3339(&began);
            let length = Duration::try_from_secs_f64(seconds).ok().filter(|length| *length <= INTERVAL_MAX);
            take(ClockedInterval {
                master: &fields.text("master", "")?,
                started_at: started_at.map_err(|_| malformed("started_at", began, "time"))?,
                length: length
                    .ok_or_else(|| malformed("seconds", seconds.to_string(), "length of an interval"))?,
                keys: fields.known("keys", "")?,
            });
        }
        Ok(())
    }

    /// The latencies, second by second, of all runs into this folder. Nothing comes after an error.
    pub fn latencies(&self) -> impl Iterator<Item = Result<ClockedLatencies, LoadError>> {
        let path = self.path.join(LATENCY_LOG);
        let (mut base, mut deserializer) = (SystemTime::UNIX_EPOCH, Deserializer::new());
        let mut over = false;
        let entries = IntervalLogIterator::new(&self.log).map_while(move |entry| {
            if std::mem::replace(&mut over, entry.is_err()) {
                return None;
            }
            Some(match entry {
                // Each run into the folder has its own.
                Ok(LogEntry::BaseTime(since_epoch)) => {
                    base = SystemTime::UNIX_EPOCH.checked_add(since_epoch).unwrap_or(base);
                    None
                }
                Ok(LogEntry::StartTime(_)) => None,
                Ok(LogEntry::Interval(interval)) => {
                    let after = interval.start_timestamp().saturating_add(interval.duration() / 2);
                    let at = base.checked_add(after).unwrap_or(base);
                    let latencies = decode(&interval, &mut deserializer);
                    Some(latencies.map(|latencies| ClockedLatencies { at, latencies }))
                }
                Err(error) => Some(Err(format!("it is no interval log: {error:?}"))),
            })
        });
        entries
            .flatten()
            .map(move |entry| entry.map_err(|text| LoadError::OtherKind { path: path.clone(), text }))
    }
}

/// The histogram of a line.
fn decode(
    interval: &IntervalLogHistogram<'_>,
    deserializer: &mut Deserializer,
) -> Result<LatencyHistogram, String> {
    let packed = STANDARD.decode(interval.encoded_histogram()).map_err(|error| error.to_string())?;
    deserializer.deserialize(&mut packed.as_slice()).map_err(|error| error.to_string())
}

//! The one thing that a command holds: all reports of a run, opened before it and written after it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::disk::failed;
use super::folder::Folder;
use super::format::{Output, Outputs};
use super::log::{Chronicle, LogOptions};
use super::stdout::put_json;
use super::table::Table;
use super::{OutputError, Progress};
use crate::results::{Event, LatencyHistogram, Observer, Record, Second};

/// Where results go: no two of them in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputOptions {
    /// A folder for all that one run leaves.
    pub out: Option<PathBuf>,
    /// Whether the run goes on from one that wrote to that folder.
    pub resumed: bool,
    /// A table that the run's row is appended to.
    pub csv: Option<PathBuf>,
    /// Whether the record is printed on stdout.
    pub json: bool,
    /// Whether progress and summary are left out.
    pub quiet: bool,
    /// What is logged, if anything.
    pub log: Option<LogOptions>,
}

/// All reports of one run.
///
/// Dropped without [`Report::finish`] and before the first second of filling is over, it leaves no
/// new folder behind.
pub struct Report {
    progress: Arc<Progress>,
    chronicle: Chronicle,
    // Before the folder: its files are closed before it may take them away.
    outputs: Outputs,
    folder: Option<Folder>,
    /// Whether the record goes to stdout, too.
    json: bool,
}

impl Report {
    /// Opens every output, before anything is sent. `run` is [`Record::run`], and `started_at` the
    /// time in [`Record::started_at`].
    ///
    /// # Errors
    /// [`OutputError`] if the folder is used, the table is of another kind, or either cannot be written.
    pub fn open(options: &OutputOptions, run: &str, started_at: SystemTime) -> Result<Self, OutputError> {
        let mut outputs = Vec::new();
        // Before the folder: a table that is refused leaves no folder that would be refused next time.
        if let Some(path) = &options.csv {
            let table = Output::new(&path.display(), Table::open(path)?);
            outputs.push(table.map_err(failed(path))?);
        }
        let folder = match &options.out {
            Some(path) => {
                let (folder, files) = match options.resumed {
                    true => Folder::reopen(path, run, started_at)?,
                    false => Folder::create(path, run, started_at)?,
                };
                outputs.extend(files);
                Some(folder)
            }
            None => None,
        };
        let progress = Arc::new(Progress::stderr(options.quiet));
        if let Some(log) = &options.log {
            log.begin(Some(&progress))?;
        }
        let (chronicle, outputs) = (Chronicle::default(), Outputs::new(outputs));
        Ok(Self { progress, chronicle, outputs, folder, json: options.json })
    }

    /// Writes a second of a run that is over, and waits for it: such seconds come faster than a disk takes them.
    pub fn replay(&self, second: Second) {
        self.keep_folder();
        self.outputs.event(&Event::Second(second));
        self.outputs.catch_up();
    }

    /// Writes the record to every output, and then the summary, with [`Record::error`], to stderr. A
    /// run that sent nothing leaves no folder and no row: the same command line can be tried again.
    ///
    /// # Errors
    /// [`OutputError::Unwritten`] names the outputs that could not be written; the others are.
    pub fn finish(&self, record: &Record, latency: &LatencyHistogram) -> Result<(), OutputError> {
        if record.did_something() {
            self.keep_folder();
        }
        let mut unwritten = self.outputs.finish(record, latency);
        if self.json {
            unwritten.extend(put_json(record).err());
        }
        self.chronicle.ended(record);
        self.progress.finish(record);
        if unwritten.is_empty() { Ok(()) } else { Err(OutputError::Unwritten(unwritten)) }
    }

    fn keep_folder(&self) {
        if let Some(folder) = &self.folder {
            folder.keep();
        }
    }
}

impl Observer for Report {
    fn event(&self, event: &Event) {
        if matches!(event, Event::Second(_)) {
            self.keep_folder();
        }
        self.chronicle.event(event);
        self.outputs.event(event);
        self.progress.event(event);
    }
}

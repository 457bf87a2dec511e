//! The whole record as one JSON document, and `run.json`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::disk::sync_folder;
use super::format::Format;
use crate::results::{LatencyHistogram, RUN_FILE, Record};

/// What [`RUN_FILE`] is called until it is whole.
pub const RUN_FILE_IN_THE_MAKING: &str = "run.json.part";

/// A record as it is written everywhere.
pub(super) fn document(record: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut document = serde_json::to_vec_pretty(record)?;
    document.push(b'\n');
    Ok(document)
}

/// The document in a folder: it appears whole or not at all. From the first key until the end it says
/// that the run goes on.
pub(super) struct JsonFile {
    /// Opened early, to find out whether it can be.
    part: Option<File>,
    folder: PathBuf,
    begun: bool,
}

impl JsonFile {
    /// The document in `folder`, to be written to `part` first: [`RUN_FILE_IN_THE_MAKING`] there.
    pub(super) fn new(part: File, folder: PathBuf) -> Self {
        Self { part: Some(part), folder, begun: false }
    }

    fn put(&mut self, record: &Record) -> io::Result<()> {
        let part = self.folder.join(RUN_FILE_IN_THE_MAKING);
        let mut file = match self.part.take() {
            Some(file) => file,
            None => File::create(&part)?,
        };
        let written = document(record)
            .and_then(|text| file.write_all(&text))
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&part, self.folder.join(RUN_FILE)))
            .and_then(|()| sync_folder(&self.folder));
        if written.is_err() {
            // The failure itself is what is told.
            let _ = fs::remove_file(&part);
        }
        written
    }
}

impl Format for JsonFile {
    fn begin(&mut self, record: &Record) -> io::Result<()> {
        self.begun = true;
        self.put(record)
    }

    fn tells_of_nothing_sent(&self) -> bool {
        self.begun
    }

    fn finish(&mut self, record: &Record, _: &LatencyHistogram) -> io::Result<()> {
        self.put(record)
    }
}

//! The whole record as one JSON document, for stdout and for `run.json`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use super::format::Format;
use crate::results::{LatencyHistogram, Record};

/// What `run.json` is called until it is whole.
pub(super) const PART: &str = "run.json.part";

fn document(record: &Record) -> io::Result<Vec<u8>> {
    let mut document = serde_json::to_vec_pretty(record)?;
    document.push(b'\n');
    Ok(document)
}

/// The document on a stream.
pub(super) struct Json<W>(pub(super) W);

impl<W: Write + Send> Format for Json<W> {
    fn tells_of_nothing_sent(&self) -> bool {
        true
    }

    fn finish(&mut self, record: &Record, _: &LatencyHistogram) -> io::Result<()> {
        self.0.write_all(&document(record)?)?;
        self.0.flush()
    }
}

/// The document in a folder: it appears whole or not at all.
pub(super) struct JsonFile {
    pub(super) part: File,
    pub(super) folder: PathBuf,
}

impl Format for JsonFile {
    fn finish(&mut self, record: &Record, _: &LatencyHistogram) -> io::Result<()> {
        let part = self.folder.join(PART);
        let written = self.part.write_all(&document(record)?).and_then(|()| self.part.sync_all());
        if written.is_err() {
            // The failure itself is what is told.
            let _ = fs::remove_file(&part);
        }
        written.and_then(|()| fs::rename(part, self.folder.join("run.json")))
    }
}

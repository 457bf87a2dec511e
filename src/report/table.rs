//! Tables with one row a run: `runs.csv`, and `--csv FILE`, which grows from run to run.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::OutputError;
use super::columns::{columns, row};
use super::disk::failed;
use super::format::Format;
use crate::results::{LatencyHistogram, Record};

/// A row of a table, or its header.
pub(super) fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> io::Result<Vec<u8>> {
    let mut line = csv::Writer::from_writer(Vec::new());
    line.write_record(cells)?;
    line.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// The table of a folder. Its header stands there from the start.
pub(super) struct Rows<W>(pub(super) W);

impl<W: Write + Send> Format for Rows<W> {
    fn finish(&mut self, record: &Record, _: &LatencyHistogram) -> io::Result<()> {
        self.0.write_all(&line(row(record).iter().map(String::as_str))?)?;
        self.0.flush()
    }
}

/// A table that may hold other runs.
pub(super) struct Table(File);

impl Table {
    /// Opens the table, or makes it.
    ///
    /// # Errors
    /// [`OutputError::Columns`] if it has other columns than a run's row,
    /// [`OutputError::Open`] if it cannot be read and appended to.
    pub(super) fn open(path: &Path) -> Result<Self, OutputError> {
        let failed = failed(path);
        let file = OpenOptions::new().create(true).read(true).append(true).open(path).map_err(&failed)?;
        // What is no regular file, a pipe for instance, has nothing before us to agree with.
        let about = file.metadata().map_err(&failed)?;
        if about.is_file() && about.len() > 0 {
            let found = header(&file).map_err(failed)?;
            if let Some((column, found, expected)) = difference(&found) {
                return Err(OutputError::Columns { table: path.into(), column, found, expected });
            }
        }
        Ok(Self(file))
    }
}

impl Format for Table {
    /// All in one write: another run that appends at the same time cannot come in between.
    fn finish(&mut self, record: &Record, _: &LatencyHistogram) -> io::Result<()> {
        let mut text = Vec::new();
        let before = self.0.metadata()?.len();
        if before == 0 {
            text.extend(line(columns())?);
        } else if self.0.seek(SeekFrom::End(-1)).is_ok() {
            let mut last = [b'\n'];
            self.0.read_exact(&mut last)?;
            text.extend((last != [b'\n']).then_some(b'\n'));
        }
        text.extend(line(row(record).iter().map(String::as_str))?);
        let written = self.0.write_all(&text);
        if written.is_err() {
            // Half a row would spoil the table; that it could not be written is told.
            let _ = self.0.set_len(before);
        }
        written
    }
}

fn header(file: &File) -> io::Result<Vec<String>> {
    let mut reader = csv::Reader::from_reader(BufReader::new(file));
    Ok(reader.headers()?.iter().map(str::to_owned).collect())
}

/// The first column, from 1, that is not ours: what it is, and what it should be.
fn difference(found: &[String]) -> Option<(usize, String, String)> {
    let quoted = |name: Option<&str>| name.map_or("absent".into(), |name| format!("`{name}`"));
    let ours: Vec<_> = columns().collect();
    (0..ours.len().max(found.len()))
        .map(|place| (place + 1, found.get(place).map(String::as_str), ours.get(place).copied()))
        .find(|(_, found, ours)| found != ours)
        .map(|(column, found, ours)| (column, quoted(found), quoted(ours)))
}

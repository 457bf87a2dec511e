//! Files of which nothing is lost, whenever the program is killed or the machine goes down.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::OutputError;

/// Writes a file under another name, and gives it its own when it is on the disk: it is there whole or not at all.
pub(super) fn put(folder: &Path, part: &str, name: &str, text: &[u8]) -> io::Result<()> {
    let part = folder.join(part);
    let mut file = File::create(&part)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&part, folder.join(name))?;
    sync_folder(folder)
}

/// Adds rows, and waits until they are on the disk.
pub(super) fn append(file: &mut File, rows: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::End(0))?;
    file.write_all(rows)?;
    file.sync_data()
}

/// Waits until the names in a folder are on the disk: those of its files are not on it with the files.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// What cannot be written.
pub(super) fn failed(path: &Path) -> impl Fn(io::Error) -> OutputError + use<> {
    let path = path.to_owned();
    move |error| OutputError::Open { path: path.clone(), error }
}

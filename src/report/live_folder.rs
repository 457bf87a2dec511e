//! `--out DIR` of a live comparison: a folder for each side, with the tables of a sweep's, and what has come of
//! comparing them, which is written anew after each pair. `fillbench compare DIR/base DIR/new` reads the runs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use nix::fcntl::Flock;

use super::OutputError;
use super::comparison::comparison_markdown;
use super::disk::{failed, put};
use super::error::Whose;
use super::folder::lock;
use super::json::document;
use super::sweep_folder::{SweepFolder, is_unused};
use crate::results::{Comparison, LatencyHistogram, Record, Side, Turn};

/// The record of the comparison.
const COMPARISON_FILE: &str = "comparison.json";
/// The same for a pull request.
const MARKDOWN_FILE: &str = "comparison.md";

/// The folder of a live comparison. Dropped before its first run is over, it takes away what it made.
pub(super) struct LiveFolder {
    path: PathBuf,
    made: bool,
    kept: bool,
    /// Base and new.
    sides: Vec<SweepFolder>,
    /// Held while it lasts.
    _lock: Option<Flock<File>>,
}

impl LiveFolder {
    /// Makes the folder, and its parents, and one for each side.
    ///
    /// # Errors
    /// [`OutputError::Used`] if it holds anything, [`OutputError::Open`] if it cannot be written.
    pub(super) fn create(path: &Path) -> Result<Self, OutputError> {
        let made = !path.exists();
        if !made && !path.is_dir() {
            return Err(failed(path)(io::ErrorKind::NotADirectory.into()));
        }
        fs::create_dir_all(path).map_err(failed(path))?;
        for entry in fs::read_dir(path).map_err(failed(path))? {
            let entry = entry.map_err(failed(path))?.path();
            // As one leaves it that was killed before its first run was over.
            let is_side = Side::BOTH.iter().any(|side| entry.ends_with(side.name()));
            if !is_side || !is_unused(&entry).unwrap_or(false) {
                return Err(OutputError::Used { folder: path.into(), whose: Whose::Comparison });
            }
        }
        let lock = lock(path)?;
        let mut folder = Self { path: path.into(), made, kept: false, sides: Vec::new(), _lock: lock };
        for side in Side::BOTH {
            folder.sides.push(SweepFolder::create(&path.join(side.name()))?);
        }
        Ok(folder)
    }

    /// Writes down one run of the comparison with this name: from now on, everything stays.
    ///
    /// # Errors
    /// [`OutputError::Open`] names what cannot be written.
    pub(super) fn add(
        &mut self,
        comparison: &str,
        (side, pair): (Side, u64),
        record: &Record,
        seconds: &[u8],
        latency: &LatencyHistogram,
    ) -> Result<(), OutputError> {
        self.sides.iter_mut().for_each(SweepFolder::keep);
        self.kept = true;
        let turn = Turn { point: 1, repeat: pair };
        let Some(folder) = self.sides.get_mut(side as usize) else { return Ok(()) };
        folder.add(comparison, turn, record, seconds, latency)
    }

    /// Writes what the comparison has come to so far.
    ///
    /// # Errors
    /// [`OutputError::Open`] names what cannot be written.
    pub(super) fn compared(&self, comparison: &Comparison) -> Result<(), OutputError> {
        let document = document(comparison).map_err(failed(&self.path.join(COMPARISON_FILE)))?;
        let texts =
            [(COMPARISON_FILE, document), (MARKDOWN_FILE, comparison_markdown(comparison).into_bytes())];
        texts.iter().try_for_each(|(name, text)| {
            put(&self.path, &format!("{name}.part"), name, text).map_err(failed(&self.path.join(name)))
        })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for LiveFolder {
    fn drop(&mut self) {
        // They take away what is theirs first.
        self.sides.clear();
        if !self.kept && self.made {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

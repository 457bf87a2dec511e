//! Why a journal cannot be read, or is no longer written.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use humantime::format_duration;

use super::JOURNAL_SCHEMA;
use crate::net::plain;

/// What is wrong with a journal. The text is the cause; [`JournalError::cure`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It cannot be read.
    #[error("cannot read {}: {}", path.display(), plain(error))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// It cannot be begun.
    #[error("cannot write {}: {}", path.display(), plain(error))]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// A line is not what was written, and it is not the last one, which a crash may leave half done.
    #[error("{} is damaged in line {line}: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// Its numbers mean other things.
    #[error("{} is written as `{schema}`, and this fillbench reads `{JOURNAL_SCHEMA}`", path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its schema.
        schema: String,
    },
    /// The disk failed in the middle.
    #[error("{} is no longer written: {}", path.display(), plain(error))]
    Stopped {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// The disk does not keep up.
    #[error("{} has taken nothing for {}", path.display(), format_duration(*after))]
    Slow {
        /// The file.
        path: PathBuf,
        /// How long.
        after: Duration,
    },
}

impl JournalError {
    /// What to do about it.
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "give --resume the folder that a fill was given with --out",
            Self::Unwritable { .. } => "give --out a place that can be written",
            Self::Damaged { .. } => {
                "what was executed is not known: fill again into another folder, with the options in run.json; keys \
                 that are there are rewritten"
            }
            Self::OtherVersion { .. } => "go on with the fillbench that began it",
            Self::Stopped { .. } | Self::Slow { .. } => "make room on that disk, or give --out another one",
        }
    }
}

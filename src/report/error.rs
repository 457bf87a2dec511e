//! Why results cannot be written.

use std::io;
use std::path::PathBuf;

use crate::net::plain;

/// Why results cannot be written, or were not. The text is the cause; [`OutputError::cure`] says what
/// to do.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The folder holds something already.
    #[error("the folder {} is not empty", folder.display())]
    Used {
        /// `--out`.
        folder: PathBuf,
    },
    /// Another run writes there.
    #[error("another fillbench is writing to {}", folder.display())]
    Busy {
        /// `--out` or `--resume`.
        folder: PathBuf,
    },
    /// A run that is to be gone on with wrote other columns.
    #[error("{} has other columns than this version of fillbench writes", table.display())]
    OtherVersion {
        /// A table of the folder.
        table: PathBuf,
    },
    /// A folder, file or table cannot be made or opened.
    #[error("cannot write {}: {}", path.display(), plain(error))]
    Open {
        /// What could not be opened.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// The table has other columns than this version writes.
    #[error(
        "{} is a table of another kind: its column {column} is {found}, where a run's row has {expected}",
        table.display()
    )]
    Columns {
        /// `--csv`.
        table: PathBuf,
        /// The first column that differs, from 1.
        column: usize,
        /// Its name in the file.
        found: String,
        /// Its name here.
        expected: String,
    },
    /// A file that a report would replace is none of a report's.
    #[error("{} is there already, and is no report of fillbench", .0.display())]
    Foreign(
        /// It is left alone.
        PathBuf,
    ),
    /// The page could not be laid out.
    #[error("the report could not be laid out: {0}")]
    Layout(
        /// What the template engine says.
        String,
    ),
    /// Some results were not written; all others were.
    #[error("not written: {}; all else is", .0.join(", "))]
    Unwritten(
        /// Each place, with what the operating system said.
        Vec<String>,
    ),
}

impl OutputError {
    /// What to do about it.
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Used { .. } => "give --out a new or empty folder, or append to a table with --csv FILE",
            Self::Busy { .. } => "wait for its end, or interrupt it",
            Self::OtherVersion { .. } => "go on with the version that began it: run.json names it",
            Self::Open { .. } => "give --out, --csv or --log-file a place that can be written",
            Self::Columns { .. } => "give --csv another file",
            Self::Foreign(_) => "move it away, or give --out another folder",
            Self::Layout(_) => "read report.md in its place, and report this as a fault of fillbench",
            Self::Unwritten(_) => "make room there, and run again if these are needed",
        }
    }
}

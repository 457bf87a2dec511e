//! Why results cannot be written.

use std::io;
use std::path::PathBuf;

use crate::net::plain;
use crate::units::plural;

/// Whose folder it is: what would do depends on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// That of one fill.
    Fill,
    /// That of a sweep.
    Sweep,
    /// That of a live comparison.
    Comparison,
}

/// Why results cannot be written, or were not. The text is the cause; [`OutputError::cure`] says what
/// to do.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The folder holds something already.
    #[error("the folder {} is not empty", folder.display())]
    Used {
        /// `--out`.
        folder: PathBuf,
        /// Who was to write there.
        whose: Whose,
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
        /// Who began it.
        whose: Whose,
    },
    /// The rows of a sweep's runs are gone, and their records are not.
    #[error("{} has lost its rows, and {} has the records of {}", table.display(), folder.display(), plural(*runs, "run"))]
    Lost {
        /// A table of the folder.
        table: PathBuf,
        /// Where the records are.
        folder: PathBuf,
        /// How many they are.
        runs: u64,
    },
    /// A row of a sweep's runs is none, and is not the last one, which may have been cut off.
    #[error("{}, row {row}: {problem}", table.display())]
    Damaged {
        /// The table of runs.
        table: PathBuf,
        /// Which row, as spreadsheets count: the header is the first.
        row: usize,
        /// What is wrong with it.
        problem: &'static str,
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
            Self::Used { whose: Whose::Fill, .. } => {
                "give --out a new or empty folder, or append to a table with --csv FILE"
            }
            Self::Used { whose: Whose::Sweep, .. } => {
                "give --out a new or empty folder; a sweep that is in it goes on with --resume in place of --out"
            }
            Self::Used { whose: Whose::Comparison, .. } => "give --out a new or empty folder",
            Self::Busy { .. } => "wait for its end, or interrupt it",
            Self::OtherVersion { whose: Whose::Fill, .. } => {
                "go on with the version that began it: run.json names it"
            }
            Self::OtherVersion { .. } => {
                "go on with the version that began it, which sweep.json names, or begin anew with --out and another \
                 folder"
            }
            Self::Lost { .. } => "put a copy of it back, or begin anew with --out and another folder",
            Self::Damaged { .. } => {
                "put a copy of the table back, or mend the row; where the row is taken out, its run is done again"
            }
            Self::Open { .. } => "give --out, --csv or --log-file a place that can be written",
            Self::Columns { .. } => "give --csv another file",
            Self::Foreign(_) => "move it away, or give --out another folder",
            Self::Layout(_) => "read report.md in its place, and report this as a fault of fillbench",
            Self::Unwritten(_) => "make room there, and run again if these are needed",
        }
    }
}

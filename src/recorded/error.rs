//! Why runs that were written down cannot be read again.

use std::path::{Path, PathBuf};

use crate::net::plain;

/// Why runs cannot be read. The text is the cause; [`LoadError::cure`] says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The operating system will not have it.
    #[error("cannot read {}: {text}", path.display())]
    Unreadable {
        /// A file or folder.
        path: PathBuf,
        /// What it said.
        text: String,
    },
    /// There is nothing in it.
    #[error("{} holds no runs", .0.display())]
    NoRuns(PathBuf),
    /// Neither a table of runs nor a record.
    #[error("{} holds no runs: {text}", path.display())]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        text: String,
    },
    /// A record that means other things by its fields.
    #[error("{place} is written as `{schema}`, and this fillbench reads `{}`", crate::results::SCHEMA)]
    OtherVersion {
        /// File, and row if it has rows.
        place: String,
        /// Its schema.
        schema: String,
    },
    /// A column or field is not there.
    #[error("{place} has no {column}")]
    Missing {
        /// File, and row if it has rows.
        place: String,
        /// `column x` or `field x.y`.
        column: String,
    },
    /// A cell or field holds something else.
    #[error("{place}: {column} is `{found}`, which is no {kind}")]
    Malformed {
        /// File, and row if it has rows.
        place: String,
        /// `column x` or `field x.y`.
        column: String,
        /// What it holds.
        found: String,
        /// What it should be.
        kind: &'static str,
    },
}

impl LoadError {
    /// What is wrong with a table that cannot be read as one.
    pub(super) fn broken_table(path: &Path, error: csv::Error) -> Self {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => Self::Unreadable { path: path.into(), text: plain(&error) },
            _ => Self::OtherKind { path: path.into(), text: "it is no table in UTF-8".into() },
        }
    }

    /// What to do about it.
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "name a file or folder that is there and can be read",
            Self::NoRuns(_) => {
                "name what fills left with --out or --csv, or a folder that holds such folders, three \
                deep at most"
            }
            Self::OtherKind { .. } => "name a runs.csv, a run.json, or a folder of them",
            Self::OtherVersion { .. } => "read it with the version of fillbench that wrote it",
            Self::Missing { .. } | Self::Malformed { .. } => {
                "take the file as fillbench wrote it, or run again with this version"
            }
        }
    }
}

//! Why runs that were written down cannot be read again.

use std::path::{Path, PathBuf};

use crate::net::plain;
use crate::text::shell_option;
use crate::units::show_bytes;

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
    #[error("{} holds no runs{}", path.display(), besides(passed_over))]
    NoRuns {
        /// A file or folder.
        path: PathBuf,
        /// What is in it and looks like runs, and why it is none.
        passed_over: Vec<String>,
    },
    /// Longer than any record is.
    #[error("{} holds more than {}", path.display(), show_bytes(*most))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How many bytes there may be.
        most: u64,
    },
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
    /// The last row of a table has no end.
    #[error("{place} is cut off: what wrote it was ended meanwhile")]
    CutOff {
        /// File and row.
        place: String,
        /// The folder of the sweep whose table it is, if it is one's.
        sweep: Option<PathBuf>,
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
    pub fn cure(&self) -> String {
        let cure = match self {
            Self::Unreadable { .. } => "name a file or folder that is there and can be read",
            Self::NoRuns { .. } => {
                "name what fills left with --out or --csv, or a folder that holds such folders, three \
                deep at most"
            }
            Self::OtherKind { .. } | Self::TooLarge { .. } => {
                "name a runs.csv, a run.json, or a folder of them"
            }
            Self::OtherVersion { .. } => "read it with the version of fillbench that wrote it",
            Self::CutOff { sweep: Some(folder), .. } => {
                let option = shell_option("--resume", &folder.display().to_string());
                return format!("go on with the sweep, which makes that run again: fillbench sweep {option}");
            }
            Self::CutOff { sweep: None, .. } => "take that row out: nothing more is known of its run",
            Self::Missing { .. } | Self::Malformed { .. } => {
                "take the file as fillbench wrote it, or run again with this version"
            }
        };
        cure.into()
    }
}

fn besides(passed_over: &[String]) -> String {
    if passed_over.is_empty() { String::new() } else { format!("; passed over: {}", passed_over.join("; ")) }
}

//! Why runs cannot be compared.

use std::path::PathBuf;

use super::Difference;

/// Why runs cannot be compared. The text is the cause; [`CompareError::cure`] says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// A side cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Both sides hold the same run.
    #[error("run {run} is on both sides, {base} and {new}: runs are compared with others than themselves")]
    SameRun {
        /// Its id.
        run: String,
        /// Where it is in the base.
        base: String,
        /// Where it is on the new side.
        new: String,
    },
    /// Pairs were asked for, and there are none.
    #[error("these runs were not made in turns, one of each side: {0}")]
    NotInPairs(
        /// Why.
        String,
    ),
    /// What the sides measured is not the same, or not a server.
    #[error("these runs are not comparable: {}", .0.iter().map(|one| one.text.as_str()).collect::<Vec<_>>().join("; "))]
    NotComparable(
        /// Each reason.
        Vec<Obstacle>,
    ),
}

/// One reason not to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// What would have to be said to compare all the same.
    pub difference: Difference,
    /// What is in the way.
    pub text: String,
}

impl CompareError {
    /// What to do about it.
    pub fn cure(&self) -> String {
        match self {
            Self::Load(error) => error.cure().into(),
            Self::SameRun { .. } => "name the runs before a change first, and those after it second".into(),
            Self::NotInPairs(_) => {
                "leave out --paired: runs are then taken for independent of each other".into()
            }
            Self::NotComparable(obstacles) => {
                let mut cures: Vec<_> = obstacles.iter().map(|one| one.difference.cure()).collect();
                cures.dedup();
                let mut names: Vec<_> = obstacles.iter().map(|one| one.difference.name()).collect();
                names.dedup();
                format!("{}, or say that it is meant so: --despite {}", cures.join("; "), names.join(","))
            }
        }
    }
}

/// Why a side cannot be read.
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
    /// What to do about it.
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "name a file or folder that is there and can be read",
            Self::NoRuns(_) => {
                "name what fills left with --out or --csv, or a folder that holds such folders, three deep at most"
            }
            Self::OtherKind { .. } => "name a runs.csv, a run.json, or a folder of them",
            Self::OtherVersion { .. } => "compare with the version of fillbench that wrote it",
            Self::Missing { .. } | Self::Malformed { .. } => {
                "take the file as fillbench wrote it, or run again with this version"
            }
        }
    }
}

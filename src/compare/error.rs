//! Why runs cannot be compared.

use super::{Difference, LoadError};

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
            Self::Load(error) => error.cure(),
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

//! How the process ends: scripts and CI jobs build on these numbers.

use std::fmt::Display;
use std::process::{ExitCode, Termination};

use anyhow::Result;

use crate::args::UsageError;
use crate::report::{OutputError, error_lines, tell};
use crate::results::{ComparisonVerdict, Verdict};
use crate::server::StartError;

/// The exit code of every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: every key that was promised exists with its exact value, or was sent to servers that were
    /// told to keep nothing; or what was served has been stopped; or, of runs compared, none is slower.
    Exact,
    /// 1: it could not run, or not finish.
    Failed,
    /// 2: the command line makes no sense, or wants a consent that was not given.
    Usage,
    /// 3: keys are missing, or hold other values.
    Inexact,
    /// 4: runs are worse than those that they were compared with.
    Regression,
    /// 5: the runs that were compared are too few or too noisy to say, or have no point in common.
    Inconclusive,
    /// 130: it was interrupted; what was done until then has been told.
    Interrupted,
}

impl Exit {
    /// What a command came to; what kept it from running is told, with its cure.
    pub(super) fn of(came_to: Result<Self>) -> Self {
        came_to.unwrap_or_else(|error| {
            let of_output = error.downcast_ref::<OutputError>().map(|error| error.cure().to_owned());
            let cure = of_output.or_else(|| error.downcast_ref::<StartError>().and_then(StartError::cure));
            tell(&error_lines(&format!("{error:#}"), cure.as_deref()));
            if error.is::<UsageError>() { Self::Usage } else { Self::Failed }
        })
    }

    /// What was named is not what the command takes: told, with what would do.
    pub(super) fn refused(error: &impl Display, cure: &str) -> Self {
        tell(&error_lines(&error.to_string(), Some(cure)));
        Self::Usage
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Exact | Verdict::Discarded => Self::Exact,
            Verdict::Missing | Verdict::Wrong => Self::Inexact,
            Verdict::Failed | Verdict::Unfinished => Self::Failed,
            Verdict::Interrupted => Self::Interrupted,
        }
    }
}

impl From<ComparisonVerdict> for Exit {
    fn from(verdict: ComparisonVerdict) -> Self {
        match verdict {
            ComparisonVerdict::NoChange | ComparisonVerdict::Better => Self::Exact,
            ComparisonVerdict::Regression => Self::Regression,
            ComparisonVerdict::Inconclusive => Self::Inconclusive,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Exact => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Inexact => 3,
            Self::Regression => 4,
            Self::Inconclusive => 5,
            Self::Interrupted => 130,
        })
    }
}

//! Options that an earlier run was given, as the record in its folder tells them.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::UsageError;
use crate::net::plain;
use crate::report::RUN_FILE_IN_THE_MAKING;
use crate::results::RUN_FILE;

/// The text of the record in a folder that `option` names; `other` says what else would do.
///
/// # Errors
/// [`UsageError`] if there is none.
pub(super) fn read_run(folder: &Path, option: &str, other: &str) -> Result<String, UsageError> {
    let path = folder.join(RUN_FILE);
    let shown = folder.display();
    let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if !folder.exists() => {
            format!("there is no folder {shown}: give another to {option}")
        }
        io::ErrorKind::NotFound if folder.join(RUN_FILE_IN_THE_MAKING).exists() => {
            format!("the fill that opened {shown} has sent nothing yet, or was killed before it did: {other}")
        }
        io::ErrorKind::NotFound => {
            format!(
                "{shown} holds no {RUN_FILE}: give {option} the folder that a fill was given with --out, or {other}"
            )
        }
        _ => format!("cannot read {}: {}", path.display(), plain(&error)),
    });
    text.map_err(UsageError::new)
}

/// What is wrong with the record in a folder.
pub(super) fn in_folder(folder: &Path, problem: &str) -> UsageError {
    in_file(&folder.join(RUN_FILE), problem)
}

/// What is wrong with a record.
pub(super) fn in_file(path: &Path, problem: &str) -> UsageError {
    UsageError::new(format!("{}: {problem}", path.display()))
}

/// A time in seconds.
///
/// # Errors
/// [`UsageError`] if it is none.
pub(super) fn seconds(seconds: f64) -> Result<Duration, UsageError> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|error| UsageError::new(format!("{seconds} seconds: {error}")))
}

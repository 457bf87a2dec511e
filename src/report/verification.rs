//! The reports of a verification: progress and summary on stderr, and the record on stdout if asked.

use std::sync::Arc;

use super::log::{Chronicle, LogOptions};
use super::stdout::put_json;
use super::{OutputError, Progress};
use crate::results::{Event, Observer, Verification};

/// All reports of one verification.
pub struct VerifyReport {
    progress: Arc<Progress>,
    chronicle: Chronicle,
    json: bool,
}

impl VerifyReport {
    /// Progress and summary go to stderr, or only what went wrong if `quiet`; with `json`, the record goes to
    /// stdout. What `log` says is logged.
    ///
    /// # Errors
    /// [`OutputError::Open`] if the log cannot be written.
    pub fn open(json: bool, quiet: bool, log: Option<&LogOptions>) -> Result<Self, OutputError> {
        let progress = Arc::new(Progress::stderr(quiet));
        if let Some(log) = log {
            log.begin(Some(&progress))?;
        }
        Ok(Self { progress, chronicle: Chronicle::default(), json })
    }

    /// Writes the record to stdout, if it is wanted there, and then the summary to stderr.
    ///
    /// # Errors
    /// [`OutputError::Unwritten`] if stdout does not take it.
    pub fn finish(&self, record: &Verification) -> Result<(), OutputError> {
        let written = if self.json { put_json(record) } else { Ok(()) };
        self.chronicle.verification_ended(record);
        self.progress.finish_verification(record);
        written.map_err(|unwritten| OutputError::Unwritten(vec![unwritten]))
    }
}

impl Observer for VerifyReport {
    fn event(&self, event: &Event) {
        self.chronicle.event(event);
        self.progress.event(event);
    }
}

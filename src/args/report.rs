//! Which runs a report is made of, where it goes, and what counts as bounded and small.

use std::path::{Path, PathBuf};

use clap::Args;

use super::UsageError;
use crate::results::Bounds;
use crate::study::StudyOptions;
use crate::units::{parse_bytes, parse_percent};

/// What to report on, as it was typed.
#[derive(Args, Clone, Debug)]
pub struct ReportArgs {
    /// Runs: what --out of a sweep or a fill left, a folder of such folders, three deep, or a table of --csv
    #[arg(value_name = "DIR", required = true)]
    paths: Vec<PathBuf>,
    /// Folder for report.html, report.md and charts/; without it, DIR itself if it is the only one
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Bounded memory: in the client at most
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, default_value = "128MiB")]
    memory: u64,
    /// Bounded memory: unanswered at each master at most, in bytes of keys and values
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, default_value = "4MiB")]
    in_flight: u64,
    /// Small footprint: so much slower than the fastest at most
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent, default_value = "10%")]
    within: f64,
}

impl ReportArgs {
    /// Files and folders of runs.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Where the report goes.
    ///
    /// # Errors
    /// [`UsageError`] if that is not said, and does not follow.
    pub fn out(&self) -> Result<&Path, UsageError> {
        match (&self.out, self.paths.as_slice()) {
            (Some(out), _) => Ok(out),
            // One that is not there is told by whoever reads it.
            (None, [only]) if !only.is_file() => Ok(only),
            (None, [only]) => Err(UsageError::new(format!(
                "where the report goes is not said, and {} is no folder: give --out DIR",
                only.display()
            ))),
            (None, _) => Err(UsageError::new(
                "where the report goes is not said, and there are several folders: give --out DIR",
            )),
        }
    }

    /// The engine's options.
    pub fn options(&self) -> StudyOptions {
        let bounds =
            Bounds { rss_bytes: self.memory, in_flight_bytes: self.in_flight, within_percent: self.within };
        StudyOptions { bounds }
    }
}

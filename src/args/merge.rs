//! Which workers are put together, and whether what they filled is proven once more.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::fill::quarter_of_the_processors;
use super::{DatasetArgs, UsageError};
use crate::proof::{ANY_CLOCK, Depth, Lifetime};
use crate::results::{Record, Verdict, VerifyAsked};
use crate::units::parse_time_above_zero;
use crate::verify::VerifyOptions;

/// What to merge, as it was typed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Merge")]
pub struct MergeArgs {
    /// Folders that all workers left with --out, or folders that hold them
    #[arg(value_name = "DIR", required = true, help_heading = None::<&'static str>)]
    folders: Vec<PathBuf>,
    /// Read every key of every worker again, as a fill does, at the server that they filled or one that is named
    #[arg(long)]
    prove: bool,
    /// Connections that read from each master
    #[arg(long, value_name = "N", default_value_t = 2, requires = "prove")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=256))]
    readers: u64,
    /// How long a master may be silent during the proof
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero, default_value = "30s", requires = "prove")]
    proof_timeout: std::time::Duration,
}

impl MergeArgs {
    /// Where workers left what they did.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Threads of the client.
    pub fn threads(&self) -> u64 {
        quarter_of_the_processors()
    }

    /// How the dataset is proven that a record of all workers tells of, and the same for a record; `None` if that is not
    /// asked for.
    ///
    /// # Errors
    /// [`UsageError`] if there is nothing to prove.
    pub fn proof(&self, whole: &Record) -> Result<Option<(VerifyOptions, VerifyAsked)>, UsageError> {
        if !self.prove {
            return Ok(None);
        }
        if whole.verdict == Verdict::Discarded {
            return Err(UsageError::new(
                "the workers filled servers that keep nothing (--discard): leave out --prove, there is nothing to read",
            ));
        }
        let spec = DatasetArgs::as_in(&whole.options).spec()?;
        let ttl = whole.options.ttl_seconds.map(std::time::Duration::try_from_secs_f64).transpose();
        let ttl = ttl.map_err(|error| UsageError::new(error.to_string()))?;
        let written_after = humantime::parse_rfc3339(&whole.started_at).ok();
        let asked = VerifyAsked { keys: spec.keys(), readers: self.readers, ..VerifyAsked::default() };
        let options = VerifyOptions {
            spec: Arc::clone(&spec),
            lifetime: Lifetime::given(ttl, written_after, ANY_CLOCK),
            depth: Depth::Stamp,
            sample: None,
            repair: false,
            readers: self.readers,
            patience: self.proof_timeout,
        };
        Ok(Some((options, asked)))
    }
}

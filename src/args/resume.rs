//! `--resume DIR`: the folder of a run that was cut off says everything but how to be let in.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{ArgMatches, Args, Id};

use super::UsageError;
use super::given::given_ids;
use super::past::{in_folder, read_run};
use crate::journal::{self, JOURNAL_FILE, Past};
use crate::results::{Record, Resumed};

/// Whether to go on, as it was typed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Fill")]
pub struct ResumeArgs {
    /// Go on with the fill that was given --out DIR and was cut off; besides, only credentials, TLS files and
    /// output options are taken
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
}

/// The options that go with `--resume`, by their long names: how to be let in, and what is told where. All
/// others, and those that are still to come, are in the folder.
pub(super) const BESIDES: [&str; 19] = [
    "resume",
    "pass",
    "askpass",
    "user",
    "tls",
    "cacert",
    "cacertdir",
    "cert",
    "key",
    "sni",
    "insecure",
    "cluster",
    "csv",
    "json",
    "quiet",
    "log",
    "log_format",
    "log_file",
    "help",
];

/// A run to go on with.
pub struct Resuming {
    /// Its folder.
    pub folder: PathBuf,
    /// What it was asked, and came to.
    pub record: Record,
    /// What it executed.
    pub past: Arc<Past>,
}

impl ResumeArgs {
    /// The option of a command line that does not go with `--resume`, if that was given: its id, which is
    /// that of a field.
    pub fn contradicted(given: &ArgMatches) -> Option<&Id> {
        contradicted(given, &BESIDES)
    }

    /// Reads the folder, if one is named.
    ///
    /// # Errors
    /// [`UsageError`] if the folder is not one to go on from.
    pub fn resuming(&self) -> Result<Option<Resuming>, UsageError> {
        let Some(folder) = &self.resume else { return Ok(None) };
        let other = "begin anew: without --resume, and with --out another folder";
        let record = Record::parse(&read_run(folder, "--resume", other)?);
        let record = record
            .map_err(|error| in_folder(folder, &format!("{error}: give another folder, or {other}")))?;
        if record.target.kind != "attached" {
            return Err(UsageError::new(format!(
                "the fill that left {} filled servers that it had started itself, and that are gone: begin anew",
                folder.display()
            )));
        }
        if record.options.until_memory.is_some() {
            return Err(UsageError::new(format!(
                "the fill that left {} was given --until-memory, and how far it was is not kept: begin anew, with \
                 --flush --until-memory and the same sizes, prefix and seed",
                folder.display()
            )));
        }
        let past = journal::read(&folder.join(JOURNAL_FILE));
        let past = past.map_err(|error| UsageError::new(format!("{error}: {}", error.cure())))?;
        Ok(Some(Resuming { folder: folder.clone(), record, past: Arc::new(past) }))
    }
}

/// The option that was given beside `--resume` and is none of these: its id.
pub(super) fn contradicted<'a>(given: &'a ArgMatches, besides: &[&str]) -> Option<&'a Id> {
    let resumes = given_ids(given).any(|id| id == "resume");
    given_ids(given).find(|id| resumes && !besides.contains(&id.as_str()))
}

impl Resuming {
    /// What the record of the run that goes on says of those before.
    pub fn resumed(&self) -> Resumed {
        let earlier = &self.record.resumed;
        let began_at = earlier.began_at.as_ref().unwrap_or(&self.record.started_at);
        Resumed { times: earlier.times + 1, began_at: Some(began_at.clone()), keys_before: 0 }
    }
}

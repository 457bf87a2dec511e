//! Options of the log, which every command has that works with servers.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::UsageError;
use crate::report::{LogFormat, LogOptions};

/// The variable that says the same as `--log`.
const LEVEL_VARIABLE: &str = "FILLBENCH_LOG";
/// What is logged where a file or a format is named, and no level.
const LEVEL: &str = "info";
/// The level of nothing.
const OFF: &str = "off";

/// What is logged, as it was typed.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct LogArgs {
    /// Log to stderr: error, warn, info, debug or trace, or a list like warn,fillbench::net=debug; the
    /// variable FILLBENCH_LOG says the same [default: off]
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
    /// Log lines of text, or json: of one document each [default: text]
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true)]
    log_format: Option<FormatName>,
    /// Append the log to a file instead
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,
}

/// Names for [`LogFormat`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    Text,
    Json,
}

impl LogArgs {
    /// What is to be logged, if anything.
    ///
    /// # Errors
    /// [`UsageError`] if a level is none.
    pub fn options(&self) -> Result<Option<LogOptions>, UsageError> {
        self.check(std::env::var(LEVEL_VARIABLE).ok())
    }

    fn check(&self, from_environment: Option<String>) -> Result<Option<LogOptions>, UsageError> {
        let from_environment = from_environment.filter(|level| !level.is_empty());
        let (said_by, level) = match (&self.log, from_environment) {
            (Some(level), _) => ("--log", level.clone()),
            (None, Some(level)) => (LEVEL_VARIABLE, level),
            (None, None) if self.log_format.is_some() || self.log_file.is_some() => ("--log", LEVEL.into()),
            (None, None) => return Ok(None),
        };
        if !LogOptions::check(&level) {
            return Err(UsageError::new(format!(
                "{said_by} {level}: write off, error, warn, info, debug or trace, or levels for parts, as in \
                 warn,fillbench::net=debug"
            )));
        }
        let format = match self.log_format {
            Some(FormatName::Json) => LogFormat::Json,
            Some(FormatName::Text) | None => LogFormat::Text,
        };
        let is_on = level.trim() != OFF;
        Ok(is_on.then(|| LogOptions { filter: level, format, file: self.log_file.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        log: LogArgs,
    }

    fn options(line: &str, from_environment: &str) -> Result<Option<LogOptions>, UsageError> {
        let line = Line::try_parse_from(line.split_whitespace()).unwrap();
        line.log.check(Some(from_environment.into()))
    }

    fn level(line: &str, from_environment: &str) -> Option<String> {
        options(line, from_environment).unwrap().map(|options| options.filter)
    }

    #[test]
    fn nothing_is_logged_unless_it_is_asked_for() {
        assert_eq!(options("fillbench", ""), Ok(None));
        assert_eq!(level("fillbench", "debug").as_deref(), Some("debug"));
        assert_eq!(level("fillbench --log warn", "debug").as_deref(), Some("warn"));
        assert_eq!(level("fillbench --log off --log-file a", "debug"), None);
        assert_eq!(level("fillbench --log-file a", "").as_deref(), Some("info"));
        let all = options("fillbench --log-format json --log-file a/b", "").unwrap().unwrap();
        let expected = LogOptions { filter: LEVEL.into(), format: LogFormat::Json, file: Some("a/b".into()) };
        assert_eq!(all, expected);
    }

    #[test]
    fn what_is_no_level_is_refused_by_its_name() {
        for (line, from_environment, says) in
            [("fillbench --log loud", "", "--log loud"), ("fillbench", "loud", "FILLBENCH_LOG loud")]
        {
            let error = options(line, from_environment).unwrap_err().to_string();
            assert!(error.starts_with(says) && error.contains("info, debug"), "{error}");
        }
    }
}

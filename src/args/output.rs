//! The options that say where results go. Whether those places can be written is for `report` to
//! find out.

use std::path::PathBuf;

use crate::report::OutputOptions;

/// Where results go, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Write run.json, tables, histograms and a journal into a new or empty folder, from which --resume goes on
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Append the run's row to a table, which may hold other runs
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Print the run as one JSON document on stdout, and nothing else there
    #[arg(long)]
    pub json: bool,
    /// Show warnings and errors only
    #[arg(short, long)]
    pub quiet: bool,
}

/// Output options that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputArgsError {
    /// The table would stand in a folder that has to be empty.
    #[error("--csv {} is inside --out {}, which has to be empty: put the table elsewhere, or leave --csv out, since the folder gets the run's row in runs.csv", csv.display(), out.display())]
    TableInFolder {
        /// `--csv`.
        csv: PathBuf,
        /// `--out`.
        out: PathBuf,
    },
}

impl OutputArgs {
    /// Checks what can be checked without touching the disk.
    ///
    /// # Errors
    /// [`OutputArgsError`] if two options want the same place.
    pub fn validate(self) -> Result<OutputOptions, OutputArgsError> {
        let Self { out, csv, json, quiet } = self;
        match (out, csv) {
            (Some(out), Some(csv)) if csv.starts_with(&out) => {
                Err(OutputArgsError::TableInFolder { csv, out })
            }
            (out, csv) => Ok(OutputOptions { out, resumed: false, csv, json, quiet, log: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        output: OutputArgs,
    }

    fn parse(line: &str) -> Result<OutputArgs, clap::Error> {
        Line::try_parse_from(line.split(' ')).map(|line| line.output)
    }

    #[test]
    fn every_option_arrives() {
        let options = parse("fillbench --out a/b --csv all.csv --json -q").unwrap().validate().unwrap();
        let expected = OutputOptions {
            out: Some("a/b".into()),
            resumed: false,
            csv: Some("all.csv".into()),
            json: true,
            quiet: true,
            log: None,
        };
        assert_eq!(options, expected);
        assert_eq!(parse("fillbench").unwrap().validate(), Ok(OutputOptions::default()));
    }

    #[test]
    fn a_table_inside_the_folder_is_refused() {
        let error = parse("fillbench --out a --csv a/runs.csv").unwrap().validate().unwrap_err();
        assert!(error.to_string().contains("put the table elsewhere"), "{error}");
        assert!(parse("fillbench --out a --csv ab/runs.csv").unwrap().validate().is_ok());
    }

    #[test]
    fn an_empty_path_is_refused() {
        assert!(Line::try_parse_from(["fillbench", "--out", ""]).is_err());
        assert!(Line::try_parse_from(["fillbench", "--csv", ""]).is_err());
    }
}

//! `fillbench compare`: whether runs are slower than others.

use clap::{ArgAction, Args};

use super::Exit;
use crate::args::{CompareArgs, CompareFormat};
use crate::compare::{CompareError, compare, load};
use crate::report::{
    OutputError, comparison_markdown, comparison_table, error_lines, print, print_json, tell,
};
use crate::results::Comparison;

/// `fillbench compare`.
#[derive(Args)]
#[command(disable_help_flag = true, after_help = AFTER_HELP)]
pub(super) struct CompareCommand {
    #[command(flatten)]
    compare: CompareArgs,
    /// Print this help
    #[arg(short, long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

const AFTER_HELP: &str = "\
Runs with the same options are a point. At each point, medians are compared: no change if the whole
interval lies within the threshold; better or a regression if the interval holds no 0, the change
is at least the threshold, and the Mann-Whitney test, corrected for the number of points, puts
chance below 5 %; inconclusive otherwise. Seven runs of each side will often do; three never do.

Examples:
  fillbench compare results/old results/new
  fillbench compare old.csv new.csv --threshold 5% --format markdown
  fillbench compare redis-7.0 redis-7.2 --despite server --metric latency_us_p99

Exit codes:
  0 no change, or better    2 bad usage, or not comparable
  4 a regression            5 inconclusive, or no point in common";

impl CompareCommand {
    /// Compares, and shows what comes out.
    pub(super) fn run(self) -> Exit {
        let comparison = match self.comparison() {
            Ok(comparison) => comparison,
            Err(error) => {
                tell(&error_lines(&error.to_string(), Some(&error.cure())));
                return Exit::Usage;
            }
        };
        match self.show(&comparison) {
            Ok(()) => comparison.verdict.into(),
            Err(error) => {
                tell(&error_lines(&error.to_string(), Some(error.cure())));
                Exit::Failed
            }
        }
    }

    fn comparison(&self) -> Result<Comparison, CompareError> {
        let (base, new) = (load(self.compare.base())?, load(self.compare.new_runs())?);
        compare(&base, &new, &self.compare.options())
    }

    fn show(&self, comparison: &Comparison) -> Result<(), OutputError> {
        match self.compare.format() {
            CompareFormat::Text => print(&comparison_table(comparison)),
            CompareFormat::Markdown => print(&comparison_markdown(comparison)),
            CompareFormat::Json => print_json(comparison),
        }
    }
}

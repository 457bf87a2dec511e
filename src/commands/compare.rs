//! `fillbench compare`: whether runs are slower than others.

mod live;

use clap::{ArgAction, Args};

use super::Exit;
use crate::args::{AccessArgs, CompareArgs, CompareFormat, DatasetArgs, FillArgs, LiveArgs, LogArgs};
use crate::compare::{CompareError, compare};
use crate::recorded::load;
use crate::report::{OutputError, comparison_markdown, error_lines, print, print_json, print_table, tell};
use crate::results::Comparison;

/// `fillbench compare`.
#[derive(Args)]
#[command(disable_help_flag = true, after_help = AFTER_HELP)]
#[command(
    override_usage = "fillbench compare <BASE> <NEW> [OPTIONS]\n       fillbench compare --live <URI> <URI> --data SIZE [OPTIONS]\n       fillbench compare --live --spawn --server-binary FILE --server-binary FILE [OPTIONS]"
)]
pub(super) struct CompareCommand {
    #[command(flatten)]
    compare: CompareArgs,
    #[command(flatten)]
    live: LiveArgs,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    dataset: DatasetArgs,
    #[command(flatten)]
    fill: FillArgs,
    #[command(flatten)]
    log: LogArgs,
    /// Print this help
    #[arg(short, long, action = ArgAction::HelpShort, help_heading = "Other")]
    help: Option<bool>,
}

const AFTER_HELP: &str = "\
Runs with the same options are a point. At each point, medians are compared: no change if the whole \
interval lies within the threshold; better or a regression if the interval holds no 0, the change \
is at least the threshold, and the Mann-Whitney test, corrected for the number of points, puts \
chance below 1 %; inconclusive otherwise. Seven runs of each side will often do; four never do.

--paired compares runs that were made in turns with the ones beside them: eight pairs at least, and \
in an order that was drawn. Where one side was always first, nothing is settled.

--live makes the runs: in pairs, each in an order that is drawn, so that the noise hits both sides \
alike. They are looked at a few planned times, and it ends as soon as a look settles it. What --spawn \
starts is started anew for each pair, since two processes of one program may differ. Options of the \
server, the dataset and the fill go with --live only.

Examples:
  fillbench compare results/old results/new
  fillbench compare old.csv new.csv --threshold 5% --format markdown
  fillbench compare redis-7.0 redis-7.2 --despite server --metric latency_us_p99
  fillbench compare --live redis://HOST:7001 redis://HOST:7002 --data 1 --yes --out results/4
  fillbench compare --live --spawn --server-binary old/valkey-server \\
      --server-binary new/valkey-server --data 1

Exit codes:
  0 no change, or better    2 bad usage, or not comparable
  4 a regression            5 inconclusive, or no point in common
  with --live, 1 runs failed, 3 keys missing or wrong, 130 interrupted";

impl CompareCommand {
    /// Compares, and shows what comes out.
    pub(super) fn run(self) -> Exit {
        if self.live.is_live() {
            return Exit::of(self.live());
        }
        let comparison = match self.comparison() {
            Ok(comparison) => comparison,
            Err(error) => return Exit::refused(&error, &error.cure()),
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
        compare(&base, &new, &self.compare.options(self.compare.paired()))
    }

    fn show(&self, comparison: &Comparison) -> Result<(), OutputError> {
        match self.compare.format() {
            CompareFormat::Text => print_table(comparison),
            CompareFormat::Markdown => print(&comparison_markdown(comparison)),
            CompareFormat::Json => print_json(comparison),
        }
    }
}

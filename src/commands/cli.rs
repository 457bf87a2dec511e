//! The command line as a whole, and which command it asks for.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::Exit;
use super::compare::CompareCommand;
use super::completions::CompletionsCommand;
use super::fill::FillCommand;
use super::man::ManCommand;
use super::merge::MergeCommand;
use super::report::ReportCommand;
use super::serve::ServeCommand;
use super::sweep::SweepCommand;
use super::verify::VerifyCommand;
use crate::args::{LiveArgs, ResumeArgs, SweepArgs};

/// Fill Redis and Valkey, standalone or cluster, and prove that every key is there.
#[derive(Parser)]
#[command(name = "fillbench", version = env!("FILLBENCH_VERSION"), max_term_width = 100)]
#[command(disable_help_flag = true, disable_version_flag = true, allow_negative_numbers = true)]
#[command(after_help = AFTER_HELP)]
#[command(
    override_usage = "fillbench --data SIZE | --keys N [OPTIONS]\n       fillbench --resume DIR [OPTIONS]\n       fillbench verify [OPTIONS]\n       fillbench sweep [FILE] --out DIR [OPTIONS]\n       fillbench compare [--live] BASE NEW [OPTIONS]\n       fillbench report DIR... [OPTIONS]\n       fillbench merge DIR... [OPTIONS]\n       fillbench serve [OPTIONS]"
)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    fill: FillCommand,
    /// Print this help
    #[arg(long, action = ArgAction::Help, help_heading = "Other")]
    help: Option<bool>,
    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = "Other")]
    version: Option<bool>,
}

/// What else there is to do than to fill.
#[derive(Subcommand)]
enum Command {
    /// Look again at the keys that a fill wrote, all or a sample, and repair them if asked
    Verify(Box<VerifyCommand>),
    /// Fill with every combination of a grid of options, and keep every figure
    Sweep(Box<SweepCommand>),
    /// Run a cluster, or a server, inside this process, until Ctrl-C
    Serve(ServeCommand),
    /// Say whether runs are slower than others, and how sure that is
    Compare(Box<CompareCommand>),
    /// Write a page of charts and the best settings from recorded runs
    Report(ReportCommand),
    /// Put the runs of several --worker together, and prove what they filled
    Merge(Box<MergeCommand>),
    /// Print completions for a shell
    Completions(CompletionsCommand),
    /// Print the manual page, or write those of all commands
    Man(ManCommand),
}

const AFTER_HELP: &str = "\
Examples:
  fillbench --embedded --data 1            a first try, with nothing installed
  fillbench --spawn --keys 100000          the same, into real servers of its own
  fillbench -h HOST --data 5               5 GiB into a server, or the cluster that it is part of
  fillbench --keys 1000000 --json --yes --flush --out results/1
  fillbench --resume results/1             go on, if it was cut off
  fillbench verify --from results/1        is all of it still there?
  fillbench sweep --spawn --keys 1000000 --writers 1,2,4 --out results/2
  fillbench compare results/1 results/3    is it slower now?

Exit codes:
  0 every key is proven, or was thrown away with --discard    1 could not run or finish
  2 bad usage    3 keys missing or wrong    4 slower, by compare    5 compare cannot tell
  130 interrupted";

impl Cli {
    /// Reads the process's arguments.
    ///
    /// # Errors
    /// What clap finds wrong with them, or the help or version that was asked for.
    pub fn read() -> Result<Self, clap::Error> {
        let given = Self::command().try_get_matches().map_err(keep_secrets)?;
        refuse_beside_resume(&given)?;
        refuse_without_live(&given)?;
        let mut cli = Self::from_arg_matches(&given).map_err(|error| error.format(&mut Self::command()))?;
        cli.fill = cli.fill.typed(&Self::command(), &given);
        if !cli.wants_help() {
            return Ok(cli);
        }
        let words = [env!("CARGO_PKG_NAME")].into_iter().chain(given.subcommand_name()).chain(["--help"]);
        Self::try_parse_from(words)
    }

    /// Whether `-h` stood alone where it may name a host.
    fn wants_help(&self) -> bool {
        match &self.command {
            None => self.fill.wants_help(),
            Some(Command::Verify(verify)) => verify.wants_help(),
            Some(Command::Sweep(sweep)) => sweep.wants_help(),
            Some(Command::Merge(merge)) => merge.wants_help(),
            Some(_) => false,
        }
    }

    /// Runs what was asked, and says everything there is to say about it.
    pub fn run(self) -> Exit {
        match self.command {
            Some(Command::Verify(verify)) => verify.run(),
            Some(Command::Sweep(sweep)) => sweep.run(),
            Some(Command::Serve(serve)) => serve.run(),
            Some(Command::Compare(compare)) => compare.run(),
            Some(Command::Report(report)) => report.run(),
            Some(Command::Merge(merge)) => merge.run(),
            Some(Command::Completions(completions)) => completions.run(),
            Some(Command::Man(man)) => man.run(),
            None => self.fill.run(),
        }
    }
}

/// What was asked is in the folder that is gone on from, and is not changed half-way.
fn refuse_beside_resume(given: &ArgMatches) -> Result<(), clap::Error> {
    let mut command = Cli::command();
    let sweep = given.subcommand_matches("sweep");
    let Some(id) = sweep.map_or_else(|| ResumeArgs::contradicted(given), SweepArgs::contradicted) else {
        return Ok(());
    };
    let of = if sweep.is_some() { command.find_subcommand("sweep").unwrap_or(&command) } else { &command };
    let option = of.get_arguments().find(|option| option.get_id() == id);
    let name = option.and_then(Arg::get_long).unwrap_or(id.as_str());
    let text = format!(
        "--{name} does not go with --resume: what was asked is in its folder; besides, give credentials, TLS files, \
         {}--quiet and --log",
        if sweep.is_some() { "--retry-failed, --yes, " } else { "--csv, --json, " }
    );
    Err(command.error(ErrorKind::ArgumentConflict, text))
}

/// What says how to fill says nothing to runs that are there already.
fn refuse_without_live(given: &ArgMatches) -> Result<(), clap::Error> {
    let Some(id) = given.subcommand_matches("compare").and_then(LiveArgs::stray) else { return Ok(()) };
    let mut command = Cli::command();
    let compare = command.find_subcommand("compare").unwrap_or(&command);
    let option = compare.get_arguments().find(|option| option.get_id() == id);
    let name = option.and_then(Arg::get_long).unwrap_or(id.as_str());
    let text = format!("--{name} goes with --live: without it, compare reads runs that are there already");
    Err(command.error(ErrorKind::ArgumentConflict, text))
}

/// No option goes without its dash. What does may be a password, or a URI that holds one, and is not
/// repeated, unless it is one of our own subcommands.
fn keep_secrets(error: clap::Error) -> clap::Error {
    let words = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand].map(|kind| error.get(kind));
    let is_ours = |word: &str| Cli::command().find_subcommand(word).is_some();
    match (error.kind(), words) {
        (ErrorKind::UnknownArgument, [Some(ContextValue::String(word)), _]) if !word.starts_with('-') => {}
        (_, [_, Some(ContextValue::String(word))]) if !is_ours(word) => {}
        _ => return error,
    }
    let text = "a word belongs to no option: a server is named by -h HOST or -u URI, and only compare, \
                report and merge take words";
    Cli::command().error(ErrorKind::UnknownArgument, text)
}

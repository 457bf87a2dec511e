//! One file per subcommand, with a folder where that is not enough, beside what several of them do: arguments become
//! options, options an engine's run, its record a report. What went wrong becomes one exit code.

mod cli;
mod compare;
mod completions;
mod consent;
mod exit;
mod fill;
mod interrupt;
mod man;
mod merge;
mod place;
mod record;
mod repeated;
mod report;
mod resume;
mod serve;
mod show_options;
mod start;
mod sweep;
mod verify;

pub use cli::Cli;
pub use exit::Exit;

//! One file per subcommand: arguments become options, options an engine's run, its record a report.
//! What went wrong becomes one exit code.

mod before;
mod cli;
mod compare;
mod compare_live;
mod completions;
mod exit;
mod fill;
mod interrupt;
mod man;
mod repeated;
mod report;
mod resume;
mod serve;
mod show_options;
mod start;
mod sweep;
mod sweep_runs;
mod verify;

pub use cli::Cli;
pub use exit::Exit;

//! One file per subcommand: arguments become options, options an engine's run, its record a report.
//! What went wrong becomes one exit code.

mod before;
mod cli;
mod compare;
mod compare_live;
mod completions;
mod consent;
mod exit;
mod fill;
mod interrupt;
mod live_runs;
mod live_size;
mod man;
mod merge;
mod place;
mod repeated;
mod report;
mod resume;
mod serve;
mod show_options;
mod start;
mod sweep;
mod sweep_ready;
mod sweep_runs;
mod sweep_same;
mod verify;

pub use cli::Cli;
pub use exit::Exit;

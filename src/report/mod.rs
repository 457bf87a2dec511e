//! What people and machines read of a run: progress and summary on stderr, and the same record as
//! JSON, tables and histograms; and what comes of comparing runs. It renders records and events, and must not know how they came about.
//!
//! Everything that writes somewhere has one shape (`format.rs`): told each second, told the end, and left
//! alone after its first failure, so that one full disk does not cost the other reports.

mod columns;
mod comparison;
mod disk;
mod error;
mod folder;
mod format;
mod hlog;
mod intervals;
mod json;
mod latency;
mod live;
mod live_folder;
mod log;
mod open;
mod stdout;
mod study;
mod sweep;
mod sweep_folder;
mod sweep_tables;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod verification;
mod watch;

pub use comparison::{comparison_markdown, comparison_table, print_table};
pub use error::{OutputError, Whose};
pub use json::RUN_FILE_IN_THE_MAKING;
pub use live::{LiveOutput, LivePlan, LiveReport, LiveSize};
pub use log::{LogFormat, LogOptions, begin_log};
pub use open::{OutputOptions, Report};
pub use stdout::{print, print_json};
pub use study::{StudyReport, report_study};
pub use sweep::{Cut, SweepOutput, SweepPlan, SweepReport, Swept};
pub use sweep_tables::{Dropped, KeptRun};
pub use terminal::{
    Progress, ShownOption, ask, error_lines, live_so_far, options_table, summary, tell, verify_summary,
};
pub use verification::VerifyReport;
pub use watch::{RunWatch, Watching};

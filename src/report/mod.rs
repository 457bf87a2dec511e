//! What people and machines read of a run: progress and summary on stderr, and the same record as
//! JSON, tables and histograms. It renders records and events, and must not know how they came about.
//!
//! Everything that writes somewhere has one shape (`format.rs`): told each second, told the end, and left
//! alone after its first failure, so that one full disk does not cost the other reports.

mod columns;
mod error;
mod folder;
mod format;
mod hlog;
mod intervals;
mod json;
mod latency;
mod open;
mod table;
mod terminal;
#[cfg(test)]
mod tests;

pub use error::OutputError;
pub use open::{OutputOptions, Report};
pub use terminal::{Progress, ask, error_lines, summary, tell};

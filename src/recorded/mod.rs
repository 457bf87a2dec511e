//! Runs that were written down, read again: tables, records, and folders that hold them. What is judged of
//! them is others' matter.

mod course;
mod details;
mod error;
mod facts;
mod fields;
mod files;
mod metric;
mod run;
mod sweeps;
mod workers;

pub use details::details;
pub use error::LoadError;
pub use facts::RunFacts;
pub use files::{Runs, load};
pub use metric::Metric;
pub use run::Run;
pub use sweeps::{FoundSweep, comparisons, sweeps};
pub use workers::{ClockedInterval, ClockedLatencies, WorkerFolder, workers};

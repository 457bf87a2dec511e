//! Runs that were written down, read again: tables, records, and folders that hold them. What is judged of them
//! is others' matter.

mod error;
mod fields;
mod files;
mod metric;
mod run;

pub use error::LoadError;
pub use files::{Runs, load};
pub use metric::Metric;
pub use run::Run;

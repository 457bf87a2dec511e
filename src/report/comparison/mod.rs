//! What comes of comparing runs, as a person reads it: a table for a terminal, and one for a pull request.

mod markdown;
mod table;
mod words;

pub use markdown::comparison_markdown;
pub use table::{comparison_table, print_table};
pub(super) use words::{change, interval, percents, signed, word};

//! What comes of comparing runs, on stdout: a table for a terminal, one for a pull request, or JSON.

mod markdown;
mod print;
mod table;
mod words;

pub use markdown::comparison_markdown;
pub use print::{print, print_json, print_table};
pub use table::comparison_table;
pub(super) use words::{change, interval, percents, signed, word};

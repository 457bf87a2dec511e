//! What was executed, written down while a fill goes on, so that another can go on where one was cut off.
//! For each slot it is one number: how many of its first keys barriers have answered for. The room knows
//! neither who executes keys nor what is done with what it read.
//!
//! The file is text, a record a line: a checksum, the payload's length, the payload. The first payload is
//! the [`Header`], each other one a number in sequence and the slots that have changed.

mod error;
mod format;
mod header;
mod read;
mod sink;

pub use error::JournalError;
pub use header::{Header, JOURNAL_SCHEMA, Place, dataset_digest};
pub use read::{Past, read};
pub use sink::{JOURNAL_FILE, JOURNAL_FILE_IN_THE_MAKING, Journal, Kept};

//! What goes to stdout: text, and JSON documents.

use std::io::{self, Write};

use serde::Serialize;

use super::OutputError;
use super::json::document;
use crate::net::plain;

/// Writes text to stdout.
///
/// # Errors
/// [`OutputError::Unwritten`] if stdout does not take it.
pub fn print(text: &str) -> Result<(), OutputError> {
    put(text.as_bytes())
        .map_err(|error| OutputError::Unwritten(vec![format!("what belongs on stdout ({})", plain(&error))]))
}

/// Writes a record to stdout as one JSON document.
///
/// # Errors
/// [`OutputError::Unwritten`] if stdout does not take it.
pub fn print_json(record: &impl Serialize) -> Result<(), OutputError> {
    put_json(record).map_err(|unwritten| OutputError::Unwritten(vec![unwritten]))
}

/// The same, for one that has other places to write to as well. It waits for its reader as long as he likes.
///
/// # Errors
/// What was not written, and why.
pub(super) fn put_json(record: &impl Serialize) -> Result<(), String> {
    let written = document(record).and_then(|text| put(&text));
    written.map_err(|error| format!("the JSON document on stdout ({})", plain(&error)))
}

fn put(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(bytes)?;
    stdout.flush()
}

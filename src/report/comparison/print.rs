//! Text and documents on stdout.

use std::io::{self, Write};

use crate::net::plain;
use crate::report::OutputError;
use crate::report::json::document;
use crate::results::Comparison;

/// Writes text to stdout.
///
/// # Errors
/// [`OutputError::Unwritten`] if stdout does not take it.
pub fn print(text: &str) -> Result<(), OutputError> {
    put(text.as_bytes()).map_err(|error| unwritten(&error))
}

/// Writes a comparison to stdout as one JSON document.
///
/// # Errors
/// [`OutputError::Unwritten`] if stdout does not take it.
pub fn print_json(comparison: &Comparison) -> Result<(), OutputError> {
    document(comparison).and_then(|text| put(&text)).map_err(|error| unwritten(&error))
}

fn put(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(bytes)?;
    stdout.flush()
}

fn unwritten(error: &io::Error) -> OutputError {
    OutputError::Unwritten(vec![format!("what belongs on stdout ({})", plain(error))])
}

//! Text and documents on stdout.

use std::io::{self, Write};

use super::comparison_table;
use crate::net::plain;
use crate::report::OutputError;
use crate::report::json::document;
use crate::report::terminal::Screen;
use crate::results::Comparison;

/// Writes text to stdout.
///
/// # Errors
/// [`OutputError::Unwritten`] if stdout does not take it.
pub fn print(text: &str) -> Result<(), OutputError> {
    put(text.as_bytes()).map_err(|error| unwritten(&error))
}

/// Writes a comparison to stdout as a person reads it, in colour if that is a terminal.
///
/// # Errors
/// [`OutputError::Unwritten`] if stdout does not take it.
pub fn print_table(comparison: &Comparison) -> Result<(), OutputError> {
    print(&comparison_table(comparison, Screen::stdout().colour))
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
    OutputError::Unwritten(vec![format!("the comparison on stdout ({})", plain(error))])
}

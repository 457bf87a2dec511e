//! The one shape that all written results have, and what happens when writing fails in the middle.

use std::fmt::Display;
use std::io;
use std::sync::{Mutex, PoisonError};

use super::OutputError;
use crate::net::plain;
use crate::results::{Event, LatencyHistogram, Observer, Record, Second};

/// One way to write a run.
pub(super) trait Format: Send {
    /// Writes that the run has begun, as far as it is known by then.
    ///
    /// # Errors
    /// What the operating system said.
    fn begin(&mut self, _: &Record) -> io::Result<()> {
        Ok(())
    }

    /// Writes what a finished second adds.
    ///
    /// # Errors
    /// What the operating system said.
    fn second(&mut self, _: &Second) -> io::Result<()> {
        Ok(())
    }

    /// Whether it also tells of a run that sent nothing. What stays on disk does not: the same command
    /// line can then be tried again.
    fn tells_of_nothing_sent(&self) -> bool {
        false
    }

    /// Writes what the whole run adds. It is called once, at the end.
    ///
    /// # Errors
    /// What the operating system said.
    fn finish(&mut self, _: &Record, _: &LatencyHistogram) -> io::Result<()> {
        Ok(())
    }
}

/// A format, and the first thing that went wrong with it.
pub(super) struct Output {
    place: String,
    format: Box<dyn Format>,
    failed: Option<io::Error>,
}

impl Output {
    /// Writes `format`; messages call it `place`.
    pub(super) fn new(place: &dyn Display, format: impl Format + 'static) -> Self {
        Self { place: place.to_string(), format: Box::new(format), failed: None }
    }

    /// A failed output is left alone: half a row after a gap would mislead.
    fn attempt(&mut self, write: impl FnOnce(&mut dyn Format) -> io::Result<()>) {
        if self.failed.is_none() {
            self.failed = write(self.format.as_mut()).err();
        }
    }
}

/// All outputs of a run.
pub(super) struct Outputs(Mutex<Vec<Output>>);

impl Outputs {
    pub(super) fn new(outputs: Vec<Output>) -> Self {
        Self(Mutex::new(outputs))
    }

    fn each(&self, mut act: impl FnMut(&mut Output)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter_mut().for_each(&mut act);
    }

    /// Writes the end of every output.
    ///
    /// # Errors
    /// [`OutputError::Unwritten`] names each that failed, now or earlier.
    pub(super) fn finish(&self, record: &Record, latency: &LatencyHistogram) -> Result<(), OutputError> {
        let mut unwritten = Vec::new();
        self.each(|output| {
            if record.did_something() || output.format.tells_of_nothing_sent() {
                output.attempt(|format| format.finish(record, latency));
            }
            unwritten
                .extend(output.failed.as_ref().map(|error| format!("{} ({})", output.place, plain(error))));
        });
        if unwritten.is_empty() { Ok(()) } else { Err(OutputError::Unwritten(unwritten)) }
    }
}

impl Observer for Outputs {
    fn event(&self, event: &Event) {
        match event {
            Event::Begun(record) => self.each(|output| output.attempt(|format| format.begin(record))),
            Event::Second(second) => self.each(|output| output.attempt(|format| format.second(second))),
            _ => {}
        }
    }
}

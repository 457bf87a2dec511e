//! What a node counts.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::commands::TABLE;

/// Kinds of errors that are told apart: a client can make up codes of its own by what it asks for.
const MAX_ERROR_CODES: usize = 128;

/// One command's counters.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CommandStats {
    pub(crate) calls: u64,
    pub(crate) time: Duration,
    /// Refused before they ran.
    pub(crate) rejected: u64,
    /// Failed when they ran.
    pub(crate) failed: u64,
}

/// A node's counters since its start, or since CONFIG RESETSTAT.
#[derive(Debug)]
pub(crate) struct Stats {
    /// In the order of the table of commands.
    pub(crate) commands: Vec<CommandStats>,
    /// Errors by their code.
    pub(crate) errors: BTreeMap<String, u64>,
    pub(crate) error_replies: u64,
    pub(crate) connections: u64,
    pub(crate) rejected_connections: u64,
    pub(crate) executed: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    pub(crate) evicted: u64,
    /// The command that runs, one call or many in a row, and since when. Calls are cheaper than looks
    /// at the clock, so a row is timed as one.
    running: Option<(usize, Instant)>,
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            commands: vec![CommandStats::default(); TABLE.len()],
            errors: BTreeMap::new(),
            error_replies: 0,
            connections: 0,
            rejected_connections: 0,
            executed: 0,
            bytes_in: 0,
            bytes_out: 0,
            hits: 0,
            misses: 0,
            evicted: 0,
            running: None,
        }
    }
}

impl Stats {
    /// This command runs now.
    #[inline]
    pub(crate) fn begin(&mut self, command: usize) {
        if self.running.is_none_or(|(running, _)| running != command) {
            self.pause();
            self.running = Some((command, Instant::now()));
        }
        self.commands[command].calls += 1;
        self.executed += 1;
    }

    /// The command that was begun last was not executed after all.
    pub(crate) fn take_back(&mut self, command: usize) {
        self.commands[command].calls -= 1;
        self.executed -= 1;
    }

    /// Starts from nothing. The command that runs, which asked for it, is the first that counts.
    pub(crate) fn reset(&mut self) {
        let running = self.running;
        *self = Self::default();
        if let Some((command, _)) = running {
            self.begin(command);
        }
    }

    /// No command runs now.
    pub(crate) fn pause(&mut self) {
        if let Some((command, since)) = self.running.take() {
            self.commands[command].time += since.elapsed();
        }
    }

    /// An error was answered, wanted or not.
    pub(crate) fn error(&mut self, text: &str) {
        let code = text.split(' ').next().unwrap_or_default();
        self.error_replies += 1;
        if let Some(count) = self.errors.get_mut(code) {
            *count += 1;
        } else if self.errors.len() < MAX_ERROR_CODES {
            self.errors.insert(code.into(), 1);
        }
    }
}

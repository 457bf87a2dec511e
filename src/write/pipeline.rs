//! A pipeline on its way: what was sent of it, and which of its answers have come.

use std::time::Instant;

use super::Ended;

/// From its first chunk on.
pub(super) struct Pipeline {
    pub started: Instant,
    pub bytes: u64,
    pub answers: u64,
    /// Replicas that have it and all before it, by the answer to WAIT.
    pub replicas: u64,
    /// The last look that its question was asked for, if it has one.
    pub look: u64,
    /// Commands that its connection has executed, by the answer to that question.
    pub counted: Option<u64>,
    /// Known once it has been generated to its end.
    pub ended: Option<Ended>,
}

impl Pipeline {
    pub fn new(started: Instant, look: u64) -> Self {
        Self { started, bytes: 0, answers: 0, replicas: 0, look, counted: None, ended: None }
    }

    /// Whether its next answer is its last. With replicas to wait for, that is the one to WAIT.
    pub fn is_at_last(&self) -> bool {
        self.ended.is_some_and(|ended| self.answers + 1 == ended.replies)
    }

    /// Whether its next answer is the one to its question, which stands before the WAIT if there `waits` one.
    pub fn is_at_question(&self, waits: bool) -> bool {
        self.ended.is_some_and(|ended| ended.asks && self.answers + 1 + u64::from(waits) == ended.replies)
    }
}

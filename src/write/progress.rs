//! What a writer has done so far, for whoever watches it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::results::{LatencyHistogram, new_histogram};

/// What a connection's own count of its commands told last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The look that it was asked for.
    pub look: u64,
    /// Keys whose execution barriers had answered for by then. None of them was refused, but for those that are told of.
    pub keys: u64,
    /// Commands refused by then that nobody was told of yet.
    pub refused: u64,
}

/// Written by one writer, read by others at any time.
pub struct Progress {
    executed_keys: AtomicU64,
    wire_bytes: AtomicU64,
    waiting_ns: AtomicU64,
    pacing_ns: AtomicU64,
    /// Pipelines since it was last taken. A writer locks it once a pipeline, a watcher once a second.
    latency: Mutex<LatencyHistogram>,
    /// The last look for which its connection's count is wanted.
    look: AtomicU64,
    /// Locked once a look by both.
    count: Mutex<Option<Count>>,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            executed_keys: AtomicU64::new(0),
            wire_bytes: AtomicU64::new(0),
            waiting_ns: AtomicU64::new(0),
            pacing_ns: AtomicU64::new(0),
            latency: Mutex::new(new_histogram()),
            look: AtomicU64::new(0),
            count: Mutex::new(None),
        }
    }
}

impl Progress {
    /// Keys whose execution a barrier has answered for.
    pub fn executed_keys(&self) -> u64 {
        self.executed_keys.load(Relaxed)
    }

    /// Bytes that the socket has taken.
    pub fn wire_bytes(&self) -> u64 {
        self.wire_bytes.load(Relaxed)
    }

    /// Time spent waiting for the socket or for a barrier.
    pub fn waiting(&self) -> Duration {
        Duration::from_nanos(self.waiting_ns.load(Relaxed))
    }

    /// Time spent waiting for the rate.
    pub fn pacing(&self) -> Duration {
        Duration::from_nanos(self.pacing_ns.load(Relaxed))
    }

    /// Adds the pipelines that ended since the last call to `into`.
    pub fn take_latency(&self, into: &mut LatencyHistogram) {
        let mut latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        // Both are made by `new_histogram`, so nothing can be out of range.
        if into.add(&*latency).is_ok() {
            latency.reset();
        }
    }

    /// Wants to know what its connection counts from now on, for a look with this number: a greater one than before.
    pub fn want_count(&self, look: u64) {
        self.look.store(look, Relaxed);
    }

    /// What its connection's own count told last; `None` if there is none. Refusals are told of once.
    pub fn take_count(&self) -> Option<Count> {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = *count;
        count.iter_mut().for_each(|count| count.refused = 0);
        taken
    }

    /// The last look for which a count is wanted.
    pub(super) fn wanted(&self) -> u64 {
        self.look.load(Relaxed)
    }

    /// Its connection's count told that so many more were refused; `None` if it tells nothing any more.
    pub(super) fn counted(&self, look: u64, refused: Option<u64>) {
        let keys = self.executed_keys();
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let untold = count.map_or(0, |count| count.refused);
        *count = refused.map(|refused| Count { look, keys, refused: untold + refused });
    }

    pub(super) fn pipeline_ended(&self, keys: u64, took: Duration) {
        self.executed_keys.fetch_add(keys, Relaxed);
        let mut latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        latency.saturating_record(took.as_micros() as u64);
    }

    /// As if a barrier had answered for so many keys more.
    #[cfg(test)]
    pub(crate) fn execute(&self, keys: u64) {
        self.wrote(1);
        self.pipeline_ended(keys, Duration::ZERO);
    }

    /// As if its connection's count had told, for the last look, that so many more were refused, or nothing.
    #[cfg(test)]
    pub(crate) fn count(&self, refused: Option<u64>) {
        self.counted(self.wanted(), refused);
    }

    pub(super) fn wrote(&self, bytes: usize) {
        self.wire_bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(super) fn waited(&self, time: Duration) {
        self.waiting_ns.fetch_add(time.as_nanos() as u64, Relaxed);
    }

    pub(super) fn paced(&self, time: Duration) {
        self.pacing_ns.fetch_add(time.as_nanos() as u64, Relaxed);
    }
}

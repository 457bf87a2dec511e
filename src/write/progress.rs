//! What a writer has done so far, for whoever watches it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::results::{LatencyHistogram, new_histogram};

/// Written by one writer, read by others at any time.
pub struct Progress {
    executed_keys: AtomicU64,
    wire_bytes: AtomicU64,
    waiting_ns: AtomicU64,
    pacing_ns: AtomicU64,
    /// Pipelines since it was last taken. A writer locks it once a pipeline, a watcher once a second.
    latency: Mutex<LatencyHistogram>,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            executed_keys: AtomicU64::new(0),
            wire_bytes: AtomicU64::new(0),
            waiting_ns: AtomicU64::new(0),
            pacing_ns: AtomicU64::new(0),
            latency: Mutex::new(new_histogram()),
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

    pub(super) fn pipeline_ended(&self, keys: u64, took: Duration) {
        self.executed_keys.fetch_add(keys, Relaxed);
        let mut latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        latency.saturating_record(took.as_micros() as u64);
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

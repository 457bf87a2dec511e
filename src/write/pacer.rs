//! Even pacing over all writers: each pays for what it has sent before it sends more, so that the
//! sum never runs ahead of the rate and never comes in bursts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Bytes are sent for about this long at a time.
const QUANTUM: Duration = Duration::from_millis(10);

/// A writer that comes so late was woken late, by a timer that is coarse beside what it sends at a time or by a busy
/// machine, and nobody was idle: that time is not lost.
const WOKEN_LATE: Duration = Duration::from_millis(100);

/// The queue in which every writer of a run stands.
#[derive(Debug)]
pub struct Pacer {
    start: Instant,
    ns_per_byte: f64,
    /// When all that was sent so far is paid for, in nanoseconds since `start`.
    paid_ns: AtomicU64,
}

impl Pacer {
    /// A pacer that lets `bytes_per_second` through, counted on the wire. It starts now.
    pub fn new(bytes_per_second: f64) -> Self {
        Self { start: Instant::now(), ns_per_byte: 1e9 / bytes_per_second, paid_ns: AtomicU64::new(0) }
    }

    /// How many bytes a writer should send at a time.
    pub fn quantum_bytes(&self) -> usize {
        (QUANTUM.as_nanos() as f64 / self.ns_per_byte) as usize
    }

    /// Pays for `bytes` and returns when the next may be sent. Time in which nobody sent is lost:
    /// nobody may catch up, but with a moment by which a writer was late.
    pub fn pay(&self, bytes: usize) -> Instant {
        self.pay_at(self.start.elapsed().as_nanos() as u64, bytes)
    }

    /// The same at a time, in nanoseconds since the start.
    fn pay_at(&self, now: u64, bytes: usize) -> Instant {
        let cost = (bytes as f64 * self.ns_per_byte) as u64;
        // The rate counts from the first byte on.
        let is_idle = |paid: u64| paid == 0 || now.saturating_sub(paid) > WOKEN_LATE.as_nanos() as u64;
        let after = |paid: u64| if is_idle(paid) { now } else { paid }.saturating_add(cost);
        // The closure never refuses: the previous value comes back either way.
        let before =
            self.paid_ns.fetch_update(Relaxed, Relaxed, |paid| Some(after(paid))).unwrap_or_default();
        self.start + Duration::from_nanos(after(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payments_queue_up_and_do_not_save_up() {
        let pacer = Pacer::new(1e6);
        assert_eq!(pacer.quantum_bytes(), 10_000);
        let first = pacer.pay(500_000);
        let second = pacer.pay(500_000);
        assert_eq!(second - first, Duration::from_millis(500));
        assert!(second - pacer.start >= Duration::from_secs(1));
        let late = Pacer { start: Instant::now() - Duration::from_secs(9), ..Pacer::new(1e6) };
        assert!(late.pay(1_000) - late.start >= Duration::from_secs(9), "idle time is lost");
    }

    #[test]
    fn who_is_woken_late_loses_nothing() {
        let pacer = Pacer::new(1e6);
        // A millisecond's bytes at a time, and a timer that is two milliseconds late.
        let mut now = 50_000_000;
        for sent in 1..=1_000_u64 {
            let next = pacer.pay_at(now, 1_000) - pacer.start;
            assert_eq!(next, Duration::from_millis(50 + sent), "it never runs ahead of the rate");
            now = now.max(next.as_nanos() as u64 + 2_000_000);
        }
    }
}

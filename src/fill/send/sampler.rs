//! Looks at the writers' progress while they work, and turns it into events and per-second figures.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::results::{Event, Interval, Latency, LatencyHistogram, Observer, Second, Spread, new_histogram};
use crate::write::Progress;

/// Length of an interval.
const INTERVAL: Duration = Duration::from_secs(1);
/// A last interval shorter than this says nothing of the rate.
const SHORTEST_FOR_SPREAD: Duration = Duration::from_millis(900);

/// One master's writers, and what was seen of them.
struct Watched {
    address: String,
    writers: Vec<Arc<Progress>>,
    /// Keys of writers that have ended.
    before: u64,
    /// Keys that were entered into an interval.
    seen: u64,
    /// Latencies of writers that have ended, since the last interval.
    latency: LatencyHistogram,
}

/// Samples a fill from its first byte on.
pub(in crate::fill) struct Sampler {
    observer: Arc<dyn Observer>,
    pair_bytes: u64,
    /// Keys that were executed by runs before this.
    keys_before: u64,
    started: Instant,
    /// The same by the clock.
    started_at: SystemTime,
    interval_started: Instant,
    masters: Vec<Watched>,
    latency: LatencyHistogram,
    keys_per_second: Vec<f64>,
}

impl Sampler {
    pub fn new(observer: Arc<dyn Observer>, pair_bytes: u64, keys_before: u64) -> Self {
        let now = Instant::now();
        Self {
            observer,
            pair_bytes,
            keys_before,
            started: now,
            started_at: SystemTime::now(),
            interval_started: now,
            masters: Vec::new(),
            latency: new_histogram(),
            keys_per_second: Vec::new(),
        }
    }

    /// A moment of this fill by the clock.
    pub fn clock(&self, moment: Instant) -> SystemTime {
        self.started_at + moment.saturating_duration_since(self.started)
    }

    /// The master with this index is at `address`; those before it are known.
    pub fn know(&mut self, index: usize, address: String) {
        match self.masters.get_mut(index) {
            Some(known) => known.address = address,
            None => self.masters.push(Watched {
                address,
                writers: Vec::new(),
                before: 0,
                seen: 0,
                latency: new_histogram(),
            }),
        }
    }

    /// A writer begins to write to the master with this index.
    pub fn watch(&mut self, master: usize, writer: Arc<Progress>) {
        self.masters[master].writers.push(writer);
    }

    /// All writers have ended.
    pub fn release(&mut self) {
        for master in &mut self.masters {
            for writer in std::mem::take(&mut master.writers) {
                master.before += writer.executed_keys();
                writer.take_latency(&mut master.latency);
            }
        }
    }

    /// To be called about ten times a second, with the keys that are executed by now.
    pub fn tick(&mut self, keys: u64) {
        self.tell(keys);
        if self.interval_started.elapsed() >= INTERVAL {
            self.end_interval();
        }
    }

    /// Ends the last interval, and returns the latencies of all pipelines and the spread of the whole
    /// seconds' rates.
    pub fn finish(mut self, keys: u64) -> (LatencyHistogram, Spread) {
        self.tell(keys);
        self.end_interval();
        (self.latency, Spread::of(&mut self.keys_per_second))
    }

    fn tell(&self, keys: u64) {
        let keys = keys.saturating_sub(self.keys_before);
        self.observer.event(&Event::Filling {
            keys,
            payload_bytes: keys * self.pair_bytes,
            elapsed: self.started.elapsed(),
        });
    }

    fn end_interval(&mut self) {
        let length = self.interval_started.elapsed();
        let (start, started_at) = (self.interval_started - self.started, self.clock(self.interval_started));
        self.interval_started += length;
        let mut latency = new_histogram();
        let mut masters = Vec::with_capacity(self.masters.len());
        for master in &mut self.masters {
            let mut own = std::mem::replace(&mut master.latency, new_histogram());
            master.writers.iter().for_each(|writer| writer.take_latency(&mut own));
            let executed = master.executed();
            let keys = executed - std::mem::replace(&mut master.seen, executed);
            masters.push(Interval {
                start_seconds: start.as_secs_f64(),
                seconds: length.as_secs_f64(),
                master: master.address.clone(),
                keys,
                payload_bytes: keys * self.pair_bytes,
                latency_us: Latency::from(&own),
            });
            latency += own;
        }
        let keys: u64 = masters.iter().map(|interval| interval.keys).sum();
        if length >= SHORTEST_FOR_SPREAD {
            self.keys_per_second.push(keys as f64 / length.as_secs_f64());
        }
        self.latency += &latency;
        self.observer.event(&Event::Second(Second { start, started_at, length, masters, latency }));
    }
}

impl Watched {
    fn executed(&self) -> u64 {
        self.before + self.writers.iter().map(|writer| writer.executed_keys()).sum::<u64>()
    }
}

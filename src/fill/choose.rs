//! What is left open is chosen by bytes: what is in flight to a master should fit its processor's
//! caches, and no single command should hold a server for long. Pure.

use std::time::Duration;

use crate::dataset::Spec;
use crate::results::{IN_FLIGHT_BYTES_MAX, PipelineDepth};
use crate::units::Rate;
use crate::write::{BatchOptions, Command, Depth, Order, Window, wire_bytes_per_key};

use super::settings::{CommandChoice, FillOptions};

/// Wire bytes of one MSET at most. A server does nothing else meanwhile: 160 KiB take it about a
/// tenth of a millisecond.
const GROUP_BYTES: u64 = 160 << 10;
/// Keys of one MSET at most: beyond this nothing is gained (`PERFORMANCE.md`).
const GROUP_KEYS: u64 = 512;
/// Wire bytes of a pipeline that nobody asked to be larger or smaller: each costs the client a
/// wake-up, and the more bytes are in flight, the farther from the processor they are (`PERFORMANCE.md`).
pub(super) const PIPELINE_BYTES: u64 = 512 << 10;
/// Wire bytes in flight to a master that are enough near by, and still fit caches.
const IN_FLIGHT_BYTES: u64 = 2 * PIPELINE_BYTES;
/// Farther away, what is in flight has to fill the way there and back at this rate: 20 Gbit/s.
const IN_FLIGHT_BYTES_PER_SECOND: f64 = 2.5e9;
/// Under a rate, a pipeline lasts about this long, and a command a tenth of it.
const PACED_PIPELINE_SECONDS: f64 = 0.1;

/// Everything about how the fill is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen {
    /// Commands and pipelines.
    pub batch: BatchOptions,
    /// In which order.
    pub order: Order,
    /// Per writer.
    pub window: Window,
    /// Per master.
    pub writers: u64,
    /// The ceiling in bytes on the wire a second.
    pub wire_bytes_per_second: Option<f64>,
}

/// Chooses for so many masters, the farthest of which answers within `round_trip`.
pub(super) fn choose(options: &FillOptions, masters: usize, round_trip: Duration) -> Chosen {
    let spec = &options.spec;
    let mut batch = BatchOptions {
        command: Command::Set,
        group: 1,
        depth: Depth::Exactly(1),
        reply: options.reply,
        ttl: options.ttl,
        wait: options.wait,
    };
    let key_bytes = wire_bytes_per_key(spec, &batch);
    // WAIT holds one connection: another writes meanwhile.
    let unasked = if options.wait.is_some() { 2 } else { 1 };
    let writers = if options.serial { 1 } else { options.writers.unwrap_or(unasked) };
    let wire_bytes_per_second = options.rate.map(|rate| match rate {
        Rate::Keys(keys) => keys * key_bytes as f64,
        Rate::Bytes(bytes) => bytes * key_bytes as f64 / spec.pair_bytes() as f64,
    });
    // Bytes that a pipeline may have so that pacing stays even.
    let paced = wire_bytes_per_second.map_or(u64::MAX, |rate| {
        let pipelines = if options.serial { 1 } else { writers * masters as u64 };
        (rate * PACED_PIPELINE_SECONDS / pipelines as f64) as u64
    });

    let pipeline_bytes = match options.pipeline_depth {
        Some(PipelineDepth::Bytes(bytes)) => bytes,
        Some(PipelineDepth::Keys(_)) | None => PIPELINE_BYTES,
    };
    let group = group(spec, key_bytes, pipeline_bytes.min(paced / 10));
    let grouped = match options.command {
        CommandChoice::Set => false,
        CommandChoice::Mset => true,
        CommandChoice::Auto => options.ttl.is_none() && options.order == Order::Slot && group > 1,
    };
    if grouped {
        (batch.command, batch.group) = (Command::Mset, group);
    }
    let (depth, pipeline_bytes) = match options.pipeline_depth {
        Some(PipelineDepth::Keys(keys)) => (Depth::Exactly(keys), keys * key_bytes),
        Some(PipelineDepth::Bytes(_)) | None => {
            let bytes = pipeline_bytes.min(paced).max(key_bytes);
            // Rounded down to whole keys; the window goes by what was meant, or it would be one pipeline wider.
            (Depth::AtLeast(bytes / key_bytes), bytes)
        }
    };
    batch.depth = depth;
    let pipelines = match options.window {
        _ if options.serial => 1,
        Some(window) => window,
        None => (in_flight_bytes(round_trip) / writers).div_ceil(pipeline_bytes).max(2),
    };
    let window = Window { pipelines: pipelines as usize, bytes: IN_FLIGHT_BYTES_MAX / writers };
    Chosen { batch, order: options.order, window, writers, wire_bytes_per_second }
}

/// What is chosen before any server is asked: for one master near by, as far as that makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Whether the command is MSET.
    pub is_grouped: bool,
    /// Keys between two barriers.
    pub pipeline_depth: u64,
    /// Pipelines in flight per writer.
    pub window: u64,
    /// Writers per master.
    pub writers: u64,
}

/// Chooses as if for one master near by.
pub fn choice(options: &FillOptions) -> Choice {
    let Chosen { batch, window, writers, .. } = choose(options, 1, Duration::ZERO);
    Choice {
        is_grouped: batch.command == Command::Mset,
        pipeline_depth: batch.depth.keys(),
        window: window.pipelines as u64,
        writers,
    }
}

/// Bytes on the wire that keep a master busy.
fn in_flight_bytes(round_trip: Duration) -> u64 {
    let way = (round_trip.as_secs_f64() * IN_FLIGHT_BYTES_PER_SECOND) as u64;
    way.clamp(IN_FLIGHT_BYTES, IN_FLIGHT_BYTES_MAX)
}

/// Keys in one MSET.
fn group(spec: &Spec, key_bytes: u64, most_bytes: u64) -> u64 {
    let by_bytes = GROUP_BYTES.min(most_bytes) / key_bytes;
    let in_slot = match spec.is_counted() {
        // How many keys a slot will hold is not known yet.
        true => u64::MAX,
        // No slot has fewer keys than any other but for one.
        false => spec.keys().div_ceil(u64::from(crate::slots::SLOTS)),
    };
    by_bytes.min(GROUP_KEYS).min(in_slot).max(1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dataset::{Amount, Request};
    use crate::fill::Timeouts;
    use crate::write::{ReplyMode, TimeToLive};

    const NEAR: Duration = Duration::from_micros(50);

    fn options(keys: u64, key_size: u64, value_size: u64) -> FillOptions {
        let request =
            Request { amount: Amount::Keys(keys), key_size, value_size, prefix: String::new(), seed: 1 };
        let second = Duration::from_secs(1);
        FillOptions {
            spec: Arc::new(Spec::new(&request).unwrap()),
            start_at: None,
            command: CommandChoice::Auto,
            until_memory: None,
            force: false,
            order: Order::Slot,
            reply: ReplyMode::Off,
            ttl: None,
            wait: None,
            pipeline_depth: None,
            writers: None,
            window: None,
            rate: None,
            serial: false,
            flush: false,
            timeouts: Timeouts {
                barrier: second,
                proof: second,
                recovery: second,
                flush: second,
                deadline: None,
            },
            threads: 1,
            keeping: None,
        }
    }

    #[test]
    fn auto_groups_what_can_be_grouped() {
        assert_eq!(choose(&options(3_000_000, 256, 512), 3, NEAR).batch.command, Command::Mset);
        let single = [
            options(16384, 256, 512),
            options(3_000_000, 256, 1 << 20),
            FillOptions { ttl: Some(TimeToLive(NEAR)), ..options(3_000_000, 256, 512) },
            FillOptions { order: Order::Stride, ..options(3_000_000, 256, 512) },
        ];
        for options in single {
            let chosen = choose(&options, 3, NEAR);
            assert_eq!((chosen.batch.command, chosen.batch.group), (Command::Set, 1), "{options:?}");
        }
    }

    #[test]
    fn what_is_in_flight_is_bounded_in_bytes_whatever_the_sizes() {
        for (key_size, value_size) in [(32, 64), (256, 512), (64, 4096), (64, 65536), (64, 10 << 20)] {
            let options = options(10_000_000, key_size, value_size);
            let chosen = choose(&options, 3, NEAR);
            let key_bytes = wire_bytes_per_key(&options.spec, &chosen.batch);
            assert!(chosen.batch.group == 1 || chosen.batch.group * key_bytes <= GROUP_BYTES);
            let pipeline = chosen.batch.depth.keys() * key_bytes;
            assert!(chosen.batch.depth.keys() == 1 || pipeline <= PIPELINE_BYTES, "{chosen:?}");
            assert_eq!(chosen.window.pipelines, 2, "{chosen:?}");
        }
    }

    #[test]
    fn a_pipeline_has_the_bytes_that_are_asked_for_unless_a_rate_wants_fewer() {
        let depth = Some(PipelineDepth::Bytes(64 << 10));
        let sized = FillOptions { pipeline_depth: depth, ..options(3_000_000, 256, 512) };
        let chosen = choose(&sized, 3, NEAR);
        let key_bytes = wire_bytes_per_key(&sized.spec, &chosen.batch);
        assert!((60 << 10..=64 << 10).contains(&(chosen.batch.depth.keys() * key_bytes)), "{chosen:?}");
        assert!(chosen.batch.group <= chosen.batch.depth.keys(), "{chosen:?}");
        assert_eq!(chosen.window.pipelines as u64, IN_FLIGHT_BYTES / (64 << 10), "{chosen:?}");
        let tiny = FillOptions { pipeline_depth: Some(PipelineDepth::Bytes(1)), ..sized.clone() };
        assert_eq!(choice(&tiny).pipeline_depth, 1);
        let keys = FillOptions { pipeline_depth: Some(PipelineDepth::Keys(5000)), ..sized.clone() };
        assert_eq!(choice(&keys).pipeline_depth, 5000);
        let paced = FillOptions { rate: Some(Rate::Keys(3000.0)), ..sized.clone() };
        assert!(choose(&paced, 3, NEAR).batch.depth.keys() <= 100);
        let far = FillOptions { window: Some(2), ..sized };
        assert_eq!(choose(&far, 3, Duration::from_millis(20)).window.pipelines, 2);
    }

    #[test]
    fn a_shallow_depth_gets_a_wider_window_and_so_does_a_far_server() {
        let shallow =
            FillOptions { pipeline_depth: Some(PipelineDepth::Keys(20)), ..options(3_000_000, 256, 512) };
        assert!(choose(&shallow, 3, NEAR).window.pipelines > 20);
        let far = choose(&options(3_000_000, 256, 512), 3, Duration::from_millis(2));
        assert!((8..13).contains(&far.window.pipelines), "{far:?}");
        let serial = FillOptions { serial: true, ..options(3_000_000, 256, 512) };
        assert_eq!(choose(&serial, 3, Duration::from_millis(2)).window.pipelines, 1);
    }

    #[test]
    fn under_a_rate_pipelines_are_short() {
        let paced = FillOptions { rate: Some(Rate::Keys(3000.0)), ..options(3_000_000, 256, 512) };
        let chosen = choose(&paced, 3, NEAR);
        assert!(chosen.batch.depth.keys() <= 100 && chosen.batch.group <= 10, "{chosen:?}");
    }
}

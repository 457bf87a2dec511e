//! What is left open is chosen by bytes: what is in flight to a master should fit its processor's
//! caches, and no single command should hold a server for long. Pure.

use crate::dataset::Spec;
use crate::units::Rate;
use crate::write::{BatchOptions, Command, Depth, Order, Window, wire_bytes_per_key};

use super::settings::{CommandChoice, FillOptions};

/// Wire bytes of one MSET at most. A server does nothing else meanwhile: 128 KiB take it about a
/// tenth of a millisecond.
const GROUP_BYTES: u64 = 128 << 10;
/// Keys of one MSET at most: beyond this nothing is gained (`PERFORMANCE.md`).
const GROUP_KEYS: u64 = 512;
/// Wire bytes of a pipeline that nobody asked to be larger or smaller.
const PIPELINE_BYTES: u64 = 256 << 10;
/// Wire bytes in flight to a master that are enough, and still fit caches.
const IN_FLIGHT_BYTES: u64 = 512 << 10;
/// Wire bytes in flight to a master at most, whatever was asked: servers cut clients off at 1 GiB
/// (`client-query-buffer-limit`), and all of it may have to be sent again.
const IN_FLIGHT_BYTES_MAX: u64 = 64 << 20;
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

impl Chosen {
    /// Keys in a pipeline, as it was asked or chosen.
    pub fn depth(&self) -> u64 {
        let (Depth::Exactly(depth) | Depth::AtLeast(depth)) = self.batch.depth;
        depth
    }
}

/// Chooses for `masters` masters.
pub(super) fn choose(options: &FillOptions, masters: usize) -> Chosen {
    let spec = &options.spec;
    let mut batch = BatchOptions {
        command: Command::Set,
        group: 1,
        depth: Depth::Exactly(1),
        reply: options.reply,
        ttl: options.ttl,
    };
    let key_bytes = wire_bytes_per_key(spec, &batch);
    let writers = if options.serial { 1 } else { options.writers.unwrap_or(1) };
    let wire_bytes_per_second = options.rate.map(|rate| match rate {
        Rate::Keys(keys) => keys * key_bytes as f64,
        Rate::Bytes(bytes) => bytes * key_bytes as f64 / spec.pair_bytes() as f64,
    });
    // Bytes that a pipeline may have so that pacing stays even.
    let paced = wire_bytes_per_second.map_or(u64::MAX, |rate| {
        let pipelines = if options.serial { 1 } else { writers * masters as u64 };
        (rate * PACED_PIPELINE_SECONDS / pipelines as f64) as u64
    });

    let group = group(spec, key_bytes, paced / 10);
    let grouped = match options.command {
        CommandChoice::Set => false,
        CommandChoice::Mset => true,
        CommandChoice::Auto => options.ttl.is_none() && options.order == Order::Slot && group > 1,
    };
    if grouped {
        (batch.command, batch.group) = (Command::Mset, group);
    }
    batch.depth = match options.pipeline_depth {
        Some(depth) => Depth::Exactly(depth),
        None => Depth::AtLeast((PIPELINE_BYTES.min(paced) / key_bytes).max(1)),
    };
    let (Depth::Exactly(depth) | Depth::AtLeast(depth)) = batch.depth;
    let pipeline_bytes = depth.max(batch.group) * key_bytes;
    let pipelines = match options.window {
        _ if options.serial => 1,
        Some(window) => window,
        None => (IN_FLIGHT_BYTES / writers / pipeline_bytes).max(2),
    };
    let window = Window { pipelines: pipelines as usize, bytes: IN_FLIGHT_BYTES_MAX / writers };
    Chosen { batch, order: options.order, window, writers, wire_bytes_per_second }
}

/// Keys in one MSET.
fn group(spec: &Spec, key_bytes: u64, paced: u64) -> u64 {
    let by_bytes = GROUP_BYTES.min(paced) / key_bytes;
    // No slot has fewer keys than any other but for one.
    by_bytes.min(GROUP_KEYS).min(spec.keys().div_ceil(u64::from(crate::slots::SLOTS))).max(1)
}

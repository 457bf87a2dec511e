//! Settings for a purpose, in one table: what `--preset` comes to where the command line leaves it open. An option
//! that is given beats them.
//!
//! They come from two sweeps of Valkey 9.1.2, three masters on two cores that they shared with the client; PERFORMANCE.md
//! has the figures, and what does not carry over. In `results/sweep-valkey-9.1.2-20261122T050413Z`, over nine pairs of
//! sizes, pipelines of 512 KiB over one connection to each master could not be told from the fastest of 16 settings. In
//! `results/in-flight-valkey-9.1.2-20261122T053207Z`, at 256/512 bytes, two pipelines of 256 KiB were the fastest of 48
//! settings, and one of them was a fifth slower than that.

use super::choose::PIPELINE_BYTES;
use crate::results::PipelineDepth;

/// What a purpose comes to. `None` is left open: chosen as without a preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// How much stands between two barriers.
    pub pipeline_depth: Option<PipelineDepth>,
    /// Pipelines in flight per writer.
    pub window: Option<u64>,
    /// Writers per master.
    pub writers: Option<u64>,
    /// Threads of the client.
    pub threads: Option<u64>,
}

const fn kib(number: u64) -> Option<PipelineDepth> {
    Some(PipelineDepth::Bytes(number << 10))
}

impl Preset {
    /// As many keys a second as the servers take, near or far: what is chosen anyhow, written down.
    pub const THROUGHPUT: Self = Self {
        name: "throughput",
        pipeline_depth: Some(PipelineDepth::Bytes(PIPELINE_BYTES)),
        window: None,
        writers: None,
        threads: None,
    };
    /// The same near by, and memory that does not grow with the distance: what is unanswered waits in the buffers of
    /// this machine and of the servers.
    pub const BALANCED: Self =
        Self { name: "balanced", pipeline_depth: kib(256), window: Some(2), writers: None, threads: None };
    /// One thread, one connection to each master, and one pipeline unanswered.
    pub const SMALL: Self =
        Self { name: "small", pipeline_depth: kib(256), window: Some(1), writers: Some(1), threads: Some(1) };
    /// All of them.
    pub const ALL: [Self; 3] = [Self::THROUGHPUT, Self::BALANCED, Self::SMALL];
    /// Their names.
    pub const NAMES: [&str; 3] = [Self::THROUGHPUT.name, Self::BALANCED.name, Self::SMALL.name];

    /// The one with a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{PIPELINE_SIZES, THREADS, WINDOWS, WRITERS};

    fn bytes(preset: Preset) -> Option<u64> {
        PipelineDepth::fields(preset.pipeline_depth).1
    }

    #[test]
    fn each_is_what_a_command_line_could_have_said() {
        for preset in Preset::ALL {
            let Preset { name, pipeline_depth: _, window, writers, threads } = preset;
            assert_eq!(Preset::named(name), Some(preset));
            // A depth in keys would be another one for each size of them.
            assert!(bytes(preset).is_some_and(|bytes| PIPELINE_SIZES.contains(&bytes)), "{name}");
            for (range, setting) in [(WINDOWS, window), (WRITERS, writers), (THREADS, threads)] {
                assert!(setting.is_none_or(|setting| range.contains(&setting)), "{name}");
            }
        }
        assert_eq!(Preset::named("fast"), None);
    }

    #[test]
    fn what_is_bounded_is_bounded() {
        let unanswered = |preset: Preset| Some(bytes(preset)? * preset.window?);
        assert!(unanswered(Preset::BALANCED).is_some_and(|bytes| bytes <= 1 << 20));
        assert!(unanswered(Preset::SMALL) < unanswered(Preset::BALANCED));
    }
}

//! How much a writer sends between two barriers, as it is asked: in keys, or in bytes.

use std::fmt;
use std::ops::RangeInclusive;

use crate::units::{parse_bytes, write_size};

/// What a depth in keys may be.
pub const PIPELINE_DEPTHS: RangeInclusive<u64> = 1..=100_000_000;
/// What a depth in bytes may be.
pub const PIPELINE_SIZES: RangeInclusive<u64> = 1..=1 << 40;

/// How much a writer sends between two barriers. A record holds each of the two in a field of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipelineDepth {
    /// So many keys.
    Keys(u64),
    /// About so many bytes on the wire, whole commands, one key at least; less where `--rate` is low.
    Bytes(u64),
}

/// Why a text is no depth.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a depth: write keys, from {least} to {most}, or bytes with their unit, like 512KiB",
    least = PIPELINE_DEPTHS.start(),
    most = PIPELINE_DEPTHS.end()
)]
pub struct NoPipelineDepth(String);

impl PipelineDepth {
    /// Reads a depth: a bare number is keys, one with a unit of bytes is bytes.
    ///
    /// # Errors
    /// [`NoPipelineDepth`] if it is neither, or out of [`PIPELINE_DEPTHS`] and [`PIPELINE_SIZES`].
    pub fn parse(text: &str) -> Result<Self, NoPipelineDepth> {
        let has_unit = text.trim_end().ends_with(|letter: char| letter.is_ascii_alphabetic());
        let depth = match has_unit {
            true => parse_bytes(text).ok().filter(|bytes| PIPELINE_SIZES.contains(bytes)).map(Self::Bytes),
            false => text.trim().parse().ok().filter(|keys| PIPELINE_DEPTHS.contains(keys)).map(Self::Keys),
        };
        depth.ok_or_else(|| NoPipelineDepth(text.into()))
    }

    /// What the two fields of a record come to; `None` where both are open.
    pub fn of_fields(keys: Option<u64>, bytes: Option<u64>) -> Option<Self> {
        keys.map(Self::Keys).or(bytes.map(Self::Bytes))
    }

    /// The two fields of a record: keys, and bytes.
    pub fn fields(depth: Option<Self>) -> (Option<u64>, Option<u64>) {
        match depth {
            None => (None, None),
            Some(Self::Keys(keys)) => (Some(keys), None),
            Some(Self::Bytes(bytes)) => (None, Some(bytes)),
        }
    }
}

/// As [`PipelineDepth::parse`] reads it.
impl fmt::Display for PipelineDepth {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys(keys) => keys.fmt(out),
            Self::Bytes(bytes) => out.write_str(&write_size(*bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_depth_is_keys_or_bytes_and_is_read_as_it_is_written() {
        let read = [
            ("1000", PipelineDepth::Keys(1000), "1000"),
            (" 100000000 ", PipelineDepth::Keys(100_000_000), "100000000"),
            ("512KiB", PipelineDepth::Bytes(512 << 10), "512KiB"),
            ("1.5 MiB", PipelineDepth::Bytes(3 << 19), "1536KiB"),
            ("500kB", PipelineDepth::Bytes(500_000), "500000B"),
            ("1B", PipelineDepth::Bytes(1), "1B"),
        ];
        for (text, depth, written) in read {
            assert_eq!(PipelineDepth::parse(text), Ok(depth), "{text}");
            assert_eq!(depth.to_string(), written);
            assert_eq!(PipelineDepth::parse(written), Ok(depth));
            let (keys, bytes) = PipelineDepth::fields(Some(depth));
            assert_eq!(PipelineDepth::of_fields(keys, bytes), Some(depth));
        }
        assert_eq!(PipelineDepth::of_fields(None, None), None);
    }

    #[test]
    fn what_is_no_depth_is_refused() {
        for text in ["", "0", "100000001", "1.5", "-1", "auto", "0B", "2TiB", "KiB", "5 apples", "1e3"] {
            let error = PipelineDepth::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is not a depth: ")), "{error}");
        }
    }
}

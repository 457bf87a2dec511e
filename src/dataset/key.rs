//! How a key is spelt: `PREFIX{TAG}:ORDINAL`, then filler up to the key size.

use crate::slots;

use super::Position;

/// What stands after the ordinal up to the key size.
pub const FILLER: u8 = b'x';
/// An ordinal has at most this many decimal digits.
const MAX_WIDTH: usize = 12;
/// `{`, three characters of tag, `}` and `:`.
const TAG_AND_MARKS: usize = 6;

/// Where the parts of every key stand. Keys differ in their tag and their ordinal alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyShape {
    prefix: Box<[u8]>,
    size: usize,
}

impl KeyShape {
    /// The shape of keys of `size` bytes that start with `prefix`; the caller has seen to it that
    /// the size is at least [`Self::smallest_size`] for one key.
    pub(super) fn new(prefix: &[u8], size: usize) -> Self {
        Self { prefix: prefix.into(), size }
    }

    /// The smallest key size in which every ordinal below `ordinals` can be written.
    pub(super) fn smallest_size(prefix: &[u8], ordinals: u64) -> usize {
        prefix.len() + TAG_AND_MARKS + ordinals.saturating_sub(1).max(1).ilog10() as usize + 1
    }

    /// The most ordinals that any key size can tell apart.
    pub(super) const fn most_ordinals() -> u64 {
        10u64.pow(MAX_WIDTH as u32)
    }

    /// What every key starts with.
    pub(super) fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// Bytes in each key.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Where the three bytes of the tag stand.
    pub fn tag_at(&self) -> usize {
        self.prefix.len() + 1
    }

    /// Where the ordinal's digits stand.
    pub fn ordinal_at(&self) -> usize {
        self.prefix.len() + TAG_AND_MARKS
    }

    /// How many digits each ordinal has, zeros in front.
    pub fn ordinal_width(&self) -> usize {
        (self.size - self.ordinal_at()).min(MAX_WIDTH)
    }

    /// Appends the key at `position`.
    pub fn write(&self, position: Position, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.prefix);
        out.push(b'{');
        out.extend_from_slice(&slots::tag(position.slot));
        out.extend_from_slice(b"}:");
        out.resize(start + self.size, FILLER);
        let digits = start + self.ordinal_at();
        write_ordinal(position.ordinal, &mut out[digits..digits + self.ordinal_width()]);
    }

    /// The key at `position`.
    pub fn key(&self, position: Position) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.size);
        self.write(position, &mut key);
        key
    }
}

/// Writes `ordinal` into `digits`, zeros in front.
pub fn write_ordinal(mut ordinal: u64, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (ordinal % 10) as u8;
        ordinal /= 10;
    }
}

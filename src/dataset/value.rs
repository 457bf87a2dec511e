//! What a value holds: a stamp that is unique in the dataset, then a slice of a pool of random bytes.
//! Nothing is stored per key, and a value can be checked by whoever knows the seed.
//!
//! Places and stamps need only 32-bit operations and products below 2^53, so that a script inside a
//! server (Lua 5.1: doubles, and `bit`) can make and check the same bytes.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::{Position, Spec, golden};

/// Bytes in the pool. Large, so that compressors find next to nothing across values.
pub const POOL_BYTES: usize = 32 << 20;
/// A value up to this size is one slice of memory.
pub const CONTIGUOUS_BYTES: usize = 64 << 10;
/// Bytes at the start of each value that no other value of the dataset starts with.
pub const STAMP_BYTES: usize = 8;
/// Values start at multiples of this, a cache line.
const LINE_BYTES: usize = 64;
/// Places where a value can start.
const PLACES: usize = POOL_BYTES / LINE_BYTES;
/// So many keys of a slot stand side by side in the pool; those of the next slot in golden order
/// are the same, moved on by one.
const RUN_KEYS: usize = 16;
/// Places from one run of a slot to the next: an odd number of runs, so that a slot comes to all
/// places before it comes to one again, and near the golden ratio of all, so that its runs keep apart.
const RUN_STEP: usize = RUN_KEYS * 20251;

/// The values of one dataset. Holds the pool: share it rather than make another.
pub struct Values {
    /// The pool, and its first [`CONTIGUOUS_BYTES`] once more behind its end.
    pool: Box<[u8]>,
    size: usize,
    /// Places from one value to the one beside it.
    step: usize,
    stamp_keys: [u32; 3],
}

impl Values {
    /// Makes the pool: a few milliseconds.
    pub fn new(spec: &Spec) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(spec.seed());
        let mut pool = vec![0; POOL_BYTES + CONTIGUOUS_BYTES].into_boxed_slice();
        random.fill_bytes(&mut pool[..POOL_BYTES]);
        pool.copy_within(..CONTIGUOUS_BYTES, POOL_BYTES);
        // The size is part of the stamp's keys: the stamp of a value of another size is wrong, too.
        let mut keys = Xoshiro256PlusPlus::seed_from_u64(random.next_u64() ^ spec.value_size() as u64);
        // Odd, so that the steps come to all places before they come to one again.
        let step = (spec.value_size().div_ceil(LINE_BYTES) % PLACES) | 1;
        Self { pool, size: spec.value_size(), step, stamp_keys: std::array::from_fn(|_| keys.next_u32()) }
    }

    /// Bytes in each value.
    pub fn size(&self) -> usize {
        self.size
    }

    /// What the value starts with: all of it, if it is shorter. For one seed and size, no two
    /// positions have the same: three rounds of a Feistel network are a permutation.
    #[inline]
    pub fn stamp(&self, position: Position) -> [u8; STAMP_BYTES] {
        let [first, second, third] = self.stamp_keys;
        let mut high = u32::from(position.slot) | ((position.ordinal >> 32) as u32) << 14;
        let mut low = position.ordinal as u32;
        low ^= scramble(high ^ first);
        high ^= scramble(low ^ second);
        low ^= scramble(high ^ third);
        (u64::from(high) << 32 | u64::from(low)).to_le_bytes()
    }

    /// Where in the pool the value is taken from. Both orders of writing find most of it in the
    /// cache: a slot is read in a few runs that overlap those of the slot before, and a round over
    /// all slots reads the pool from front to back.
    #[inline]
    fn place(&self, position: Position) -> usize {
        let (run, within) = (position.ordinal as usize / RUN_KEYS, position.ordinal as usize % RUN_KEYS);
        let steps = run % PLACES * RUN_STEP + usize::from(golden(position.slot)) + within;
        steps % PLACES * self.step % PLACES * LINE_BYTES
    }

    /// Appends the value at `position`, for values of up to [`CONTIGUOUS_BYTES`]. Hot: called for
    /// every key.
    #[inline]
    pub fn write(&self, position: Position, out: &mut Vec<u8>) {
        debug_assert!(self.size <= CONTIGUOUS_BYTES, "larger values are streamed by parts");
        let (start, place) = (out.len(), self.place(position));
        out.extend_from_slice(&self.pool[place..place + self.size]);
        let stamped = self.size.min(STAMP_BYTES);
        out[start..start + stamped].copy_from_slice(&self.stamp(position)[..stamped]);
    }

    /// Appends up to `most` bytes of the value at `position` from byte `offset` on, as many as one
    /// slice of the pool has, and returns how many: a large value is streamed by repeating this.
    pub fn write_part(&self, position: Position, offset: usize, most: usize, out: &mut Vec<u8>) -> usize {
        let start = out.len();
        let place = (self.place(position) + offset) % POOL_BYTES;
        let length = most.min(self.size - offset).min(POOL_BYTES - place);
        out.extend_from_slice(&self.pool[place..place + length]);
        if offset < STAMP_BYTES {
            let stamped = length.min(STAMP_BYTES - offset);
            out[start..start + stamped].copy_from_slice(&self.stamp(position)[offset..offset + stamped]);
        }
        length
    }

    /// Whether `bytes` are those of the value at `position` from byte `offset` on. Nothing is copied:
    /// a check looks at every byte of every value with this.
    pub fn matches(&self, position: Position, offset: usize, bytes: &[u8]) -> bool {
        if offset + bytes.len() > self.size {
            return false;
        }
        let stamped = bytes.len().min(STAMP_BYTES.saturating_sub(offset));
        let (stamp, mut rest) = bytes.split_at(stamped);
        if stamped > 0 && *stamp != self.stamp(position)[offset..offset + stamped] {
            return false;
        }
        let mut place = (self.place(position) + offset + stamped) % POOL_BYTES;
        while !rest.is_empty() {
            let length = rest.len().min(self.pool.len() - place);
            let (slice, later) = rest.split_at(length);
            if *slice != self.pool[place..place + length] {
                return false;
            }
            (rest, place) = (later, (place + length) % POOL_BYTES);
        }
        true
    }

    /// The value at `position`.
    pub fn value(&self, position: Position) -> Vec<u8> {
        let mut value = Vec::with_capacity(self.size);
        while value.len() < self.size {
            self.write_part(position, value.len(), self.size, &mut value);
        }
        value
    }
}

/// Mixes 32 bits. The multipliers are odd and below 2^21, so that the products stay below 2^53.
#[inline]
fn scramble(mut word: u32) -> u32 {
    word ^= word >> 15;
    word = word.wrapping_mul(0x001f_123b);
    word ^= word >> 13;
    word = word.wrapping_mul(0x001a_85ed);
    word ^ word >> 16
}

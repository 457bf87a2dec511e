//! Going through all keys bit by bit, while they come and go.

use super::entry::Entry;
use super::keyspace::Keyspace;
use crate::slots::SLOTS;

/// Where a scan goes on, as one number: the slot, then which part of how many.
#[derive(Clone, Copy)]
struct Cursor {
    slot: u64,
    /// The slot's keys are told apart by this many bits of their hashes.
    bits: u32,
    part: u64,
}

const SLOT_BITS: u32 = SLOTS.trailing_zeros();
const BITS_BITS: u32 = 6;
/// Keys of a slot that one step of a scan looks for: more are told in parts.
const SCAN_PART_KEYS: usize = 512;
/// A scan goes on in parts that are this much smaller, by powers of two, than the table asks for by now: each
/// of them is a look at the whole table.
const MAX_SHRUNK_BITS: u32 = 4;

impl Keyspace {
    /// The next keys after `cursor`, and the cursor after them, which is 0 at the end. Whoever goes
    /// on to the end sees every key that was there all the while at least once: a key's slot and
    /// hash stay what they are, whatever else comes and goes.
    pub(crate) fn scan(&self, cursor: u64, least: usize) -> (u64, Vec<&Entry>) {
        self.scan_parts(cursor, least, SCAN_PART_KEYS)
    }

    /// The same, of slots in parts of about so many keys.
    pub(crate) fn scan_parts(&self, cursor: u64, least: usize, part_keys: usize) -> (u64, Vec<&Entry>) {
        let mut cursor = Cursor::unpack(cursor);
        let mut found = Vec::new();
        while cursor.slot < u64::from(SLOTS) {
            let table = &self.tables[cursor.slot as usize];
            let bits = table.len().div_ceil(part_keys).next_power_of_two().trailing_zeros();
            // Where a table has shrunk so far, or the cursor is made up, the slot is told again.
            if cursor.part == 0 || cursor.bits > bits + MAX_SHRUNK_BITS {
                (cursor.bits, cursor.part) = (bits, 0);
            }
            let mask = (1u64 << cursor.bits) - 1;
            found.extend(table.iter().filter(|entry| self.hash(entry.key()) & mask == cursor.part));
            cursor.part += 1;
            if cursor.part > mask {
                cursor = Cursor { slot: cursor.slot + 1, bits: 0, part: 0 };
            }
            if found.len() >= least {
                break;
            }
        }
        (cursor.pack(), found)
    }

    fn hash(&self, key: &[u8]) -> u64 {
        std::hash::BuildHasher::hash_one(&self.hasher, key)
    }
}

impl Cursor {
    fn unpack(cursor: u64) -> Self {
        Self {
            slot: cursor & ((1 << SLOT_BITS) - 1),
            bits: (cursor >> SLOT_BITS) as u32 & ((1 << BITS_BITS) - 1),
            part: cursor >> (SLOT_BITS + BITS_BITS),
        }
    }

    fn pack(self) -> u64 {
        match self.slot < u64::from(SLOTS) {
            true => self.slot | u64::from(self.bits) << SLOT_BITS | self.part << (SLOT_BITS + BITS_BITS),
            false => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_cursor_that_is_made_up_costs_no_more_than_another() {
        let mut keyspace = Keyspace::default();
        (0..1000u32).for_each(|i| keyspace.set(7, &i.to_le_bytes(), b"", None, 0));
        for cursor in (0..64).map(|bit| 1 << bit).chain([u64::MAX, 12_345_678, i64::MAX as u64]) {
            let start = std::time::Instant::now();
            let (mut next, mut steps) = (cursor, 0);
            while steps == 0 || next != 0 {
                (next, steps) = (keyspace.scan(next, 10).0, steps + 1);
            }
            assert!(steps < 100 && start.elapsed().as_secs() < 5, "{cursor} {steps}");
        }
    }

    #[test]
    fn a_scan_sees_what_stays_whatever_comes_and_goes() {
        let mut keyspace = Keyspace::default();
        (0..10_000u32).for_each(|i| keyspace.set((i % 3) as u16, &i.to_le_bytes(), b"value", None, 0));
        let (mut cursor, mut seen, mut steps) = (0, HashSet::new(), 0u32);
        loop {
            let (next, found) = keyspace.scan(cursor, 10);
            seen.extend(found.iter().map(|entry| entry.key().to_vec()));
            (cursor, steps) = (next, steps + 1);
            // Tables grow and shrink under the scan.
            let other = 1_000_000 + steps;
            (0..500).for_each(|i| keyspace.set(1, &(other * 500 + i).to_le_bytes(), b"", None, 0));
            assert!(keyspace.remove(1, &(other * 500).to_le_bytes(), 0));
            if cursor == 0 {
                break;
            }
        }
        assert!((0..10_000u32).all(|i| seen.contains(&i.to_le_bytes()[..])));
        assert!((20..60).contains(&steps), "{steps}");
    }
}

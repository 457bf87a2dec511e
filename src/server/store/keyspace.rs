//! All keys of a node, in a table for each slot: a fill that goes slot after slot then finds a small
//! table in the processor's cache. A standalone server keeps them likewise.

use hashbrown::DefaultHashBuilder;

use crate::slots::SLOTS;

use super::entry::{Entry, UnixMs};
use super::table::Table;

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

/// Keys with values, counted.
pub(crate) struct Keyspace {
    tables: Vec<Table>,
    hasher: DefaultHashBuilder,
    keys: usize,
    heap_bytes: usize,
    table_bytes: usize,
    /// Keys that expired and were removed.
    pub(crate) expired: u64,
}

impl Default for Keyspace {
    fn default() -> Self {
        let tables: Vec<Table> = std::iter::repeat_with(Table::default).take(usize::from(SLOTS)).collect();
        Self {
            tables,
            hasher: DefaultHashBuilder::default(),
            keys: 0,
            heap_bytes: 0,
            table_bytes: 0,
            expired: 0,
        }
    }
}

impl Keyspace {
    /// Keys, those included that have expired and were not removed yet.
    pub(crate) fn len(&self) -> usize {
        self.keys
    }

    /// Keys in one slot.
    pub(crate) fn slot_len(&self, slot: u16) -> usize {
        self.tables[usize::from(slot)].len()
    }

    /// Keys that expire.
    pub(crate) fn expiring(&self) -> usize {
        self.tables.iter().map(|table| table.expiring).sum()
    }

    /// Bytes that keys, values and tables take.
    pub(crate) fn bytes(&self) -> usize {
        self.heap_bytes + self.table_bytes + self.tables.capacity() * size_of::<Table>()
    }

    /// The key, if it is there and has not expired.
    pub(crate) fn get(&mut self, slot: u16, key: &[u8], now: UnixMs) -> Option<&Entry> {
        self.drop_expired(slot, key, now);
        self.tables[usize::from(slot)].find(&self.hasher, key)
    }

    /// The same, and marks the key as used, for an eviction that looks for those that were not.
    pub(crate) fn read(&mut self, slot: u16, key: &[u8], now: UnixMs, used: u32) -> Option<&Entry> {
        self.drop_expired(slot, key, now);
        let entry = self.tables[usize::from(slot)].find_mut(&self.hasher, key)?;
        entry.used = used;
        Some(entry)
    }

    /// Sets a key's value and expiry, whether it is there or not.
    pub(crate) fn set(&mut self, slot: u16, key: &[u8], value: &[u8], expires: Option<UnixMs>, used: u32) {
        let table = &mut self.tables[usize::from(slot)];
        let (keys, bytes) = (table.len(), table.table_bytes());
        let change = table.set(&self.hasher, (key, value), expires, used);
        self.keys += table.len() - keys;
        self.table_bytes = self.table_bytes + table.table_bytes() - bytes;
        self.heap_bytes = self.heap_bytes.wrapping_add_signed(change);
    }

    /// Removes a key, and says whether it was there and had not expired.
    pub(crate) fn remove(&mut self, slot: u16, key: &[u8], now: UnixMs) -> bool {
        let Some(entry) = self.take(slot, key) else { return false };
        let expired = entry.is_expired(now);
        self.expired += u64::from(expired);
        !expired
    }

    /// Removes all keys.
    pub(crate) fn clear(&mut self) {
        let expired = self.expired;
        *self = Self { expired, ..Self::default() };
    }

    /// Removes all keys of a slot.
    pub(crate) fn clear_slot(&mut self, slot: u16) {
        let table = std::mem::take(&mut self.tables[usize::from(slot)]);
        self.keys -= table.len();
        self.table_bytes -= table.table_bytes();
        self.heap_bytes -= table.iter().map(Entry::heap_bytes).sum::<usize>();
    }

    /// Keys of one slot, in no order.
    pub(crate) fn in_slot(&self, slot: u16) -> impl Iterator<Item = &Entry> {
        self.tables[usize::from(slot)].iter()
    }

    /// The next keys after `cursor`, and the cursor after them, which is 0 at the end. Whoever goes
    /// on to the end sees every key that was there all the while at least once: a key's slot and
    /// hash stay what they are, whatever else comes and goes.
    pub(crate) fn scan(&self, cursor: u64, least: usize) -> (u64, Vec<&Entry>) {
        let mut cursor = Cursor::unpack(cursor);
        let mut found = Vec::new();
        while cursor.slot < u64::from(SLOTS) {
            let table = &self.tables[cursor.slot as usize];
            if cursor.part == 0 {
                cursor.bits = table.len().div_ceil(SCAN_PART_KEYS).next_power_of_two().trailing_zeros();
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

    fn drop_expired(&mut self, slot: u16, key: &[u8], now: UnixMs) {
        let table = &self.tables[usize::from(slot)];
        if table.expiring > 0 && table.find(&self.hasher, key).is_some_and(|entry| entry.is_expired(now)) {
            self.take(slot, key);
            self.expired += 1;
        }
    }

    fn take(&mut self, slot: u16, key: &[u8]) -> Option<Entry> {
        let table = &mut self.tables[usize::from(slot)];
        let entry = table.remove(&self.hasher, key)?;
        self.keys -= 1;
        self.heap_bytes -= entry.heap_bytes();
        if table.len() == 0 {
            self.table_bytes -= table.table_bytes();
            *table = Table::default();
        }
        Some(entry)
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

    fn filled(keys: u32) -> Keyspace {
        let mut keyspace = Keyspace::default();
        (0..keys).for_each(|i| keyspace.set((i % 3) as u16, &i.to_le_bytes(), b"value", None, 0));
        keyspace
    }

    #[test]
    fn what_is_set_is_found_until_it_is_removed_or_expires() {
        let mut keyspace = filled(10);
        keyspace.set(7, b"soon", b"gone", Some(50), 0);
        assert_eq!((keyspace.len(), keyspace.slot_len(7), keyspace.expiring()), (11, 1, 1));
        assert_eq!(keyspace.get(7, b"soon", 49).map(|entry| entry.value().to_vec()), Some(b"gone".to_vec()));
        assert!(keyspace.get(7, b"soon", 50).is_none());
        assert_eq!((keyspace.len(), keyspace.expired, keyspace.expiring()), (10, 1, 0));
        assert!(keyspace.remove(0, &0u32.to_le_bytes(), 0) && !keyspace.remove(0, &0u32.to_le_bytes(), 0));
        assert_eq!(keyspace.len(), 9);
    }

    #[test]
    fn bytes_return_to_what_they_were() {
        let mut keyspace = Keyspace::default();
        let empty = keyspace.bytes();
        for round in 1..4usize {
            (0..1000u32).for_each(|i| {
                keyspace.set((i % 5) as u16, &i.to_le_bytes(), &vec![0; round * 100], Some(9), 0);
            });
        }
        assert!(keyspace.bytes() > empty + 300_000);
        keyspace.clear_slot(0);
        assert_eq!((keyspace.len(), keyspace.expiring()), (800, 800));
        let others = (0..1000u32).filter(|i| i % 5 > 0);
        others.for_each(|i| assert!(keyspace.remove((i % 5) as u16, &i.to_le_bytes(), 0)));
        assert_eq!((keyspace.bytes(), keyspace.expiring()), (empty, 0));
    }

    #[test]
    fn a_scan_sees_what_stays_whatever_comes_and_goes() {
        let mut keyspace = filled(10_000);
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

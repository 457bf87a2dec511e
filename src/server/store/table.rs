//! The keys of one slot.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::entry::{Entry, UnixMs};

/// A hash table, and what is counted about it.
#[derive(Debug, Default)]
pub(super) struct Table {
    entries: HashTable<Entry>,
    /// Keys that expire.
    pub(super) expiring: usize,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of the table itself: each place has room for an entry, and a byte that says whether it is taken.
    pub(super) fn table_bytes(&self) -> usize {
        self.entries.allocation_size()
    }

    pub(super) fn find(&self, hasher: &DefaultHashBuilder, key: &[u8]) -> Option<&Entry> {
        self.entries.find(hasher.hash_one(key), |entry| entry.key() == key)
    }

    pub(super) fn find_mut(&mut self, hasher: &DefaultHashBuilder, key: &[u8]) -> Option<&mut Entry> {
        self.entries.find_mut(hasher.hash_one(key), |entry| entry.key() == key)
    }

    /// Sets the key's value and expiry, and returns by how much the heap bytes of entries changed.
    pub(super) fn set(
        &mut self,
        hasher: &DefaultHashBuilder,
        (key, value): (&[u8], &[u8]),
        expires: Option<UnixMs>,
        used: u32,
    ) -> isize {
        let hash = hasher.hash_one(key);
        self.expiring += usize::from(expires.is_some());
        if let Some(entry) = self.entries.find_mut(hash, |entry| entry.key() == key) {
            let before = entry.heap_bytes();
            self.expiring -= usize::from(entry.expires().is_some());
            entry.used = used;
            entry.set(value, expires);
            return entry.heap_bytes() as isize - before as isize;
        }
        let entry = Entry::new(key, value, expires, used);
        let bytes = entry.heap_bytes();
        self.entries.insert_unique(hash, entry, |entry| hasher.hash_one(entry.key()));
        bytes as isize
    }

    pub(super) fn remove(&mut self, hasher: &DefaultHashBuilder, key: &[u8]) -> Option<Entry> {
        let found = self.entries.find_entry(hasher.hash_one(key), |entry| entry.key() == key).ok()?;
        let entry = found.remove().0;
        self.expiring -= usize::from(entry.expires().is_some());
        Some(entry)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }
}

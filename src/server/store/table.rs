//! The keys of one slot.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::entry::{Entry, UnixMs, heap_bytes};

/// A table with fewer places than this does not shrink before it is empty.
const MIN_SHRINKING_PLACES: usize = 64;
/// One that has so many places for each of its keys does.
const MAX_PLACES_PER_KEY: usize = 8;

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
        heap_bytes(self.entries.allocation_size())
    }

    /// Places for keys, taken or not.
    pub(super) fn places(&self) -> usize {
        self.entries.num_buckets()
    }

    /// What is at a place.
    pub(super) fn at(&self, place: usize) -> Option<&Entry> {
        self.entries.get_bucket(place)
    }

    /// A key at or behind this place, or before it where there is none behind.
    pub(super) fn place_near(&self, place: usize, is_wanted: impl Fn(&Entry) -> bool) -> Option<usize> {
        let places = self.places();
        let mut near = (0..places).map(|step| (place + step) % places);
        near.find(|place| self.at(*place).is_some_and(&is_wanted))
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

    pub(super) fn remove_at(&mut self, place: usize) -> Option<Entry> {
        let entry = self.entries.get_bucket_entry(place).ok()?.remove().0;
        self.expiring -= usize::from(entry.expires().is_some());
        Some(entry)
    }

    /// Has a key expire at a time, or never, and returns by how much its heap bytes changed.
    pub(super) fn expire(
        &mut self,
        hasher: &DefaultHashBuilder,
        key: &[u8],
        expires: Option<UnixMs>,
    ) -> Option<isize> {
        let entry = self.entries.find_mut(hasher.hash_one(key), |entry| entry.key() == key)?;
        let before = entry.heap_bytes();
        self.expiring -= usize::from(entry.expires().is_some());
        self.expiring += usize::from(expires.is_some());
        entry.set_expires(expires);
        Some(entry.heap_bytes() as isize - before as isize)
    }

    /// Gives memory back that only keys needed which are gone.
    pub(super) fn shrink(&mut self, hasher: &DefaultHashBuilder) {
        let (keys, places) = (self.len(), self.places());
        if keys == 0 {
            *self = Self::default();
        } else if places >= MIN_SHRINKING_PLACES && places > MAX_PLACES_PER_KEY * keys {
            self.entries.shrink_to(2 * keys, |entry| hasher.hash_one(entry.key()));
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }
}

//! All keys of a node, in a table for each slot: a fill that goes slot after slot then finds a small
//! table in the processor's cache. A standalone server keeps them likewise.

use hashbrown::DefaultHashBuilder;

use crate::slots::SLOTS;

use super::entry::{Entry, UnixMs, heap_bytes};
use super::journal::Change;
use super::slot_set::SlotSet;
use super::table::Table;

/// Keys with values, counted.
pub(crate) struct Keyspace {
    pub(super) tables: Vec<Table>,
    pub(super) hasher: DefaultHashBuilder,
    keys: usize,
    heap_bytes: usize,
    table_bytes: usize,
    /// Slots that have keys.
    filled: SlotSet,
    /// Slots that have keys which expire.
    expiring: SlotSet,
    expiring_keys: usize,
    /// Where the next sweep goes on: a slot, and a place in its table.
    swept: (u16, usize),
    /// Keys that expired and were removed.
    pub(crate) expired: u64,
    /// Whether these keys are another keyspace's, as its changes are made here: then none is removed
    /// because it has expired, only hidden, until the other removes it.
    pub(crate) follows: bool,
    /// Changes since they were taken last, while somebody wants to make them, too.
    journal: Option<Vec<u8>>,
}

/// Where a key is, until the next change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    slot: u16,
    place: usize,
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
            filled: SlotSet::default(),
            expiring: SlotSet::default(),
            expiring_keys: 0,
            swept: (0, 0),
            expired: 0,
            follows: false,
            journal: None,
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
        self.expiring_keys
    }

    /// Bytes that keys, values and tables take.
    pub(crate) fn bytes(&self) -> usize {
        self.heap_bytes + self.table_bytes + heap_bytes(self.tables.capacity() * size_of::<Table>())
    }

    /// The key, if it is there and has not expired.
    pub(crate) fn get(&mut self, slot: u16, key: &[u8], now: UnixMs) -> Option<&Entry> {
        self.drop_expired(slot, key, now);
        let entry = self.tables[usize::from(slot)].find(&self.hasher, key);
        entry.filter(|entry| !entry.is_expired(now))
    }

    /// The same, and marks the key as used, for an eviction that looks for those that were not.
    pub(crate) fn read(&mut self, slot: u16, key: &[u8], now: UnixMs, used: u32) -> Option<&Entry> {
        self.drop_expired(slot, key, now);
        let entry = self.tables[usize::from(slot)].find_mut(&self.hasher, key)?;
        entry.used = used;
        Some(&*entry).filter(|entry| !entry.is_expired(now))
    }

    /// Sets a key's value and expiry, whether it is there or not.
    pub(crate) fn set(&mut self, slot: u16, key: &[u8], value: &[u8], expires: Option<UnixMs>, used: u32) {
        let table = &mut self.tables[usize::from(slot)];
        let (keys, expiring, bytes) = (table.len(), table.expiring, table.table_bytes());
        let change = table.set(&self.hasher, (key, value), expires, used);
        self.heap_bytes = self.heap_bytes.wrapping_add_signed(change);
        if table.len() != keys {
            self.keys += 1;
            self.table_bytes = self.table_bytes + table.table_bytes() - bytes;
            self.filled.put(slot, true);
        }
        if table.expiring != expiring {
            self.expiring_keys = self.expiring_keys + table.expiring - expiring;
            self.expiring.put(slot, table.expiring > 0);
        }
        self.note(Change::Set { slot, key, value, expires });
    }

    /// Has a key expire at a time, or never. Of one that is not there, nothing changes.
    pub(crate) fn expire(&mut self, slot: u16, key: &[u8], expires: Option<UnixMs>) {
        let table = &mut self.tables[usize::from(slot)];
        let expiring = table.expiring;
        let change = table.expire(&self.hasher, key, expires).unwrap_or_default();
        self.heap_bytes = self.heap_bytes.wrapping_add_signed(change);
        self.expiring_keys = self.expiring_keys + table.expiring - expiring;
        self.expiring.put(slot, table.expiring > 0);
        self.note(Change::Expire { slot, key, expires });
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
        let (expired, follows, journal) = (self.expired, self.follows, self.journal.take());
        *self = Self { expired, follows, journal, ..Self::default() };
        self.note(Change::Clear);
    }

    /// Makes a change that was made elsewhere.
    pub(crate) fn make(&mut self, change: Change<'_>, used: u32) {
        match change {
            Change::Set { slot, key, value, expires } => self.set(slot, key, value, expires, used),
            Change::Expire { slot, key, expires } => self.expire(slot, key, expires),
            Change::Remove { slot, key } => drop(self.take(slot, key)),
            Change::Clear => self.clear(),
        }
    }

    /// Begins or ends to write down what changes.
    pub(crate) fn keep_journal(&mut self, kept: bool) {
        match kept {
            true => drop(self.journal.get_or_insert_default()),
            false => self.journal = None,
        }
    }

    /// What changed since this was asked last, as [`Change::read`] reads it.
    pub(crate) fn take_journal(&mut self) -> Vec<u8> {
        self.journal.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Bytes of changes that nobody has taken yet.
    pub(crate) fn journal_len(&self) -> usize {
        self.journal.as_ref().map_or(0, Vec::len)
    }

    #[inline]
    fn note(&mut self, change: Change<'_>) {
        if let Some(journal) = &mut self.journal {
            change.write(journal);
        }
    }

    /// Removes all keys of a slot.
    pub(crate) fn clear_slot(&mut self, slot: u16) {
        // A table that shrinks meanwhile has its entries in other places: some are met in the next round.
        while self.slot_len(slot) > 0 {
            for place in 0..self.tables[usize::from(slot)].places() {
                self.remove_picked(Place { slot, place });
            }
        }
    }

    /// A key that chance chooses, of all or of those that expire. Slots are chosen first, so keys are as
    /// likely as each other only where the slots have about as many each.
    pub(crate) fn pick(&self, chance: u64, must_expire: bool) -> Option<(Place, &Entry)> {
        let slots = if must_expire { &self.expiring } else { &self.filled };
        let slot = slots.around(chance as u16 % SLOTS)?;
        let table = &self.tables[usize::from(slot)];
        let near = (chance >> u16::BITS) as usize % table.places();
        let place = table.place_near(near, |entry| !must_expire || entry.expires().is_some())?;
        Some((Place { slot, place }, table.at(place)?))
    }

    /// Removes what was picked.
    pub(crate) fn remove_picked(&mut self, place: Place) {
        if let Some(entry) = self.tables[usize::from(place.slot)].remove_at(place.place) {
            self.forget(place.slot, &entry);
        }
    }

    /// Removes what was picked and has expired, if that is for this keyspace to do.
    pub(crate) fn expire_picked(&mut self, place: Place) {
        if !self.follows {
            self.remove_picked(place);
            self.expired += 1;
        }
    }

    /// Goes on through the slots that have keys which expire, as far as so many places of their tables, or to
    /// the end, and removes those keys that have expired. Returns how many expiring keys it looked at, and removed.
    pub(crate) fn sweep(&mut self, now: UnixMs, places: usize) -> (usize, usize) {
        let (mut left, mut looked, mut removed) = (places, 0, 0);
        while left > 0 {
            let Some(slot) = self.expiring.from(self.swept.0) else {
                self.swept = (0, 0);
                break;
            };
            let from = if slot == self.swept.0 { self.swept.1 } else { 0 };
            let end = self.tables[usize::from(slot)].places().min(from + left);
            for place in from..end {
                let table = &mut self.tables[usize::from(slot)];
                let Some(entry) = table.at(place).filter(|entry| entry.expires().is_some()) else { continue };
                looked += 1;
                if entry.is_expired(now)
                    && let Some(entry) = table.remove_at(place)
                {
                    self.forget(slot, &entry);
                    removed += 1;
                }
            }
            left -= end.saturating_sub(from).clamp(1, left);
            let is_done = end >= self.tables[usize::from(slot)].places();
            self.swept = if is_done { (slot + 1, 0) } else { (slot, end) };
        }
        self.expired += removed as u64;
        (looked, removed)
    }

    /// All keys, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.tables.iter().flat_map(Table::iter)
    }

    /// Keys of one slot, in no order.
    pub(crate) fn in_slot(&self, slot: u16) -> impl Iterator<Item = &Entry> {
        self.tables[usize::from(slot)].iter()
    }

    fn drop_expired(&mut self, slot: u16, key: &[u8], now: UnixMs) {
        let table = &self.tables[usize::from(slot)];
        if !self.follows
            && table.expiring > 0
            && table.find(&self.hasher, key).is_some_and(|entry| entry.is_expired(now))
        {
            self.take(slot, key);
            self.expired += 1;
        }
    }

    fn take(&mut self, slot: u16, key: &[u8]) -> Option<Entry> {
        let entry = self.tables[usize::from(slot)].remove(&self.hasher, key)?;
        self.forget(slot, &entry);
        Some(entry)
    }

    /// Counts an entry out that was removed.
    fn forget(&mut self, slot: u16, entry: &Entry) {
        let table = &mut self.tables[usize::from(slot)];
        self.keys -= 1;
        self.heap_bytes -= entry.heap_bytes();
        self.expiring_keys -= usize::from(entry.expires().is_some());
        self.expiring.put(slot, table.expiring > 0);
        let bytes = table.table_bytes();
        table.shrink(&self.hasher);
        self.table_bytes = self.table_bytes + table.table_bytes() - bytes;
        self.filled.put(slot, table.len() > 0);
        self.note(Change::Remove { slot, key: entry.key() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Keyspace {
        /// What is counted as keys come and go, counted anew: keys, those that expire, and bytes.
        pub(crate) fn recount(&self) -> (usize, usize, usize) {
            let mut counted = (0, 0, heap_bytes(self.tables.capacity() * size_of::<Table>()));
            for table in self.tables.iter().filter(|table| table.places() > 0) {
                counted.2 += table.table_bytes();
                for entry in table.iter() {
                    counted.0 += 1;
                    counted.1 += usize::from(entry.expires().is_some());
                    counted.2 += entry.heap_bytes();
                }
            }
            counted
        }
    }

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
    fn a_sweep_removes_what_has_expired_and_nothing_else() {
        let mut keyspace = Keyspace::default();
        let empty = keyspace.bytes();
        for i in 0..3000u32 {
            let expires = [None, Some(50), Some(100)][i as usize % 3];
            keyspace.set((i % 7) as u16 * 1000, &i.to_le_bytes(), b"value", expires, 0);
        }
        assert_eq!((keyspace.len(), keyspace.expiring()), (3000, 2000));
        let sweep_all = |keyspace: &mut Keyspace, now| (0..200).map(|_| keyspace.sweep(now, 64).1).sum();
        let removed: [usize; 4] = [49, 50, 99, 100].map(|now| sweep_all(&mut keyspace, now));
        assert_eq!(removed, [0, 1000, 0, 1000]);
        assert_eq!((keyspace.len(), keyspace.expiring(), keyspace.expired), (1000, 0, 2000));
        assert_eq!(keyspace.sweep(1000, 64), (0, 0));
        assert!(
            (0..3000u32)
                .all(|i| keyspace.get((i % 7) as u16 * 1000, &i.to_le_bytes(), 0).is_some() == (i % 3 == 0))
        );
        // By chance, down to the last.
        for chance in 0..1000u64 {
            assert!(keyspace.pick(chance, true).is_none());
            let picked = keyspace.pick(chance.wrapping_mul(0x9e37_79b9_7f4a_7c15), false).unwrap().0;
            keyspace.remove_picked(picked);
        }
        assert!(keyspace.pick(7, false).is_none());
        assert_eq!((keyspace.len(), keyspace.bytes()), (0, empty));
    }

    #[test]
    fn a_key_can_be_told_to_expire_and_not_to() {
        let mut keyspace = filled(2);
        let before = keyspace.bytes();
        let key = 0u32.to_le_bytes();
        keyspace.expire(0, &key, Some(5));
        assert_eq!(keyspace.pick(99, true).unwrap().1.expires(), Some(5));
        keyspace.expire(0, &key, Some(6));
        assert_eq!(keyspace.expiring(), 1);
        keyspace.expire(0, &key, None);
        assert_eq!((keyspace.expiring(), keyspace.bytes()), (0, before));
        assert!(keyspace.pick(99, true).is_none());
    }
}

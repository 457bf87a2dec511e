//! The memory that a server's hash tables take beside the keys in them. They grow by doubling, so how much
//! a key costs depends on how many there are. Pure.

use crate::cluster::{Info, Mode};

/// How a server keeps its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fill) struct Tables {
    kind: Kind,
    /// A table for each slot, or one for all.
    per_slot: bool,
    /// Whether keys that expire stand in a second table of the same kind, and these do.
    twice: bool,
}

/// What a table consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A pointer for each place, no fewer places than keys: Redis's `dict.c`, Valkey's up to 8.0.
    Pointers,
    /// Buckets of a cache line for seven keys: Valkey's `hashtable.c`, from 8.1 on.
    Buckets,
    /// Places that hold the entry itself, an eighth of them free: this program's own server.
    Entries,
}

/// Places in the smallest table that is not empty.
const PLACES_MIN: u64 = 4;
/// Bytes of a pointer.
const POINTER: u64 = 8;
/// Bytes of a bucket: one cache line.
const BUCKET: u64 = 64;
/// Keys that one bucket points to.
const BUCKET_KEYS: u64 = 7;
/// Bytes of an entry of this program's own server, with the byte that says whether the place is taken.
const ENTRY: u64 = 25;
/// Bytes that follow the last of them, and that the allocator adds.
const ENTRIES_END: u64 = 24;

impl Tables {
    /// Those of the server that says this of itself. Of one that is not known the oldest kind is assumed.
    pub fn of(info: &Info, mode: Mode, expiring: bool) -> Self {
        let (server, version) = info.server();
        let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        let clustered = mode == Mode::Cluster;
        let (kind, per_slot) = match server {
            "fillbench" => (Kind::Entries, true),
            "valkey" if version >= (8, 1) => (Kind::Buckets, clustered),
            "valkey" => (Kind::Pointers, clustered && version >= (8, 0)),
            _ => (Kind::Pointers, clustered && version >= (7, 4)),
        };
        Self { kind, per_slot, twice: expiring && kind != Kind::Entries }
    }

    /// Whether each slot has tables of its own.
    pub fn are_per_slot(&self) -> bool {
        self.per_slot
    }

    /// Keys that stand beside new ones in one table, of those that a master holds in so many slots.
    pub fn beside(&self, keys: u64, slots: usize) -> u64 {
        if self.per_slot { keys / slots.max(1) as u64 } else { keys }
    }

    /// Bytes of the tables with so many keys in each of so many slots, and `beside` others.
    pub fn bytes(&self, slots: impl Iterator<Item = (u64, u64)>, beside: u64) -> u64 {
        match self.per_slot {
            true => slots.map(|(keys, slots)| slots * self.both(keys, beside)).sum(),
            false => self.both(slots.map(|(keys, slots)| slots * keys).sum(), beside),
        }
    }

    /// Bytes by which the tables grow that get so many keys in each of so many slots.
    pub fn growth(&self, slots: impl Iterator<Item = (u64, u64)> + Clone, beside: u64) -> u64 {
        let before = slots.clone().map(|(_, slots)| (0, slots));
        self.bytes(slots, beside) - self.bytes(before, beside)
    }

    /// The second table is that of keys that expire; none but these are taken to stand there.
    fn both(&self, keys: u64, beside: u64) -> u64 {
        self.table(beside + keys) + if self.twice { self.table(keys) } else { 0 }
    }

    /// Bytes of one table with so many keys.
    fn table(&self, keys: u64) -> u64 {
        match self.kind {
            _ if keys == 0 => 0,
            Kind::Pointers => POINTER * keys.max(PLACES_MIN).next_power_of_two(),
            Kind::Buckets => BUCKET * keys.div_ceil(BUCKET_KEYS).next_power_of_two(),
            Kind::Entries => {
                let places = (keys * 8).div_ceil(7).max(PLACES_MIN).next_power_of_two();
                (ENTRY * places + ENTRIES_END).next_multiple_of(16)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(info: &str, mode: Mode) -> Tables {
        Tables::of(&Info::parse(info), mode, false)
    }

    #[test]
    fn a_server_is_known_by_its_version() {
        let all = |tables: Tables| tables.bytes([(8, 2)].into_iter(), 0);
        assert_eq!(all(tables("redis_version:7.0.15", Mode::Cluster)), 8 * 16);
        assert_eq!(all(tables("redis_version:7.4.1", Mode::Cluster)), 2 * 8 * 8);
        assert_eq!(all(tables("redis_version:7.4.1", Mode::Standalone)), 8 * 16);
        assert_eq!(all(tables("redis_version:7.2.4\nvalkey_version:8.0.1", Mode::Cluster)), 2 * 8 * 8);
        assert_eq!(all(tables("redis_version:7.2.4\nvalkey_version:9.1.2", Mode::Cluster)), 2 * 128);
        assert_eq!(all(tables("valkey_version:10.0.0", Mode::Standalone)), 64 * 4);
        assert_eq!(all(tables("fillbench_version:0.1.0", Mode::Standalone)), 2 * 432);
    }

    #[test]
    fn a_table_doubles_when_it_is_full() {
        let redis = tables("redis_version:7.0.15", Mode::Standalone);
        assert_eq!([0, 1, 4, 5, 1024, 1025].map(|keys| redis.table(keys)), [0, 32, 32, 64, 8192, 16384]);
        let valkey = tables("valkey_version:9.1.2", Mode::Standalone);
        assert_eq!(
            [1, 7, 8, 14, 15, 896, 897].map(|keys| valkey.table(keys) / 64),
            [1, 1, 2, 2, 4, 128, 256]
        );
        let ours = tables("fillbench_version:0.1.0", Mode::Cluster);
        assert_eq!(
            [1, 3, 7, 8, 14, 15, 28].map(|keys| ours.table(keys)),
            [128, 128, 224, 432, 432, 832, 832]
        );
    }

    #[test]
    fn keys_that_expire_stand_in_two_tables_but_for_our_own() {
        let expiring = |info| Tables::of(&Info::parse(info), Mode::Standalone, true);
        assert_eq!(expiring("redis_version:7.0.15").both(1000, 1000), 16384 + 8192);
        assert_eq!(expiring("fillbench_version:1.0.0").both(7, 0), 224);
    }

    #[test]
    fn tables_grow_by_what_stands_there_already() {
        let one = tables("redis_version:7.0.15", Mode::Standalone);
        assert_eq!((one.beside(1000, 10), one.growth([(10, 2)].into_iter(), 1000)), (1000, 0));
        assert_eq!(one.growth([(10, 3)].into_iter(), 1000), 8192);
        let many = tables("valkey_version:8.0.0", Mode::Cluster);
        assert_eq!((many.beside(1000, 10), many.growth([(29, 1), (5, 1)].into_iter(), 100)), (100, 128 * 8));
    }
}

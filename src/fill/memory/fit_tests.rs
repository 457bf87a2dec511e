//! Estimates and what is made of them, without a server.

use super::*;
use crate::cluster::Mode;
use crate::dataset::{Amount, Request};

fn spec(keys: u64) -> Spec {
    let amount = Amount::Keys(keys);
    Spec::new(&Request { amount, key_size: 32, value_size: 64, prefix: String::new(), seed: 1 }).unwrap()
}

fn room(limit: u64) -> Room {
    let info = Info::parse("redis_version:7.0.15");
    Room {
        slots: (0..16384).collect(),
        tables: Tables::of(&info, Mode::Standalone, false),
        limit,
        used: 1_000_000,
        left: 0,
        others: 0,
        absent: 1.0,
        entry_bytes: Some(176.0),
    }
}

#[test]
fn entries_and_the_table_are_needed_and_only_for_keys_that_are_not_there() {
    let (spec, room) = (spec(65_536), room(1 << 30));
    assert_eq!(room.needed(&spec, 65_536), 65_536 * (176 + 8));
    assert_eq!(room.needed(&spec, 65_537), 65_537 * 176 + 65_536 * 16);
    assert_eq!(Room { absent: 0.5, ..room.clone() }.needed(&spec, 65_536), 32_768 * 184);
    assert_eq!(Room { absent: 0.0, ..room.clone() }.needed(&spec, 65_536), 0);
    let grown = Room { others: 65_536, ..room.clone() };
    assert_eq!(grown.needed(&spec, 65_536), 65_536 * 184);
    let estimate = room.estimate(&spec).unwrap();
    assert_eq!((estimate.bytes, estimate.bytes_per_key), (65_536 * 184, 184.0));
}

#[test]
fn what_is_said_to_fit_fits_and_one_more_does_not() {
    let spec = spec(1_000_000);
    let room = room(21_000_000);
    let keys = keys_that_fit(&spec, std::slice::from_ref(&room));
    assert!((95_000..110_000).contains(&keys), "{keys}");
    assert!(!room.is_short(room.needed(&spec, keys)) && room.is_short(room.needed(&spec, keys + 1)));
    // One that is full has no room for a key that is there already.
    let full = Room { absent: 0.0, used: 21_000_000, ..room };
    assert!(full.is_short(0));
    assert_eq!(keys_that_fit(&spec, &[full]), 0);
}

#[test]
fn a_flush_leaves_what_the_server_itself_needs() {
    let info = Info::parse(
        "redis_version:7.0.15\nused_memory:10000000\nused_memory_startup:900000\nmem_clients_normal:20000\n\
         mem_not_counted_for_evict:1000\ndb0:keys=50,expires=0\ndb1:keys=50,expires=0",
    );
    assert_eq!(after_flush(&info, 1.0), (920_000, 0));
    assert_eq!(after_flush(&info, 0.5), (9_999_000 - 9_079_000 / 2, 50));
}

#[test]
fn a_shortage_is_told_with_its_numbers_and_a_cure() {
    let shortage = Shortage {
        address: Address::tcp("h", 1),
        keys: 12_345,
        needed: 64 << 20,
        measured: true,
        limit: 32 << 20,
        free: 16 << 20,
        policy: Some("allkeys-lru".into()),
        others: 2,
        keys_that_fit: 3000,
        limit_mib: 83,
    };
    insta::assert_snapshot!(format!("{shortage}\n{}", shortage.cure()), @"
    h:1 has no room for its 12,345 keys: they are estimated to need 64.0 MiB, and 16.0 MiB of its maxmemory of 32.0 MiB are free, so keys would be evicted (maxmemory-policy allkeys-lru); the same goes for 2 other masters
    raise maxmemory there to 83mb, fill no more than --keys 3000, fill as much as fits with --until-memory 80%, or fill all the same with --force
    ");
}

//! Keys that were there before, and other clients that write in the middle.

use fillbench::dataset::golden;
use fillbench::target::Layout;
use redis::{Commands, Connection};

use crate::common::{Server, ask, connect, on_each_server};
use crate::fill::data::Data;
use crate::fill::site::{Site, Truth};

/// Keys of somebody else, in the slots and with the tags of ours.
const THEIRS: u64 = 300;

/// Slots of the keys that others touch: spread over all masters.
fn slots() -> impl Iterator<Item = u16> {
    (0..16_384).step_by(16_384 / THEIRS as usize).take(THEIRS as usize)
}

/// Those of a master's slots that are filled first: when a quarter of all keys is there, they are full.
fn first(mut slots: Vec<u16>) -> Vec<u16> {
    slots.sort_by_key(|&slot| golden(slot));
    slots.truncate(64);
    slots
}

/// A connection to each slot's owner.
fn visit(site: &Site, mut each: impl FnMut(&mut Connection, u16)) {
    for (owner, owned) in site.slots_of() {
        let mut connection = connect(owner);
        slots().filter(|slot| owned.contains(slot)).for_each(|slot| each(&mut connection, slot));
    }
}

/// A key that is none of ours, in a slot of ours.
fn their_key(data: &Data, slot: u16) -> String {
    data.key_in(slot).replace("}:", "}theirs:")
}

fn write_theirs(site: &Site, data: &Data) {
    let mut calls = 0;
    visit(site, |connection, slot| {
        let (key, other) = (their_key(data, slot), format!("{}+", their_key(data, slot)));
        calls += 1;
        match calls % 2 {
            0 => [&key, &other].into_iter().for_each(|key| connection.set(key, slot).unwrap()),
            _ => connection.mset(&[(&key, slot), (&other, slot)]).unwrap(),
        }
    });
    assert_eq!(calls, THEIRS);
}

#[track_caller]
fn assert_theirs_untouched(site: &Site, data: &Data) {
    visit(site, |connection, slot| {
        let key = their_key(data, slot);
        let both: (u16, u16) = connection.mget(&[&key, &format!("{key}+")]).unwrap();
        assert_eq!(both, (slot, slot));
    });
}

on_each_server! {
    async fn whatever_the_keys_held_is_overwritten(server: &Server) {
        for layout in [Layout::Standalone, Layout::shares(&[2, 5, 1])] {
            let site = Site::start(server, layout).await;
            let data = Data::of(30_000);
            visit(&site, |connection, slot| {
                let key = data.key_in(slot);
                let written: redis::RedisResult<()> = match slot % 4 {
                    0 => connection.set(key, "short"),
                    1 => connection.set(key, "x".repeat(data.value_size as usize)),
                    2 => connection.lpush(key, "a list"),
                    _ => connection.hset(key, "a", "hash"),
                };
                written.unwrap();
            });
            let run = site.fill(&data, "");
            let record = run.assert_exact();
            assert!(record.account.proven_by["read"] >= THEIRS, "{run:?}");
            site.assert_holds(&data, "overwritten");
        }
    }

    async fn other_keys_are_neither_touched_nor_counted(server: &Server) {
        for layout in [Layout::Standalone, Layout::shares(&[2, 5, 1])] {
            let site = Site::start(server, layout).await;
            let data = Data::of(20_000);
            // Before the fill.
            write_theirs(&site, &data);
            site.fill(&data, "").assert_exact();
            assert_eq!(site.keys(), data.keys + 2 * THEIRS);
            assert_theirs_untouched(&site, &data);
            site.empty();
            // In the middle, while every slot's count is ours alone at the start.
            for args in ["--command set", "--command mset"] {
                site.empty();
                let running = site.begin_slowly(&data, 20_000, args);
                write_theirs(&site, &data);
                let run = running.end();
                run.assert_exact();
                assert_eq!(site.truth(&data), Truth { exact: data.keys, ..Truth::default() });
                assert_eq!(site.keys(), data.keys + 2 * THEIRS, "{run:?}");
                assert_theirs_untouched(&site, &data);
            }
        }
    }

    async fn keys_that_others_deleted_or_changed_are_written_again(server: &Server) {
        for layout in [Layout::Standalone, Layout::shares(&[2, 5, 1])] {
            let site = Site::start(server, layout).await;
            let data = Data::of(30_000);
            for (delete, change) in [(true, false), (false, true)] {
                site.empty();
                let running = site.begin_slowly(&data, 30_000, "");
                let mut spoilt = Truth::default();
                for (owner, slots) in site.slots_of() {
                    let mut connection = connect(owner);
                    for slot in first(slots) {
                        let key = data.key_in(slot);
                        if delete && slot % 3 == 0 {
                            spoilt.missing += connection.del::<_, u64>(&key).unwrap();
                        } else if change && slot % 3 == 1 {
                            let mut set = redis::cmd("SET");
                            let set = set.arg(&key).arg("x".repeat(data.value_size as usize)).arg("XX");
                            let was_there: Option<String> = set.query(&mut connection).unwrap();
                            spoilt.wrong += u64::from(was_there.is_some());
                        }
                    }
                }
                let run = running.end();
                assert_eq!((spoilt.missing > 0, spoilt.wrong > 0), (delete, change), "{run:?}");
                site.assert_holds(&data, "spoilt");
                let record = run.assert_mended();
                assert_eq!(record.account.executed, data.keys, "all was sent: {run:?}");
                assert_eq!(record.account.repaired, spoilt.missing + spoilt.wrong, "no more: {run:?}");
            }
        }
    }

    async fn keys_that_others_gave_a_time_to_live_are_written_again(server: &Server) {
        let site = Site::start(server, Layout::shares(&[2, 5, 1])).await;
        let data = Data::of(30_000);
        let running = site.begin_slowly(&data, 30_000, "");
        let mut wrong = 0;
        for (owner, slots) in site.slots_of() {
            let mut connection = connect(owner);
            for slot in first(slots) {
                wrong += connection.expire::<_, u64>(data.key_in(slot), 3600).unwrap();
            }
        }
        let run = running.end();
        assert!(wrong > 0, "{run:?}");
        assert_eq!(run.assert_mended().account.repaired, wrong, "{run:?}");
        for &master in site.masters() {
            let keyspace: String = ask(master, "INFO keyspace");
            assert!(keyspace.contains("expires=0,"), "{keyspace}");
        }
    }

    async fn what_somebody_else_flushed_is_written_again(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let data = Data::of(30_000);
        let running = site.begin_slowly(&data, 30_000, "");
        site.empty();
        let run = running.end();
        // Sent again, or written again after a look.
        run.assert_mended();
        site.assert_holds(&data, "flushed");
    }

    async fn counters_that_are_reset_prove_nothing(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let data = Data::of(30_000);
        let running = site.begin_slowly(&data, 30_000, "");
        site.tell_all("CONFIG RESETSTAT");
        let record = running.end().assert_exact();
        assert_eq!(record.account.proven_by, [("read".into(), data.keys)].into());
        site.assert_holds(&data, "reset");
    }
}

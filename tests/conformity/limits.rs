//! `maxmemory`: what is refused when there is no room and nothing may go, word for word; and what goes
//! where something may, as far as chance leaves something to be said about it.

use std::time::Duration;

use fillbench::resp::{Value, encode_command};
use fillbench::target::Layout;

use crate::conformity::judge::{Both, Client};

impl Client {
    /// A number that INFO tells.
    fn told(&mut self, field: &str) -> u64 {
        let info = self.call(&[b"info", b"all"]);
        let info = info.as_text().unwrap();
        let value = info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value.unwrap_or_else(|| panic!("no {field} in {info}")).trim().parse().unwrap()
    }
}

#[tokio::test]
async fn without_eviction_the_same_commands_are_refused() {
    let test = "without_eviction_the_same_commands_are_refused";
    for layout in [Layout::Standalone, Layout::even(1)] {
        let Some(mut both) = Both::start(layout, test).await else { return };
        both.agree(
            "
            mset {t}a 1 {t}b 12345 {t}c x {t}d y {t}f z
            set {t}e 1 ex 100
            config resetstat
            config set maxmemory 1
            config get maxmemory
            config get maxmemory-policy
            set {t}a 2
            set {t}a 2 xx
            set {t}a 2 what
            set {t}a
            setnx {t}n 1
            setex {t}n 10 1
            psetex {t}n 10000 1
            mset {t}a 1 {t}b 2
            msetnx {t}n 1 {t}m 2
            append {t}a x
            setrange {t}b 0 x
            setrange {t}b 0 ''
            getset {t}a 1
            incr {t}a
            incrby {t}a 5
            incrbyfloat {t}a 5
            decr {t}a
            decrby {t}a 5
            restore {t}n 0 x
            copy {t}a {t}n
            get {t}a
            mget {t}a {t}b {t}n
            strlen {t}b
            getrange {t}b 1 2
            exists {t}a {t}n
            ttl {t}e
            type {t}a
            getex {t}e ex 100
            expire {t}a 100
            persist {t}a
            getdel {t}c
            rename {t}d {t}g
            renamenx {t}g {t}d
            del {t}d
            unlink {t}f
            touch {t}a
            randomkey x
            dbsize
            ping
            flushall x
            info x
            # Whatever is wrong besides, this comes first or last as in Redis.
            get {t}a {t}b
            mset {t}a 1 {t}b
            config set maxmemory 0
            set {t}a 2
            get {t}a
            ",
        );
        for field in ["errorstat_OOM", "errorstat_ERR"] {
            let count = |client: &mut Client| {
                let info = client.call(&[b"info", b"errorstats"]);
                let info = info.as_text().unwrap();
                info.lines().find(|line| line.starts_with(field)).map(str::to_owned)
            };
            assert_eq!(count(&mut both.embedded), count(&mut both.real));
        }
    }
}

#[tokio::test]
async fn limits_are_set_with_the_same_words() {
    let Some(mut both) = Both::start(Layout::Standalone, "limits_are_set_with_the_same_words").await else {
        return;
    };
    both.agree(
        "
        config set maxmemory 100mb
        config get maxmemory
        config set maxmemory 1GB
        config get maxmemory
        config set maxmemory 7b
        config get maxmemory
        config set maxmemory -1
        config set maxmemory x
        config set maxmemory 1tb
        config set maxmemory 5%
        config set maxmemory ''
        config set maxmemory 0
        config set maxmemory-policy ALLKEYS-LRU
        config get maxmemory-policy
        config set maxmemory-policy volatile-ttl maxmemory 1gb
        config get maxmemory*policy
        config set maxmemory-policy noeviction maxmemory x
        config get maxmemory-policy
        ",
    );
}

const VALUE: [u8; 200] = [b'v'; 200];
/// Commands sent before their answers are read.
const PIPELINE: usize = 100;

/// Writes keys of a kind, each with the time that it is to live; says how many were refused.
fn write(client: &mut Client, kind: &str, keys: std::ops::Range<usize>, ttl: Option<usize>) -> usize {
    let mut refused = 0;
    for first in keys.clone().step_by(PIPELINE) {
        let part = first..(first + PIPELINE).min(keys.end);
        let mut wire = Vec::new();
        for i in part.clone() {
            let (key, seconds) = (format!("{kind}:{i}"), (ttl.unwrap_or_default() + i).to_string());
            let ex: &[&[u8]] = &[b"set", key.as_bytes(), &VALUE, b"ex", seconds.as_bytes()];
            encode_command(&mut wire, if ttl.is_some() { ex } else { &ex[..3] });
        }
        client.send(&wire);
        refused += part.filter(|_| !client.answer().is_ok()).count();
    }
    refused
}

/// How many keys of a kind are there, without their being used.
fn there(client: &mut Client, kind: &str, keys: std::ops::Range<usize>) -> usize {
    let names: Vec<String> = keys.map(|i| format!("{kind}:{i}")).collect();
    let words: Vec<&[u8]> = [&b"exists"[..]].into_iter().chain(names.iter().map(String::as_bytes)).collect();
    client.call(&words).as_integer().unwrap() as usize
}

/// Gives the server so much room, in bytes, beyond what it uses while it is empty.
fn limit(client: &mut Client, policy: &str, room: u64) {
    assert!(client.call(&[b"flushall"]).is_ok());
    let limit = (client.told("used_memory") + room).to_string();
    let words: [&[u8]; 6] =
        [b"config", b"set", b"maxmemory", limit.as_bytes(), b"maxmemory-policy", policy.as_bytes()];
    assert!(client.call(&words).is_ok());
    assert!(client.call(&[b"config", b"resetstat"]).is_ok());
}

/// Every key is there or was evicted, and what is there is about what there is room for.
fn adds_up(client: &mut Client, written: usize, whose: &str) {
    // In one answer: each command is a reason to evict more.
    let info = client.call(&[b"info", b"stats", b"keyspace"]);
    let info = info.as_text().unwrap();
    let number = |name: &str| -> usize {
        let after = info.split_once(name).unwrap_or_else(|| panic!("{info}")).1;
        after.split([',', '\r']).next().unwrap().parse().unwrap()
    };
    let (there, evicted) = (number("db0:keys="), number("evicted_keys:"));
    assert_eq!(there + evicted, written, "{whose}");
    assert!(evicted > written / 10 && there > written / 5, "{whose}: {evicted} of {written}");
    let (used, limit) = (client.told("used_memory"), client.told("maxmemory"));
    assert!(used < limit + limit / 10, "{whose}: {used} of {limit}");
}

/// In Redis, room for about 6000 keys.
const ROOM: u64 = 1_800_000;

#[tokio::test]
async fn what_was_not_used_goes_first() {
    let Some(mut both) = Both::start(Layout::Standalone, "what_was_not_used_goes_first").await else {
        return;
    };
    let sides = [(&mut both.real, "real"), (&mut both.embedded, "embedded")];
    let mut sides = sides.map(|(client, whose)| {
        limit(client, "allkeys-lru", ROOM);
        assert_eq!(write(client, "old", 0..4500, None), 0);
        (client, whose)
    });
    // Both mark keys with seconds.
    std::thread::sleep(Duration::from_millis(2100));
    for (client, whose) in &mut sides {
        for i in 0..1000 {
            assert_eq!(client.call(&[b"touch", format!("old:{i}").as_bytes()]), Value::Integer(1), "{whose}");
        }
        // So few that enough of the unused are left to be found among any that are looked at.
        assert_eq!(write(client, "new", 0..2500, None), 0);
        adds_up(client, 7000, whose);
        let (used, unused) = (there(client, "old", 0..1000), there(client, "old", 1000..4500));
        let new = there(client, "new", 0..2500);
        assert!(used > 850 && new > 2250 && unused < 2900, "{whose}: {used} {unused} {new}");
    }
}

#[tokio::test]
async fn any_key_may_go() {
    let Some(mut both) = Both::start(Layout::Standalone, "any_key_may_go").await else { return };
    for (client, whose) in [(&mut both.real, "real"), (&mut both.embedded, "embedded")] {
        limit(client, "allkeys-random", ROOM);
        assert_eq!(write(client, "key", 0..9000, None), 0);
        adds_up(client, 9000, whose);
        let quarters = [0, 1, 2, 3].map(|part| there(client, "key", part * 2250..(part + 1) * 2250));
        assert!(quarters.iter().all(|keys| (300..2250).contains(keys)), "{whose}: {quarters:?}");
    }
}

#[tokio::test]
async fn what_expires_soon_goes_first_and_what_never_does_stays() {
    let test = "what_expires_soon_goes_first_and_what_never_does_stays";
    let Some(mut both) = Both::start(Layout::Standalone, test).await else { return };
    for (client, whose) in [(&mut both.real, "real"), (&mut both.embedded, "embedded")] {
        limit(client, "volatile-ttl", ROOM);
        assert_eq!(write(client, "stays", 0..1000, None), 0);
        // The first that are written expire last.
        for first in (0..8000).step_by(PIPELINE) {
            assert_eq!(
                write(client, "goes", first..first + PIPELINE, Some(100_000 - 2 * first)),
                0,
                "{whose}"
            );
        }
        adds_up(client, 9000, whose);
        assert_eq!(there(client, "stays", 0..1000), 1000, "{whose}");
        let (late, soon) = (there(client, "goes", 0..2000), there(client, "goes", 4000..6000));
        assert!(late > 1800 && soon < late, "{whose}: {late} {soon}");
        // With nothing left that may go, what grows is refused.
        let mut refused = 0;
        for first in (0..12_000).step_by(1000) {
            refused += write(client, "more", first..first + 1000, None);
        }
        assert!(refused > 1000, "{whose}: {refused}");
        assert_eq!(there(client, "goes", 0..8000), 0, "{whose}");
        assert_eq!(there(client, "stays", 0..1000), 1000, "{whose}");
    }
}

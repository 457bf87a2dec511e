//! Commands on keys, whatever they hold.

use std::collections::BTreeSet;

use fillbench::resp::Value;
use fillbench::target::Layout;

use crate::conformity::judge::{Both, Client};

#[tokio::test]
async fn keys_are_named_and_renamed() {
    let Some(mut both) = Both::start(Layout::Standalone, "keys_are_named_and_renamed").await else {
        return;
    };
    both.agree(
        "
        randomkey
        set a 1
        randomkey
        type a
        type none
        type
        touch a none a
        unlink a none
        set a 1
        exists a a none
        rename none b
        rename none none
        rename a a
        rename a b
        get b
        exists a
        set a 2
        renamenx a b
        renamenx a a
        renamenx none b
        renamenx a c
        mget a b c
        pexpireat b 99999999999999
        rename b c
        pexpiretime c
        set d 1
        rename d c
        pexpiretime c
        rename c
        copy c d
        copy c d
        copy c d replace
        copy none d
        copy c c
        copy c e db 0
        copy c e db x
        copy c f db
        copy c f what
        copy c f db 100
        pexpireat c 99999999999999
        copy c g
        pexpiretime g
        del c d e g
        dbsize
        del
        flushdb async
        flushdb sync
        flushall what
        flushall sync async
        client|id
        exists what|ever
        dbsize extra
        ",
    );
}

#[tokio::test]
async fn a_cluster_keeps_both_names_in_one_slot() {
    let Some(mut both) = Both::start(Layout::even(1), "a_cluster_keeps_both_names_in_one_slot").await else {
        return;
    };
    both.agree(
        "
        set a 1
        rename a b
        renamenx a b
        copy a b
        rename {a} a
        rename a {a}x
        rename a x{a}
        get x{a}
        copy x{a} y{a}
        mget x{a} y{a}
        mget x{a} other
        msetnx {t}1 1 {t}2 2
        msetnx {t}1 1 u 2
        del {t}1 {t}2
        touch x{a} b
        randomkey
        ",
    );
}

/// What a key-by-key answer holds, whatever its order.
fn set_of(value: &Value) -> BTreeSet<Vec<u8>> {
    let items = value.as_array().unwrap_or_else(|| panic!("{value:?}"));
    items.iter().map(|item| item.as_bytes().unwrap().to_vec()).collect()
}

/// All keys that a scan with these options tells.
fn scan(client: &mut Client, options: &[&[u8]]) -> BTreeSet<Vec<u8>> {
    let (mut cursor, mut seen) = (b"0".to_vec(), BTreeSet::new());
    loop {
        let words = [&[b"scan", &cursor[..]], options].concat();
        let answer = client.call(&words);
        let [next, keys] = answer.as_array().unwrap() else { panic!("{answer:?}") };
        seen.extend(set_of(keys));
        cursor = next.as_bytes().unwrap().to_vec();
        if cursor == b"0" {
            return seen;
        }
    }
}

#[tokio::test]
async fn patterns_find_the_same_keys() {
    let Some(mut both) = Both::start(Layout::Standalone, "patterns_find_the_same_keys").await else {
        return;
    };
    let keys: [&[u8]; 18] = [
        b"", b"a", b"b", b"ab", b"aab", b"abc", b"a*c", b"a[c", b"a\\c", b"]", b"-", b"a-c", b"A", b"\x80",
        b"\xff", b"user:1", b"user:22", b"*",
    ];
    for key in keys {
        both.same_words(&[b"set", key, b"v"]);
    }
    let patterns: [&[u8]; 46] = [
        b"",
        b"*",
        b"**",
        b"a",
        b"a*",
        b"*a",
        b"*b",
        b"?",
        b"??",
        b"a?c",
        b"a\\*c",
        b"a\\[c",
        b"a\\\\c",
        b"[a-c]",
        b"[c-a]",
        b"[^a-c]",
        b"[^a]*",
        b"[abc",
        b"[a-",
        b"[",
        b"[]",
        b"[]]",
        b"[\\]]",
        b"[^",
        b"[a\\-c]",
        b"[-]",
        b"[--a]",
        b"a[-*]c",
        b"a[*-]c",
        b"*a*",
        b"*a*b*",
        b"?*",
        b"*?",
        b"user:*",
        b"user:?",
        b"user:[0-9]",
        b"user:[^1]*",
        b"\\",
        b"\\a",
        b"a\\",
        b"[\x80-\xff]",
        b"[a-\xff]",
        b"[\x00-\xff]",
        b"A",
        b"a*c*",
        b"*]",
    ];
    for pattern in patterns {
        let shown = String::from_utf8_lossy(pattern).into_owned();
        let [real, embedded] = [&mut both.real, &mut both.embedded].map(|client| {
            let keys = set_of(&client.call(&[b"keys", pattern]));
            assert_eq!(scan(client, &[b"match", pattern]), keys, "{shown}");
            keys
        });
        assert_eq!(embedded, real, "{shown}");
    }
}

#[tokio::test]
async fn scans_see_every_key_and_refuse_the_same() {
    let Some(mut both) = Both::start(Layout::Standalone, "scans_see_every_key_and_refuse_the_same").await
    else {
        return;
    };
    for key in 0..3000 {
        both.same_words(&[b"set", format!("key:{key}").as_bytes(), b"v"]);
    }
    let options: [&[&[u8]]; 7] = [
        &[],
        &[b"count", b"1"],
        &[b"COUNT", b"100000"],
        &[b"match", b"key:1*", b"count", b"50"],
        &[b"type", b"string"],
        &[b"TYPE", b"STRING", b"match", b"*7"],
        &[b"type", b"hash"],
    ];
    for options in options {
        let [real, embedded] = [&mut both.real, &mut both.embedded].map(|client| scan(client, options));
        assert_eq!(embedded, real);
    }
    both.agree(
        "
        scan
        scan x
        scan 1x
        scan 0 count
        scan 0 count 0
        scan 0 count -1
        scan 0 count x
        scan 0 match
        scan 0 what 1
        scan 99999999999999999999999
        scan -
        keys
        keys a b
        dbsize
        flushall
        scan 0
        scan ''
        scan +0
        scan -0
        scan 0 match x count 5 type y
        keys *
        ",
    );
}

//! When keys expire.

use std::time::{Duration, Instant};

use fillbench::resp::Value;
use fillbench::target::Layout;

use crate::conformity::judge::{Both, Client};

#[tokio::test]
async fn every_way_to_have_a_key_expire() {
    let Some(mut both) = Both::start(Layout::Standalone, "every_way_to_have_a_key_expire").await else {
        return;
    };
    for (command, far, farther) in [
        ("expire", "100000", "200000"),
        ("pexpire", "100000000", "200000000"),
        ("expireat", "99999999999", "199999999999"),
        ("pexpireat", "99999999999999", "199999999999999"),
    ] {
        let script = format!(
            "
            flushall
            {command} none {far}
            {command} a
            {command} none x
            {command} none x what
            {command} none {far} what
            set a 1
            ttl a
            pttl a
            expiretime a
            pexpiretime a
            {command} a {far} xx
            {command} a {far} gt
            {command} a {far} nx
            ttl a
            {command} a {farther} nx
            {command} a {farther} lt
            {command} a {farther} xx gt
            ttl a
            {command} a {far} gt
            {command} a {far} lt
            ttl a
            {command} a {far} nx xx
            {command} a {far} nx gt
            {command} a {far} nx lt
            {command} a {far} gt lt
            {command} a {far} XX LT
            {command} a 9223372036854775807
            {command} a -9223372036854775808 lt
            {command} a 9223372036854775808
            {command} a 1.5
            exists a
            set a 1
            {command} a 100 lt
            set a 1
            {command} a 0
            exists a
            set a 1
            {command} a -1
            exists a
            set a 1
            {command} a -1 gt
            exists a
            {command} a -1 xx
            {command} a -1 nx
            exists a
            dbsize
            "
        );
        both.agree(&script);
    }
    both.agree(
        "
        set a 1
        persist a
        persist none
        pexpireat a 99999999999999
        pexpiretime a
        expiretime a
        persist a
        ttl a
        pexpireat a 99999999999500
        expiretime a
        pexpireat a 99999999999499
        expiretime a
        set a 2
        ttl a
        ttl none
        pttl none
        expiretime none
        pexpiretime none
        ttl
        persist
        ",
    );
}

/// A number out of INFO.
fn info(client: &mut Client, field: &str) -> u64 {
    let text = client.call(&[b"info"]);
    let text = text.as_text().unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {field}")).parse().unwrap()
}

#[tokio::test]
async fn what_is_over_is_gone_whoever_asks() {
    let Some(mut both) = Both::start(Layout::Standalone, "what_is_over_is_gone_whoever_asks").await else {
        return;
    };
    for key in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"] {
        both.same(&format!("set {key} 1 px 1"));
    }
    std::thread::sleep(Duration::from_millis(20));
    both.agree(
        "
        get a
        exists b
        ttl c
        del d
        append e x
        get e
        ttl e
        incr f
        setnx g 2
        rename h hh
        set i 3 xx
        type j
        expire k 100
        keys [a-d]
        scan 0 match [a-d]
        get e
        get g
        ",
    );
}

#[tokio::test]
async fn what_is_over_goes_though_nobody_asks() {
    let Some(mut both) = Both::start(Layout::Standalone, "what_is_over_goes_though_nobody_asks").await else {
        return;
    };
    for key in 0..5000 {
        both.same_words(&[b"set", format!("soon:{key}").as_bytes(), b"v", b"px", b"100"]);
        both.same_words(&[b"set", format!("late:{key}").as_bytes(), b"v", b"ex", b"1000"]);
        both.same_words(&[b"set", format!("never:{key}").as_bytes(), b"v"]);
    }
    let start = Instant::now();
    for client in [&mut both.real, &mut both.embedded] {
        while client.call(&[b"dbsize"]) != Value::Integer(10_000) {
            // The last few take their time: few of those that may expire are over, so few are looked at.
            assert!(start.elapsed() < Duration::from_secs(60), "{:?}", client.call(&[b"dbsize"]));
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(info(client, "expired_keys"), 5000);
    }
}

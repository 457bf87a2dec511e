//! Commands on strings.

use fillbench::target::Layout;

use crate::conformity::judge::Both;

#[tokio::test]
async fn set_and_get_with_every_option() {
    let Some(mut both) = Both::start(Layout::Standalone, "set_and_get_with_every_option").await else {
        return;
    };
    both.agree(
        "
        get nothing
        set a 1
        get a
        set a 2 nx
        set b 2 xx
        set a 3 xx get
        set new 1 get
        set new 2 nx get
        pttl a
        set a 4 ex 0
        set a 4 ex -1
        set a 4 ex x
        set a 4 ex
        set a 4 nx xx
        set a 4 ex 10 px 10
        set a 4 keepttl ex 10
        set a 4 what
        set a
        set e '' pxat 99999999999999
        set e x keepttl
        pexpiretime e
        strlen e
        # One unit may be told twice, and the last one counts.
        set e y pxat 99999999999998 pxat 99999999999997
        pexpiretime e
        set e y keepttl keepttl
        pexpiretime e
        set e y exat 99999999999 pxat 5
        set e y exat 99999999999 keepttl
        set e y exat 99999999999
        pexpiretime e
        set e y ex 9223372036854775807
        set e y px 9223372036854775807
        set e y exat 9223372036854775
        pexpiretime e
        set e y exat 9223372036854776
        set e y ex 10 persist
        set e y
        pttl e
        set over 1 pxat 1
        get over
        exists over
        set a 5 get get
        set a 6 nx get
        get a
        set a 7 nx nx
        mset x 1 y 2
        mset x 1 y
        mget x y none
        exists x x none
        del x none
        dbsize
        flushall
        dbsize
        nosuchcommand with args
        ",
    );
}

#[tokio::test]
async fn the_older_ways_to_set_and_get() {
    let Some(mut both) = Both::start(Layout::Standalone, "the_older_ways_to_set_and_get").await else {
        return;
    };
    both.agree(
        "
        setnx a 1
        setnx a 2
        get a
        setnx a
        setex a 0 v
        setex a -1 v
        setex a x v
        setex a 9223372036854775807 v
        setex a 1000 v
        ttl a
        psetex a 0 v
        psetex a x v
        psetex a 1000000 v
        ttl a
        setex a 10
        getset a w
        ttl a
        getset none v
        getset none w
        getdel a
        getdel a
        getdel
        exists a
        msetnx a 1 b 2
        msetnx b 3 c 4
        mget a b c
        msetnx a 1 b
        msetnx a
        msetnx z 1 z 2
        get z
        mset q 1 q 2
        get q
        getex none
        getex none ex what
        getex none nonsense
        getex a ex 1000
        ttl a
        getex a
        ttl a
        getex a persist
        ttl a
        getex a exat 99999999999
        expiretime a
        getex a pxat 99999999999999
        pexpiretime a
        getex a px 1000000
        ttl a
        getex a ex 0
        getex a ex -5
        getex a ex x
        getex a ex
        getex a keepttl
        getex a nx
        getex a ex 10 persist
        getex a persist persist
        getex a persist ex 10
        ttl a
        getex a exat 1
        get a
        setex
        ",
    );
}

#[tokio::test]
async fn parts_of_strings() {
    let Some(mut both) = Both::start(Layout::Standalone, "parts_of_strings").await else {
        return;
    };
    both.agree(
        "
        set a abcdef
        ",
    );
    let ends = ["0", "1", "5", "6", "100", "-1", "-2", "-6", "-7", "-100", "9223372036854775807"];
    for start in ends.iter().chain(&["-9223372036854775808", "x"]) {
        for end in ends.iter().chain(&["-9223372036854775808", ""]) {
            for key in ["a", "none"] {
                both.same_words(&["getrange", key, start, end].map(str::as_bytes));
            }
        }
    }
    both.agree(
        "
        set '' x
        get ''
        set empty ''
        getrange empty 0 -1
        getrange empty -1 0
        substr a 1 2
        substr a -3 -1
        substr none 0 1
        setrange a 2 XY
        get a
        setrange a 10 end
        get a
        setrange a 0 ''
        setrange none 0 ''
        setrange none 5 ''
        exists none
        setrange none 5 ab
        get none
        setrange a -1 x
        setrange a x x
        setrange a 536870911 xx
        setrange a 9223372036854775807 x
        setrange none2 536870912 x
        setrange none2 9223372036854775807 ''
        exists none2
        strlen a
        strlen none3
        append a tail
        append fresh head
        append fresh ''
        append fresh2 ''
        exists fresh2
        get fresh
        pexpireat fresh 99999999999999
        append fresh more
        setrange fresh 1 x
        get fresh
        pexpiretime fresh
        append a
        append a b c
        ",
    );
}

#[tokio::test]
async fn numbers_count() {
    let Some(mut both) = Both::start(Layout::Standalone, "numbers_count").await else {
        return;
    };
    both.agree(
        "
        incr a
        incrby a 10
        decr a
        decrby a 20
        incrby a x
        incrby a 1.5
        incrby a ''
        decrby a -9223372036854775808
        incrby a -9223372036854775808
        set a 9223372036854775807
        incr a
        incrby a 1
        decrby a -1
        incrby a -1
        set a -9223372036854775808
        decr a
        incrby a -1
        incr a
        set a 01
        incr a
        set a +1
        incr a
        set a -0
        incr a
        set a ''
        incr a
        set a 9223372036854775808
        incr a
        set a text
        incr a
        decr a
        incrbyfloat a 1
        set a 5
        pexpireat a 99999999999999
        incr a
        incrbyfloat a 0.5
        pexpiretime a
        incr a
        incr
        incrby a
        decrby a 1 2
        ",
    );
}

#[tokio::test]
async fn numbers_with_a_point_count_with_as_many_digits() {
    let Some(mut both) = Both::start(Layout::Standalone, "numbers_with_a_point").await else {
        return;
    };
    let numbers = [
        "0",
        "-0",
        "1",
        "1.1",
        "3.0",
        "0.1",
        "0.2",
        "-.5",
        "5.",
        "+7",
        "1e3",
        "1E-3",
        "1e20",
        "1e-17",
        "4e-18",
        "6e-18",
        "5e-18",
        "1e-4940",
        "1e-4960",
        "123456789012345678901234567890.123456789",
        "0.333333333333333333333333333333",
        "9007199254740993",
        "18446744073709551617",
        "1.18e4932",
        "-1.18e4932",
        "1e5000",
        "1e-5000",
        "inf",
        "-Infinity",
        "nan",
        "0x1f.8p-3",
        "0x",
        "0x.p1",
        "1e",
        "1e+",
        "",
        " 1",
        "1 ",
        "one",
        "1.2.3",
        "0.10000000000000000000000000001",
        "99999999.99999999999999999",
    ];
    for old in numbers {
        for more in numbers {
            both.same_words(&[b"set", b"n", old.as_bytes()]);
            both.same_words(&[b"incrbyfloat", b"n", more.as_bytes()]);
        }
        both.same_words(&[b"get", b"n"]);
    }
    both.agree(
        "
        incrbyfloat fresh 1.5
        incrbyfloat fresh -1.5
        incrbyfloat fresh
        ",
    );
    // Hundredths, one on another: each step is rounded as the last was.
    for step in 0..300 {
        let more = format!("{}.{:02}", step % 7 - 3, step % 100);
        both.same_words(&[b"incrbyfloat", b"sum", more.as_bytes()]);
    }
}

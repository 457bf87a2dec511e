//! Keys that go from one kind of server to the other.

use fillbench::resp::Value;
use fillbench::target::Layout;

use crate::conformity::judge::Both;

fn bulk(value: &Value) -> &[u8] {
    value.as_bytes().unwrap_or_else(|| panic!("{value:?}"))
}

#[tokio::test]
async fn each_takes_what_the_other_dumped() {
    let Some(mut both) = Both::start(Layout::Standalone, "each_takes_what_the_other_dumped").await else {
        return;
    };
    let mut values: Vec<Vec<u8>> = [
        "",
        "x",
        "0",
        "-1",
        "127",
        "128",
        "-128",
        "-129",
        "32767",
        "32768",
        "-32768",
        "2147483647",
        "2147483648",
        "-2147483648",
        "-2147483649",
        "9223372036854775807",
        "01",
        "+1",
        "-0",
        "1.5",
        "12345678901",
    ]
    .map(Into::into)
    .to_vec();
    for length in [20, 21, 63, 64, 100, 16383, 16384, 70_000, 1_000_000] {
        // What compresses well, what does not, and what does in part.
        values.push(vec![b'a'; length]);
        values
            .push((0..length as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8).collect());
        values.push((0..length).map(|i| if i % 300 < 150 { ((i * i) >> 3) as u8 } else { b'b' }).collect());
        values.push("many words that come again and again, ".repeat(length / 38 + 1).into());
    }
    for value in values {
        let shown = String::from_utf8_lossy(&value[..value.len().min(40)]).into_owned();
        both.same_words(&[b"set", b"k", &value]);
        let (real, embedded) = (both.real.call(&[b"dump", b"k"]), both.embedded.call(&[b"dump", b"k"]));
        if value.len() <= 20 {
            assert_eq!(embedded, real, "{shown}");
        }
        let (real, embedded) = (bulk(&real).to_vec(), bulk(&embedded).to_vec());
        for dump in [&real, &embedded] {
            both.same_words(&[b"restore", b"copy", b"0", dump, b"replace"]);
            let copy = both.same_words(&[b"get", b"copy"]);
            assert!(bulk(&copy) == value, "{} bytes: {shown}", value.len());
        }
    }
    both.agree(
        "
        dump none
        dump
        ",
    );
}

#[tokio::test]
async fn what_cannot_be_restored_is_refused() {
    let Some(mut both) = Both::start(Layout::Standalone, "what_cannot_be_restored_is_refused").await else {
        return;
    };
    both.same("set k value");
    let dump = bulk(&both.same("dump k")).to_vec();
    let same = |both: &mut Both, words: &[&[u8]]| {
        let (mut all, mut place) = (Vec::new(), 0);
        for word in words {
            place += 1;
            all.push(if *word == b"DUMP" && place > 1 { &dump[..] } else { word });
        }
        both.same_words(&all)
    };
    let cases: [&[&[u8]]; 27] = [
        &[b"restore", b"k", b"0", b"DUMP"],
        &[b"restore", b"k", b"x", b"DUMP"],
        &[b"restore", b"n", b"x", b"DUMP"],
        &[b"restore", b"n", b"-1", b"DUMP"],
        &[b"restore", b"n", b"0"],
        &[b"restore", b"n", b"0", b"DUMP", b"what"],
        &[b"restore", b"n", b"0", b"DUMP", b"idletime"],
        &[b"restore", b"n", b"0", b"DUMP", b"idletime", b"-1"],
        &[b"restore", b"n", b"0", b"DUMP", b"idletime", b"x"],
        &[b"restore", b"n", b"0", b"DUMP", b"freq", b"256"],
        &[b"restore", b"n", b"0", b"DUMP", b"freq", b"1", b"idletime", b"1"],
        &[b"restore", b"n", b"0", b"DUMP", b"idletime", b"1", b"freq", b"1"],
        &[b"restore", b"n", b"0", b""],
        &[b"restore", b"n", b"0", b"too short"],
        &[b"restore", b"n", b"0", b"long enough to have a footer"],
        &[b"exists", b"n"],
        &[b"restore", b"n", b"0", b"DUMP", b"idletime", b"100"],
        &[b"pttl", b"n"],
        &[b"restore", b"n", b"99999999999999", b"DUMP", b"absttl", b"replace"],
        &[b"pexpiretime", b"n"],
        &[b"restore", b"n", b"1000000", b"DUMP", b"REPLACE", b"FREQ", b"5"],
        &[b"ttl", b"n"],
        &[b"restore", b"n", b"1", b"DUMP", b"absttl", b"replace"],
        &[b"exists", b"n"],
        &[b"restore", b"n", b"9223372036854775807", b"DUMP"],
        &[b"exists", b"n"],
        &[b"dbsize"],
    ];
    for words in cases {
        same(&mut both, words);
    }
    // Each byte changed: the checksum finds it.
    for place in 0..dump.len() {
        let mut wrong = dump.clone();
        wrong[place] ^= 1;
        both.same_words(&[b"restore", b"wrong", b"0", &wrong]);
    }
}

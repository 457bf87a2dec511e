//! What keys cost.

use fillbench::resp::{Value, encode_command};
use fillbench::target::Layout;

use crate::conformity::judge::{Both, Client};

/// Commands sent before their answers are read.
const PIPELINE: usize = 1000;

fn used_memory(client: &mut Client) -> usize {
    let text = client.call(&[b"info", b"memory"]);
    let text = text.as_text().unwrap();
    text.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap().parse().unwrap()
}

/// By how many bytes the server grew for each key.
fn bytes_per_key(client: &mut Client, keys: usize, key_size: usize, value_size: usize) -> usize {
    assert!(client.call(&[b"flushall"]).is_ok());
    let before = used_memory(client);
    for first in (0..keys).step_by(PIPELINE) {
        let mut wire = Vec::new();
        for i in first..first + PIPELINE {
            let key = format!("{i:0key_size$}");
            encode_command(&mut wire, &[b"set", key.as_bytes(), &vec![b'v'; value_size]]);
        }
        client.send(&wire);
        (0..PIPELINE).for_each(|_| assert!(client.answer().is_ok()));
    }
    assert_eq!(client.call(&[b"dbsize"]), Value::Integer(keys as i64));
    (used_memory(client) - before) / keys
}

#[tokio::test]
async fn a_key_takes_no_more_than_in_redis() {
    for layout in [Layout::Standalone, Layout::even(1)] {
        let Some(mut both) = Both::start(layout.clone(), "a_key_takes_no_more_than_in_redis").await else {
            return;
        };
        // Where tables have just grown, and where they are full.
        for (keys, key_size, value_size) in
            [(60_000, 32, 64), (140_000, 32, 64), (200_000, 32, 64), (260_000, 32, 64), (100_000, 256, 512)]
        {
            let real = bytes_per_key(&mut both.real, keys, key_size, value_size);
            let embedded = bytes_per_key(&mut both.embedded, keys, key_size, value_size);
            assert!(embedded <= real, "{keys} of {key_size}/{value_size}, {layout}: {embedded} for {real}");
            // What is counted is not less than what is kept.
            assert!(embedded > key_size + value_size, "{embedded}");
        }
    }
}

#[tokio::test]
async fn what_is_removed_is_given_back() {
    let Some(mut both) = Both::start(Layout::Standalone, "what_is_removed_is_given_back").await else {
        return;
    };
    let client = &mut both.embedded;
    let empty = used_memory(client);
    bytes_per_key(client, 20_000, 32, 64);
    for i in 0..20_000 {
        client.call(&[b"del", format!("{i:032}").as_bytes()]);
    }
    let left = used_memory(client).abs_diff(empty);
    // Answers take some, and so do requests.
    assert!(left < 64 << 10, "{left}");
}

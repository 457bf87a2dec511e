//! The cluster client of redis-py, by a script of its own.

use crate::common::{python, skip};
use crate::judges::{judged, said};

judged! {
    fn redis_py_finds_every_key_and_follows_slots(nodes: Some(3)) {
        let Some(python) = python("redis") else {
            return skip("redis_py_finds_every_key_and_follows_slots", "no python with the package redis");
        };
        let addresses: Vec<String> = nodes.iter().map(ToString::to_string).collect();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/cluster_client.py");
        for protocol in ["2", "3"] {
            let args: Vec<&str> = [script, protocol].into_iter().chain(addresses.iter().map(String::as_str)).collect();
            assert_eq!(said(python.to_str().unwrap(), &args, b"").trim(), "done");
        }
    }
}

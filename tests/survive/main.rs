//! Nothing is lost: whatever happens to a cluster while it is filled, the fill ends exact, or it says
//! exactly what is missing. Each test makes one fault in the middle of a fill, on a Redis cluster, a Valkey
//! cluster and the embedded one, each of three masters with a replica, and then reads all keys and values
//! with a client that is none of ours (`judge`).
#![cfg(test)]

#[path = "../common/mod.rs"]
mod common;

#[path = "../fill/data.rs"]
mod data;
#[path = "../fill/run.rs"]
#[expect(dead_code, reason = "a part of it is used here")]
mod run;
#[path = "../fill/site.rs"]
#[expect(dead_code, reason = "a part of it is used here")]
mod site;

mod case;
mod cluster;
mod judge;
mod proxy;
mod theirs;

mod chaos;
mod connections;
mod fast;
mod memory;
mod network;
mod others;
mod permissions;
mod refusals;
mod restarts;
mod slots;
mod standalone;
mod takeovers;

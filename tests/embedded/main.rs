//! Servers of the program's own: `--embedded`, `serve`, and faults on demand. Nothing needs to be
//! installed for these tests, and what the servers hold is read by a client that is none of ours.
#![cfg(test)]

#[path = "../common/mod.rs"]
mod common;

#[path = "../fill/data.rs"]
#[expect(dead_code, reason = "a part of it is used here")]
mod data;
#[path = "../fill/run.rs"]
#[expect(dead_code, reason = "a part of it is used here")]
mod run;
#[path = "../fill/site.rs"]
#[expect(dead_code, reason = "a part of it is used here")]
mod site;

mod commands;
mod durable;
mod faults;
mod fill;
mod log;
mod replicas;
mod serve;
mod takeovers;

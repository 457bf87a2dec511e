//! What `fillbench verify` promises, against real servers of both kinds and the embedded one: it finds what
//! is wrong with a dataset, all of it and nothing else, names it, and repairs it. Faults are made, and what
//! is there afterwards is read, by a client that is none of ours.
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

mod faults;
mod folder;
mod moving;
mod place;
mod trouble;
mod usage;
mod whole;

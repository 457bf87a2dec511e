//! `fillbench sweep` from outside: every point has its repeats exactly once, whatever happens in between, and
//! what is left on disk can be read by others as it is.
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

mod cut_off;
mod folder;
mod others;
mod refused;
mod whole;

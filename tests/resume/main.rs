//! What `--out` and `--resume` promise together, on real servers of both kinds and the embedded one: a fill
//! that is cut off at any moment can be gone on with, sends little again, and ends as exact as one that
//! was not. What is there is read by a client that is none of ours.
#![cfg(test)]

#[path = "../common/mod.rs"]
mod common;

#[path = "../fill/data.rs"]
#[expect(dead_code, reason = "a part of it is used here")]
mod data;
#[path = "../verify/place.rs"]
#[expect(dead_code, unused_macros, unused_imports, reason = "a part of it is used here")]
mod place;
#[path = "../fill/run.rs"]
#[expect(dead_code, reason = "a part of it is used here")]
mod run;
#[path = "../fill/site.rs"]
#[expect(dead_code, reason = "a part of it is used here")]
mod site;

mod disk;
mod folder;
mod kept;
mod killed;
mod refused;
mod signals;

//! Memory before it hurts: a fill that does not fit is refused with its numbers before it begins, and one
//! that is to use so much memory ends there. On real servers of both kinds, and on our own.
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

mod estimate;
mod house;
mod refuse;
mod until;

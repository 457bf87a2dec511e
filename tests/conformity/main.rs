//! The embedded server beside a real one: the same commands to both, and the same answers from both,
//! so that the embedded one cannot drift. The real one is Redis, whose version the embedded one tells.
#![cfg(test)]
#![cfg(test)]

mod connections;
mod dump;
mod expiry;
mod judge;
mod keys;
mod memory;
mod protocol;
mod redirects;
mod strings;

#[path = "../common/mod.rs"]
mod common;

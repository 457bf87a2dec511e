//! The embedded server beside a real one: the same commands to both, and the same answers from both,
//! so that the embedded one cannot drift. The real one is Redis, whose version the embedded one tells.

mod commands;
mod connections;
mod dump;
mod expiry;
mod faults;
mod judge;
mod keys;
mod limits;
mod memory;
mod pair;
mod protocol;
mod redirects;
mod replicas;
mod shards;
mod strings;
mod transactions;

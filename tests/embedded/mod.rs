//! Servers of the program's own: `--embedded`, `serve`, and faults on demand. Nothing needs to be
//! installed for these tests, and what the servers hold is read by a client that is none of ours.

mod commands;
mod durable;
mod faults;
mod fill;
mod log;
mod replicas;
pub(crate) mod serve;
mod takeovers;

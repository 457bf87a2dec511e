//! What each command does. A command gets a request that has been admitted (`admit`), and answers it or
//! refuses it.

mod auth;
mod client;
mod cluster;
mod cluster_orders;
mod command;
mod config;
mod connection;
mod counters;
mod dump;
mod expiry;
mod fault;
mod help;
mod info;
mod keys;
mod migrate;
mod parse;
mod replication;
mod server;
mod spec;
mod strings;
mod table;
mod transactions;

pub(crate) use fault::NAME as FAULT_COMMAND;
pub(crate) use spec::{Flags, Spec};
pub(crate) use table::{TABLE, find};

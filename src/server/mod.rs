//! A key-value server that speaks the servers' protocol: alone, or as the nodes of a cluster that live
//! in this process. Each node is a thread with its own keys, or a replica's copy of another's; what a node
//! answers, it did. The nodes know each other directly: there is no gossip, and no bus port.

mod address;
mod admit;
mod client;
mod cluster;
mod commands;
mod config;
mod connection;
mod cycle;
mod evict;
mod execute;
mod fault;
mod glob;
mod input;
mod long_double;
mod natural;
mod node;
mod options;
mod rdb;
mod replication;
mod reply;
mod start;
mod stats;
mod store;
#[cfg(test)]
mod tests;
mod transaction;
mod transfer;

pub use cluster::ArchiveError;
pub use config::Policy;
pub use fault::{Fault, FaultError, NodeFault};
pub use options::ServerOptions;
pub use start::{Server, StartError};

//! A key-value server that speaks the servers' protocol: alone, or as the nodes of a cluster that live
//! in this process. Each node is a thread with its own keys; what a node answers, it did. The nodes
//! know each other directly: there is no gossip, and no bus port.

mod address;
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
mod handover;
mod long_double;
mod natural;
mod node;
mod options;
mod rdb;
mod reply;
mod start;
mod stats;
mod store;

pub use cluster::ArchiveError;
pub use fault::{Fault, FaultError, NodeFault};
pub use options::ServerOptions;
pub use start::{Server, StartError};

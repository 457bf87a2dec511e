//! What a server is started with.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use super::{NodeFault, Policy};

/// Nodes to start.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Masters of a cluster; `None` is one server that is in no cluster.
    pub masters: Option<u16>,
    /// Replicas of each master. A server that is in no cluster has none.
    pub replicas: u16,
    /// Where they listen.
    pub bind: IpAddr,
    /// The first node's port, the others follow; 0 has free ones chosen.
    pub port: u16,
    /// What the default user has to say first; empty is nothing.
    pub requirepass: String,
    /// Users besides the default one, with their passwords. They may do what it may.
    pub users: Vec<(String, String)>,
    /// What each node may use, in bytes; 0 is no limit.
    pub maxmemory: u64,
    /// What goes when that is used up.
    pub maxmemory_policy: Policy,
    /// Whether keys are parsed and counted, and thrown away.
    pub discard: bool,
    /// What they do wrong from the start.
    pub faults: Vec<NodeFault>,
    /// Where each node keeps whose the slots are, in a folder named by its port. `None` keeps nothing.
    pub dir: Option<PathBuf>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            masters: Some(3),
            replicas: 0,
            bind: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            requirepass: String::new(),
            users: Vec::new(),
            maxmemory: 0,
            maxmemory_policy: Policy::NoEviction,
            discard: false,
            faults: Vec::new(),
            dir: None,
        }
    }
}

//! Servers that are there already.

use crate::net::{Address, AddressMap, Connector};

/// A server that was named, and how it and its peers are reached.
#[derive(Clone, Debug)]
pub struct Site {
    /// A standalone server, or any node of a cluster.
    pub address: Address,
    /// How connections are opened.
    pub connector: Connector,
    /// Where announced addresses are reached.
    pub map: AddressMap,
}

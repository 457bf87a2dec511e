//! What looking at a node came to.

use std::time::Instant;

use crate::cluster::{ClusterError, Info, View};
use crate::net::Address;

/// What a node said.
pub(in crate::fill) struct Sight {
    pub address: Address,
    /// When it was asked.
    pub asked: Instant,
    pub seen: Result<Seen, ClusterError>,
}

/// What a node that answered said.
pub(in crate::fill) struct Seen {
    /// `None` if this user may not have INFO.
    pub info: Option<Info>,
    /// `None` on a standalone server.
    pub view: Option<View>,
}

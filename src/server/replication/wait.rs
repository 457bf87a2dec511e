//! Waiting until replicas have what was written.

use crate::server::node::Node;
use crate::server::store::UnixMs;

/// What a client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    /// So many replicas
    pub(crate) replicas: usize,
    /// are to be so far,
    pub(crate) offset: u64,
    /// if they are by then. None is for as long as it takes.
    pub(crate) until: Option<UnixMs>,
}

impl Node {
    /// Whether a client need not wait any longer.
    pub(crate) fn is_over(&self, wait: Wait) -> bool {
        let is_late = wait.until.is_some_and(|until| until <= self.now);
        // A replica has none of its own.
        is_late || self.replication.master.is_some() || self.replicas_at(wait.offset) >= wait.replicas
    }
}

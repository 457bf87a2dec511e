//! Replicas follow their master within the process. A master writes down what becomes of its keys
//! (`store::Change`) and puts it into each replica's feed, after a copy of what it had before; there are
//! no sockets between them. As in Redis, nobody waits for that unless asked to (WAIT).

mod follow;
mod lead;
mod role;
mod wait;

pub(crate) use follow::Link;
pub(crate) use role::Replication;
pub(crate) use wait::Wait;

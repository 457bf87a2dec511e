//! What the nodes of the process share: what they know of each other, and the ways from masters to
//! their replicas. There is no gossip: a change at one node is seen by all before their next command.
//! This room knows neither keys nor clients.

mod archive;
mod doubt;
mod feed;
mod nodes_conf;
mod orders;
mod roles;
mod shared;
mod slot_set;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use archive::Archive;
pub use archive::ArchiveError;
pub(crate) use feed::{Feed, Part};
pub(crate) use nodes_conf::{node_line, nodes_text};
pub(crate) use shared::Cluster;
pub(crate) use state::{MemberIndex, SlotState, State, random_id};

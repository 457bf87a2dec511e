//! Who owns which slots, what each node says of itself, and what that tells of the time between two looks. It
//! reads replies and asks for them; it
//! neither writes keys nor decides what to do.

pub mod audit;
mod discover;
mod error;
mod info;
mod moment;
mod rediscover;
mod topology;
mod view;

pub use discover::{Discovered, ask, discover, info, node_ids, view};
pub use error::ClusterError;
pub use info::{Calls, Info};
pub use moment::{Change, Moment, Said, meet};
pub use rediscover::rediscover;
pub use topology::{Master, Mode, SlotRange, Topology, show_slots};
pub use view::{Epochs, View, reconcile};

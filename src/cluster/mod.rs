//! Who owns which slots, and what each node says of itself. It reads replies and asks for them; it
//! neither writes keys nor decides what to do.

mod discover;
mod error;
mod info;
mod rediscover;
mod topology;
mod view;

pub use discover::{Discovered, ask, discover, info, node_ids, view};
pub use error::ClusterError;
pub use info::{Calls, Info};
pub use rediscover::rediscover;
pub use topology::{Master, Mode, SlotRange, Topology, show_slots};
pub use view::{Epochs, View, reconcile};

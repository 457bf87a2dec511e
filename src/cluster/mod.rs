//! Who owns which slots, and what each node says of itself. It reads replies and asks for them; it
//! neither writes keys nor decides what to do.

mod discover;
mod error;
mod info;
mod topology;

pub use discover::{Discovered, ask, discover, info, rediscover};
pub use error::ClusterError;
pub use info::{Calls, Info};
pub use topology::{Master, Mode, SlotRange, Topology, show_slots};

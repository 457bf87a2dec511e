//! What a run is sent to: servers that are there already, or servers started for it, real
//! ones or our own. This room
//! knows nothing of datasets, and nothing of how a run is shown.

mod site;
mod spawn;
mod throwaway;

pub use site::Site;
pub use spawn::{Layout, LayoutError, MAX_MASTERS, Spawn, SpawnError, Spawned};
pub use throwaway::{Started, Throwaway, ThrowawayError};

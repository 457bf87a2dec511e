//! What a run is sent to: servers that are there already, or servers started for it. This room
//! knows nothing of datasets, and nothing of how a run is shown.

mod site;
mod spawn;

pub use site::Site;
pub use spawn::{Layout, LayoutError, MAX_MASTERS, Spawn, SpawnError, Spawned};

//! Real servers as a throwaway: started on free ports of 127.0.0.1, joined into a cluster if wanted,
//! keeping nothing on disk, and gone when [`Spawned`] is dropped or this process ends, however it
//! ends. What they are used for is unknown here.

mod error;
mod join;
mod layout;
mod node;
mod ports;
mod process;
mod start;
mod view;

pub use error::SpawnError;
pub use layout::{Layout, LayoutError, MAX_MASTERS};
pub use start::{Spawn, Spawned};

//! The masters' memory: whether what is planned fits (`fit`), and how much is planned where it is filled to a
//! size (`grow`, `steps`). What a key takes is measured and extrapolated by what is known of the servers' tables.

mod even;
mod fit;
mod footprint;
mod grow;
mod steps;
mod tables;

pub(super) use fit::{Estimate, check};
pub use fit::{Shortage, check_room};
pub use grow::{GrowError, UntilMemory};
pub(super) use steps::{growth, next_step};

//! The engine that fills: sending while watching the masters (`send`), then looking at what they hold and
//! mending that until it is proven (`settle`). What does not fit into their memory is not begun, and a fill may be
//! as large as that is (`memory`). It tells what happens as events and leaves a record; it prints nothing.

mod choose;
mod error;
mod facts;
mod keep;
mod ledger;
mod limits;
mod link;
mod load;
mod machine;
mod memory;
mod nodes;
mod outcome;
mod prepare;
mod preset;
mod replicas;
mod run;
mod send;
mod settings;
mod settle;
mod start;

pub use choose::{Choice, choice};
pub use error::FillError;
pub use machine::{forget_peak_rss, host};
pub use memory::{GrowError, Shortage, UntilMemory, check_room};
pub use prepare::{Prepared, prepare};
pub use preset::Preset;
pub use run::fill;
pub use settings::{CommandChoice, FillOptions, Keeping, Timeouts};

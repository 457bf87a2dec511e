//! The dataset: a pure function from a seed, sizes and a count to the i-th key and value. It knows
//! nothing of servers: the same options make the same keys on one server, on three masters and on
//! thirty, so a fill can be repeated, verified and repaired after any reshard.
//!
//! Index `i` counts the keys from 0. `ordinal(i) = i div 16384`, and
//! `slot(i) = (i × 10125) mod 16384`: 10125 is odd, so every 16384 indices visit each slot once, and
//! near the golden ratio of 16384, so that any count spreads evenly over any range of slots.

mod key;
mod position;
mod spec;
mod value;
mod worker;

pub use key::{FILLER, KeyShape, write_ordinal};
pub use position::{Position, golden, keys_in_slot};
pub use spec::{Amount, MAX_KEY_SIZE, MAX_VALUE_SIZE, Request, Spec, SpecError};
pub use value::{CONTIGUOUS_BYTES, POOL_BYTES, STAMP_BYTES, Values};
pub use worker::{WORKERS_MAX, Worker, WorkerError};

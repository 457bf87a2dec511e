//! Shares of one dataset, put together again: the records that several workers left become one, on a common clock. It
//! reads what they wrote, asks no server, and prints nothing.

mod account;
mod clock;
mod crew;
mod error;
mod servers;
mod whole;

pub use account::enter_proof;
pub use error::MergeError;
pub use whole::{Whole, whole};

//! Failing on demand: what a node can be told to do wrong, and when it does. A fault is decided on
//! here, and carried out where commands are read and run. This room must not know how that is done.

mod active;
mod grammar;

pub(crate) use active::{Faults, MAX_FAULTS, Strike};
pub use grammar::{Fault, FaultError, NodeFault};

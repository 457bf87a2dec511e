//! What `fillbench verify` promises, against real servers of both kinds and the embedded one: it finds what
//! is wrong with a dataset, all of it and nothing else, names it, and repairs it. Faults are made, and what
//! is there afterwards is read, by a client that is none of ours.

mod faults;
mod folder;
mod moving;
pub(crate) mod place;
mod trouble;
mod usage;
mod whole;

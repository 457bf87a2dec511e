//! What a node keeps: keys with values, slot by slot, and nothing else. This room knows neither
//! clients nor clusters.

mod entry;
mod journal;
mod keyspace;
mod scan;
mod slot_set;
mod table;

pub(crate) use entry::{Entry, UnixMs};
pub(crate) use journal::Change;
pub(crate) use keyspace::{Keyspace, Place};

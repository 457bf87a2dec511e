//! Hash slots and hash tags of Redis Cluster: which slot a key is in, and which tag puts a key into
//! a slot. This room knows neither who owns a slot nor what the keys look like.

mod hash;
mod tags;

pub use hash::{SLOTS, hash_tag, slot_of};
pub use tags::{TAG_BYTES, tag};

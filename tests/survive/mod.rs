//! Nothing is lost: whatever happens to a cluster while it is filled, the fill ends exact, or it says
//! exactly what is missing. Each test makes one fault in the middle of a fill, on a Redis cluster, a Valkey
//! cluster and the embedded one, each of three masters with a replica, and then reads all keys and values
//! with a client that is none of ours (`judge`).

mod case;
mod cluster;
mod judge;
pub(crate) mod proxy;
mod theirs;

mod chaos;
mod connections;
mod fast;
mod memory;
mod network;
mod others;
mod permissions;
mod refusals;
mod restarts;
mod slots;
mod standalone;
mod takeovers;

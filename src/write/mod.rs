//! Sending a part of the dataset to one master: which keys in which order ([`Walk`]), as which bytes
//! ([`Batch`]), over one connection ([`Writer`]). It knows nothing of plans, other masters or proofs.

mod batch;
mod census;
mod pacer;
mod pipeline;
mod progress;
mod walk;
mod writer;
mod written;

pub use batch::{
    Batch, BatchOptions, Command, Depth, Ended, ReplicaWait, ReplyMode, TimeToLive, wire_bytes_per_key,
};
pub use census::executed_commands;
pub use pacer::Pacer;
pub use progress::{Count, Progress};
pub use walk::{Order, Segment, Walk};
pub use writer::Writer;
pub use written::{End, Stop, Window, Written};

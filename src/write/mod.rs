//! Sending a part of the dataset to one master: which keys in which order ([`Walk`]), as which bytes
//! ([`Batch`]), over one connection ([`Writer`]). It knows nothing of plans, other masters or proofs.

mod batch;
mod pacer;
mod progress;
mod walk;
mod writer;

pub use batch::{Batch, BatchOptions, Command, Depth, Ended, ReplyMode, TimeToLive, wire_bytes_per_key};
pub use pacer::Pacer;
pub use progress::Progress;
pub use walk::{Order, Segment, Walk};
pub use writer::{End, Stop, Window, Writer, Written};

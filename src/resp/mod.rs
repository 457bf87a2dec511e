//! The wire format. For clients, RESP2: commands to bytes, bytes to replies. For servers: bytes to
//! requests. This room does no I/O and knows no command.

mod decode;
mod encode;
mod leaves;
mod request;
mod value;
mod words;

pub use decode::{Decoder, MAX_BULK_BYTES, MAX_DEPTH, MAX_ITEMS, MAX_LINE_BYTES, Malformed, excerpt};
pub use encode::encode_command;
pub use leaves::{Leaf, Leaves};
pub use request::{KeptRequest, ProtocolError, Request, RequestDecoder, RequestLimits};
pub use value::Value;

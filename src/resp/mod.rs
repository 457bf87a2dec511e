//! The wire format, RESP2: commands to bytes, bytes to replies. This room does no I/O and knows no
//! command.

mod decode;
mod encode;
mod value;

pub use decode::{Decoder, MAX_BULK_BYTES, MAX_DEPTH, MAX_ITEMS, MAX_LINE_BYTES, Malformed, excerpt};
pub use encode::encode_command;
pub use value::Value;

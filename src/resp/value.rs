//! One reply, and how to look into it.

use std::borrow::Cow;

use bytes::Bytes;

/// One reply of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A status like `OK`.
    Simple(String),
    /// An error reply, without its `-`.
    Error(String),
    /// A signed number.
    Integer(i64),
    /// Any bytes.
    Bulk(Bytes),
    /// No value: a nil bulk string or a nil array.
    Nil,
    /// Replies in a row.
    Array(Vec<Value>),
}

impl Value {
    /// The number, if this is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The bytes of a bulk string or a status.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bulk(bytes) => Some(bytes),
            Self::Simple(text) => Some(text.as_bytes()),
            _ => None,
        }
    }

    /// The text of a bulk string or a status; what is not UTF-8 in it is replaced.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        self.as_bytes().map(String::from_utf8_lossy)
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The text of an error reply.
    pub fn as_error(&self) -> Option<&str> {
        match self {
            Self::Error(message) => Some(message),
            _ => None,
        }
    }

    /// Whether this is the status `OK`.
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Simple(text) if text == "OK")
    }
}

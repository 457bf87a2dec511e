//! What is wrong with a command line.

use crate::net::NetError;

/// Options that do not go together, or mean nothing. The text says which, and what would do; it never
/// holds a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(String);

impl UsageError {
    /// An error from its whole text: what is wrong, a colon, what would do.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// A file that is named cannot be used, or a name cannot be one.
impl From<NetError> for UsageError {
    fn from(error: NetError) -> Self {
        match error.cure() {
            Some(cure) => Self(format!("{error}: {cure}")),
            None => Self(error.to_string()),
        }
    }
}

//! What can go wrong with a writer, and what can follow from what is seen.

use super::FillError;
use super::send::Ended;

/// What follows from something that was seen.
pub(super) enum Turn {
    GoOn,
    /// What is left is to be shared out anew.
    Replan,
    End(Ended),
}

/// Why writing to a master went wrong.
pub(super) enum Cause {
    /// It answered a write with an error.
    Refused(String),
    /// The connection ended, or there was none.
    Lost(FillError),
    /// It neither took nor answered anything.
    Silent(FillError),
    /// Too few of its replicas have what it has.
    Behind(FillError),
}

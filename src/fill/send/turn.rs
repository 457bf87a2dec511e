//! What can go wrong with a writer, what can follow from what is seen, and why the sending ends.

use crate::fill::FillError;

/// Why the sending ended.
pub(in crate::fill) enum Ended {
    Complete,
    Interrupted,
    Failed(FillError),
}

/// What follows from something that was seen.
pub(in crate::fill) enum Turn {
    GoOn,
    /// What is left is to be shared out anew.
    Replan,
    End(Ended),
}

/// Why writing to a master went wrong.
pub(in crate::fill) enum Cause {
    /// It answered a write with an error.
    Refused(String),
    /// The connection ended, or there was none.
    Lost(FillError),
    /// It neither took nor answered anything.
    Silent(FillError),
    /// Too few of its replicas have what it has.
    Behind(FillError),
}

//! How busy each of those was that may have kept a run from being faster.

use serde::{Deserialize, Serialize};

/// Shares, 0 to 1, of the time from the first byte to the last barrier; `null` where nobody told. They are what the
/// verdict on the limit rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Busy {
    /// The client's busiest thread on a processor; the average of its threads, where they cannot be told apart.
    pub client_thread: Option<f64>,
    /// The same thread with work to do, and no processor to do it on.
    pub client_thread_delayed: Option<f64>,
    /// The busiest master's thread with work to do, on a processor or waiting for one, or its event loop, if that is
    /// more.
    pub master: Option<f64>,
    /// The same thread waiting for a processor, where it is on this machine.
    pub master_delayed: Option<f64>,
    /// Its address.
    pub master_address: Option<String>,
    /// The fullest network link of this machine, of what it can carry.
    pub wire: Option<f64>,
    /// What was sent, of what can be with so many bytes unanswered at a time, over this distance.
    pub window: Option<f64>,
    /// All processors of this machine together, whoever they worked for.
    pub processors: Option<f64>,
}

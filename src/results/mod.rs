//! What one run asked, did and found: the record that every report renders, and the events that an
//! engine sends while it works. This room knows neither how a run is done nor how it is shown.

mod event;
#[cfg(test)]
pub(crate) mod example;
mod histogram;
mod interval;
mod record;
#[cfg(test)]
mod schema;

pub use event::{Event, Observer};
pub use histogram::{LatencyHistogram, MAX_LATENCY_US, new_histogram};
pub use interval::{Interval, Second, Spread};
pub use record::{
    Account, Client, Done, Failure, Host, Latency, LimitedBy, Options, Program, Rates, Record, Refusal,
    SCHEMA, Seconds, Server, Target, Verdict,
};

//! What kept a run from being faster: facts in, and out comes who it was, why that is believed, and what would
//! help. Pure: it measures nothing, and knows neither how a run is done nor how it is shown.

mod facts;
mod judge;
mod loads;
#[cfg(test)]
mod tests;
mod words;

pub use facts::{ClientFacts, Facts, MachineFacts, MasterFacts, ThreadFacts, WireFacts};
pub use judge::{Judgement, SHORTEST_SECONDS, judge};

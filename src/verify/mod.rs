//! The engine that verifies: every key of a dataset, or a sample of them, looked at where it is now, and
//! on request written again where it is not as it should be. It follows slots that are moved meanwhile,
//! tells what happens as events and leaves a record; it prints nothing.

mod confidence;
mod error;
mod run;
mod settings;
mod tally;

pub use error::VerifyError;
pub use run::verify;
pub use settings::{SampleChoice, VerifyOptions};

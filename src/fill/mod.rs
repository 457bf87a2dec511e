//! The engine that fills: who sends what (`plan`), sending it while watching the masters, and then
//! looking at what they hold and mending that until it is proven. It tells what happens as events and leaves a record; it prints nothing.

mod backoff;
mod choose;
mod course;
mod error;
mod even;
mod footprint;
mod grow;
mod keep;
mod ledger;
mod limits;
mod machine;
mod members;
mod outcome;
mod pass;
mod patrol;
mod plan;
mod prepare;
mod prove;
mod refusal;
mod replicas;
mod room;
mod run;
mod sampler;
mod send;
mod settings;
mod settle;
mod steps;
mod survey;
mod tables;
mod turn;
mod view;

pub use error::FillError;
pub use grow::{GrowError, UntilMemory};
pub use limits::{Limit, Limits};
pub use prepare::{Prepared, prepare};
pub use room::Shortage;
pub use run::fill;
pub use settings::{CommandChoice, FillOptions, Keeping, Timeouts};

//! The engine that fills: who sends what (`plan`), sending it while watching the masters, and then
//! proving it. It tells what happens as events and leaves a record; it prints nothing.

mod audit;
mod choose;
mod error;
mod ledger;
mod limits;
mod machine;
mod outcome;
mod plan;
mod prepare;
mod prove;
mod run;
mod sampler;
mod send;
mod settings;
mod survey;

pub use error::FillError;
pub use limits::{Limit, Limits};
pub use prepare::{Prepared, prepare};
pub use run::fill;
pub use settings::{CommandChoice, FillOptions, Timeouts};

//! Runs against runs: is the new side slower? From files to points, from points to statistics, from those to
//! a verdict. It knows nothing of terminals, and nothing is connected to.
//!
//! A run is one observation, however many keys or latencies it has measured: what goes on in a machine for
//! a minute makes all of them slower together. So samples are values of whole runs, and never pooled.

mod bootstrap;
mod comparable;
mod comparison;
mod decide;
mod error;
pub mod live;
mod mann_whitney;
mod method;
mod pairs;
mod points;
mod signed_rank;
#[cfg(test)]
mod simulation_tests;
#[cfg(test)]
mod tests;
mod verdict;

pub use bootstrap::{change_percent, interval_percent, median};
pub use comparable::Difference;
pub use comparison::{CompareOptions, RESAMPLES, compare};
pub use error::{CompareError, Obstacle};
pub use mann_whitney::{holm, least_p_value, p_value};
pub use method::Method;
pub use verdict::SIGNIFICANCE;

use crate::recorded::{LoadError, Metric, Run, Runs};

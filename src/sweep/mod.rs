//! A sweep: which runs a grid of parameters comes to, in which order, what is left of them, and going through
//! them. It knows neither how a run is done nor how it is shown; whoever does its runs is a [`Runner`].

mod axis;
mod file;
mod grid;
mod order;
mod pace;
mod param;
mod places;
mod run;

pub use file::{GridFile, warm_up};
pub use grid::{Grid, GridError, MAX_RUNS, difference, options};
pub use order::{left, shuffled};
pub use pace::Pace;
pub use param::Param;
pub use places::Places;
pub use run::{Runner, Servers, Step, Tally, run};

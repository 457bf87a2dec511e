//! Two sides that are run in turns until it is settled whether one is slower: which run is next, when the runs
//! are looked at, and what follows. Pure: who does the runs hands in what each of them measured.

mod design;
mod record;
#[cfg(test)]
mod replay_tests;
mod round;
#[cfg(test)]
mod simulation_tests;
mod state;
#[cfg(test)]
mod tests;

pub use design::{Design, MAX_RUNS, MIN_RUNS};
pub use state::{FAILED_RUNS_MAX, Live, LiveOptions, Next, Taken};

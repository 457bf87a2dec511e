//! Runs by what they were asked: the points that they make, what each parameter does, the best settings for
//! an aim, and which runs are worth a closer look. Pure: recorded runs in, a [`crate::results::Study`] out.

mod choose;
mod closer;
mod effects;
mod parameters;
mod points;
mod ranks;
mod settings;
#[cfg(test)]
mod tests;
mod whole;

pub use whole::{StudyOptions, study};

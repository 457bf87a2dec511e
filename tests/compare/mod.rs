//! `fillbench compare` from outside: what it reads, what it refuses, what it says and with which exit code.
//! The runs are rows and records of one real fill, with other figures.

mod forms;
mod live;
mod made;
mod real;
mod reference;
mod refused;
mod sources;
mod verdicts;

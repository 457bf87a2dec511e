//! `benchmark/ci-regression.sh` from outside, as a CI job runs it: what it keeps, with which exit code it ends, and
//! that nothing is left of it.

mod ends;
mod judge;
mod place;
mod refused;
mod verdicts;
mod workflow;

//! `fillbench sweep` from outside: every point has its repeats exactly once, whatever happens in between, and
//! what is left on disk can be read by others as it is.

mod cut_off;
mod folder;
mod lost;
mod others;
mod refused;
mod whole;

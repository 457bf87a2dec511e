//! `fillbench report` from outside: what it makes of a real sweep and of a single run with an incident, how
//! that looks in a real browser, and what it refuses.

mod brief;
mod browser;
mod files;
mod large;
mod made;
mod page;
mod refused;

//! Proving what the servers hold: counting the keys of slots ([`count_slots`], [`count_database`]) or
//! reading them ([`read`]). It looks, and never writes; what a count may be trusted for is for those
//! who know what else happened to decide.

mod count;
mod read;

pub use count::{count_database, count_slots, may_count};
pub use read::{Expectation, Found, ReadProgress, may_read, read};

//! Proving what the servers hold: counting the keys of slots ([`count_slots`], [`count_database`]) or
//! looking at them, as closely as is asked ([`Reader`]). It looks, and never writes; what a count may be
//! trusted for is for those who know what else happened to decide.

mod count;
mod expect;
mod found;
mod list;
mod question;
#[cfg(test)]
mod question_tests;
mod read;

pub use count::{count_database, count_slots, may_count};
pub use expect::{ANY_CLOCK, Depth, Expectation, Lifetime, ONE_CLOCK, Sample};
pub use found::{FAULTS_NAMED, Fault, Found, Seen, SlotRead};
pub use read::{BATCH_KEYS, Looked, ReadProgress, Reader, may_read};

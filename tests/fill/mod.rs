//! What a fill promises, against real servers of both kinds: every key is there with its value, or the
//! exact truth is told, whatever happens in the middle. What is there is read by a client that is none
//! of ours; of the program's own code only the dataset is trusted, which says what should be there.

mod agreement;
pub(crate) mod data;
mod durable;
mod exact;
mod faults;
mod full;
mod memory;
mod others;
mod record;
pub(crate) mod run;
mod settle;
mod signals;
pub(crate) mod site;

//! After the sending: look at what the masters hold between two surveys of them, mend what is short, and look again,
//! until all is proven.

mod count;
mod doubt;
mod run;

pub(super) use run::{After, Clock, Settle};

//! Going through the keys of many slots with several connections to each master: reading them, or writing
//! again what is not as it should be ([`Crew`]). It follows slots that move; what it is for, and what the
//! findings mean, is for those who have it work.

mod crew;
mod mend;

pub use crew::{Crew, Known, Work, Worked};

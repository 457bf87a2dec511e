//! Sending: pass after pass by a plan, while every master is looked at about once a second. What is seen decides
//! whether the plan still holds (`course`, without I/O).

mod backoff;
mod course;
mod members;
mod pass;
mod patrol;
mod plan;
mod run;
mod sampler;
mod sight;
mod turn;

pub(super) use course::MOST_MOVES;
pub(super) use run::{Listeners, Sent, send};
pub(super) use turn::Ended;

//! Memory before it hurts: a fill that does not fit is refused with its numbers before it begins, and one
//! that is to use so much memory ends there. On real servers of both kinds, and on our own.

mod estimate;
mod house;
mod refuse;
mod until;

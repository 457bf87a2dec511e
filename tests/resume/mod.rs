//! What `--out` and `--resume` promise together, on real servers of both kinds and the embedded one: a fill
//! that is cut off at any moment can be gone on with, sends little again, and ends as exact as one that
//! was not. What is there is read by a client that is none of ours.

mod disk;
mod folder;
mod kept;
mod killed;
mod refused;
mod signals;

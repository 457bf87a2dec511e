//! What `--worker` and `fillbench merge` promise, on real servers and the embedded ones: several workers at once fill one
//! dataset, each its share, and what they left is put together without losing a pipeline. What is there is read by a
//! client that is none of ours.

mod crew;
mod cut_off;
mod jobs;
mod refused;
mod whole;

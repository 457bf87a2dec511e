//! What a verification is asked to do, checked by whoever read it from a command line or a file.

use std::sync::Arc;
use std::time::Duration;

use crate::dataset::Spec;
use crate::proof::{Depth, Lifetime};

/// A part of the keys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleChoice {
    /// Above 0 and up to 100.
    pub percent: f64,
    /// Another one chooses other keys.
    pub seed: u64,
}

/// What a verification is asked to do.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// The keys and values that should be there.
    pub spec: Arc<Spec>,
    /// The time to live that they should have.
    pub lifetime: Lifetime,
    /// How closely they are looked at.
    pub depth: Depth,
    /// Which of them; `None` is all.
    pub sample: Option<SampleChoice>,
    /// Whether those that are not as they should be are written again.
    pub repair: bool,
    /// Connections that read from each master.
    pub readers: u64,
    /// How long a master may be silent, and how long keys may go without anybody who would show them.
    pub patience: Duration,
}

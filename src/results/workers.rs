//! What several workers did together, where one record stands for all of them.

use serde::{Deserialize, Serialize};

use super::Verdict;

/// Workers that filled one dataset together, on a common clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Workers {
    /// Share, 0 to 1, of the time from the first worker's first byte to the last one's end in which all of them filled.
    pub overlap_share: f64,
    /// Seconds from the first worker's first byte to the last one's, by the clocks of their machines.
    pub start_skew_seconds: f64,
    /// Each of them, by its number.
    pub each: Vec<WorkerPart>,
}

/// What one of several workers did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerPart {
    /// Which one, from 0.
    pub index: u64,
    /// Its run: [`super::Record::run`].
    pub run: String,
    /// The folder that it left.
    pub folder: String,
    /// Its account in one word.
    pub verdict: Verdict,
    /// Keys that it executed.
    pub keys: u64,
    /// When it began, in seconds after the first of all; `null` if it sent nothing.
    pub start_seconds: Option<f64>,
    /// How long it filled, in seconds.
    pub seconds: f64,
    /// The rate of that.
    pub keys_per_second: f64,
}

#[cfg(test)]
impl Workers {
    /// Two workers, of which one began late.
    pub(crate) fn example() -> Self {
        let part = |index: u64| WorkerPart {
            index,
            run: format!("20261120T101112Z-{index}"),
            folder: format!("results/{index}"),
            verdict: Verdict::Exact,
            keys: 3_495_253,
            start_seconds: Some(0.25 * index as f64),
            seconds: 2.25,
            keys_per_second: 1_553_446.0,
        };
        Self { overlap_share: 0.8, start_skew_seconds: 0.25, each: vec![part(0), part(1)] }
    }
}

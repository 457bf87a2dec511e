//! What may end a fill before it sends anything: a failure, a limit.

use crate::fill::FillError;
use crate::limits::Limit;
use crate::results::{Failure, LatencyHistogram, Record, Verdict, new_histogram};

/// A run that failed before anything was sent.
pub(super) fn fail(record: &mut Record, failure: Failure) -> LatencyHistogram {
    record.error = Some(failure);
    new_histogram()
}

/// A run that was cut short before anything was sent.
pub(super) fn cut(record: &mut Record, limit: Limit) -> LatencyHistogram {
    match limit {
        Limit::Interrupted => record.verdict = Verdict::Interrupted,
        Limit::Deadline(limit) => record.error = Some(FillError::Deadline(limit).failure()),
    }
    new_histogram()
}

//! The record of a fill as it begins, and as it stays where nothing was sent: after a failure, or at a limit.

use std::time::SystemTime;

use super::start::{run_id, written};
use crate::fill::{FillError, FillOptions};
use crate::limits::Limit;
use crate::results::{Failure, LatencyHistogram, Options, Record, Verdict, new_histogram};

/// The record of a run that begins: nothing is known of any key yet.
pub(super) fn begin(started_at: SystemTime, options: &FillOptions, asked: Options) -> Record {
    let mut record = Record::new(run_id(started_at), written(started_at), asked);
    record.account.planned = options.spec.keys();
    record.account.suspect = record.account.planned;
    record
}

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

//! What may end a fill before it sends anything: a failure, a limit, a consent that is not given.

use std::io::IsTerminal;

use anyhow::Result;

use crate::args::UsageError;
use crate::fill::{FillError, Limit, Prepared};
use crate::report::ask;
use crate::results::{Failure, LatencyHistogram, Record, Verdict, new_histogram};
use crate::units::show_count;

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

/// Emptying masters that hold keys wants a yes; `who` would empty them.
pub(super) async fn consent(prepared: &[&Prepared], who: &str) -> Result<()> {
    let addresses = prepared.iter().flat_map(|prepared| prepared.addresses());
    let masters: Vec<String> = addresses.map(ToString::to_string).collect();
    let hold = if masters.len() == 1 { "holds" } else { "hold" };
    let (holding, them) = match prepared.iter().map(|one| one.existing_keys()).sum::<Option<u64>>() {
        Some(0) => return Ok(()),
        Some(1) => (format!("{hold} 1 key"), "it"),
        Some(keys) => (format!("{hold} {} keys", show_count(keys)), "them all"),
        None => ("may hold keys".into(), "them all"),
    };
    let masters = masters.join(", ");
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        let text = format!("{masters} {holding}, which {who} deletes: give --yes if that is meant");
        return Err(UsageError::new(text).into());
    }
    let question = format!("{masters} {holding}. Delete {them}?");
    // Reading a terminal cannot be interrupted, but need not be waited for.
    match tokio::task::spawn_blocking(move || ask(&question)).await {
        Ok(true) => Ok(()),
        _ => Err(UsageError::new("nothing was deleted, and nothing filled: the answer was no").into()),
    }
}

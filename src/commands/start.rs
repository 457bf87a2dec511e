//! What every run begins with: a name, a time, and threads.

use std::hash::BuildHasher;
use std::time::SystemTime;

use anyhow::{Result, anyhow};

/// One thread without the cost of sharing work, or several.
pub(super) fn runtime(threads: u64) -> Result<tokio::runtime::Runtime> {
    let mut builder = match threads {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    if threads > 1 {
        builder.worker_threads(threads as usize);
    }
    builder.enable_all().build().map_err(|error| anyhow!("failed to start the runtime: {error}"))
}

/// A time as records have it.
pub(super) fn written(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

/// The time, for people and for sorting, and enough chance to tell two runs of one millisecond apart.
pub(super) fn run_id(started_at: SystemTime) -> String {
    let time = humantime::format_rfc3339_seconds(started_at).to_string();
    let chance = std::hash::RandomState::new().hash_one(std::process::id()) as u32;
    format!("{}-{chance:08x}", time.replace(['-', ':'], ""))
}

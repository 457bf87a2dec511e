//! What this process costs, and on what machine. Reads the operating system; where it will not say,
//! the field stays empty.

use std::fs;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::results::Host;

/// Processor seconds of this process so far, user and system.
pub(super) fn cpu_seconds() -> f64 {
    usage().map_or(0.0, |usage| {
        let time = usage.user_time() + usage.system_time();
        time.num_microseconds() as f64 / 1e6
    })
}

/// The largest resident set so far, in bytes.
pub(super) fn peak_rss_bytes() -> u64 {
    // What `getrusage` says on Linux starts with the peak of whoever started this process.
    if let Some(bytes) = kib("/proc/self/status", "VmHWM") {
        return bytes;
    }
    // macOS counts bytes, everybody else kilobytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    usage().map_or(0, |usage| usage.max_rss() as u64 * unit)
}

/// Has the peak of the resident set begin anew, where the operating system can: what several fills in one
/// process need can then be told apart.
pub fn forget_peak_rss() {
    // proc(5), `clear_refs`; elsewhere there is no such file, and the peak stays that of all fills.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

fn usage() -> Option<Usage> {
    getrusage(UsageWho::RUSAGE_SELF).ok()
}

/// This machine.
pub fn host() -> Host {
    Host {
        cpu_model: field("/proc/cpuinfo", "model name").unwrap_or_default(),
        cpus: std::thread::available_parallelism().map_or(1, |cpus| cpus.get() as u64),
        memory_bytes: kib("/proc/meminfo", "MemTotal").unwrap_or(0),
        os: os(),
    }
}

fn os() -> String {
    let name = fs::read_to_string("/etc/os-release").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
        Some(line.trim_matches('"').to_owned())
    });
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let name = name.unwrap_or_else(|| std::env::consts::OS.into());
    format!("{name} {}", kernel.trim()).trim().into()
}

/// The bytes that a `name : value kB` line of a file tells.
fn kib(path: &str, name: &str) -> Option<u64> {
    let kib: u64 = field(path, name)?.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

/// The value of the first `name : value` line of a file.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let pair = text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name)?;
    Some(pair.1.trim().into())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_memory_and_this_machine_has_some() {
        assert!(peak_rss_bytes() > 1 << 20);
        let host = host();
        assert!(host.cpus >= 1 && host.memory_bytes > peak_rss_bytes() && !host.os.is_empty(), "{host:?}");
    }
}

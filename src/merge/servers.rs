//! The masters as all workers saw them, what it cost the workers' machines, and what limited them.

use std::collections::BTreeMap;

use super::clock::Clock;
use super::crew::name;
use crate::recorded::WorkerFolder;
use crate::results::{Client, Host, LimitedBy, Record, Server};

/// Each master once, with all workers' keys. What it said of itself before is by the worker that began first, and what it
/// said afterwards by the one that ended last; its processor time is the most that one worker saw, since each saw what
/// the master spent on all.
pub(super) fn servers(folders: &[WorkerFolder], clock: &Clock) -> Vec<Server> {
    // Who sent nothing has the last word on neither.
    let start = |place: &usize| (clock.each[*place].is_none(), clock.each[*place].map(|span| span.start));
    let end = |place: &usize| clock.each[*place].map(|span| span.end);
    let mut places: Vec<usize> = (0..folders.len()).collect();
    places.sort_by_key(start);
    let before = by_name(folders, places.iter().rev().copied());
    places.sort_by_key(end);
    let after = by_name(folders, places.iter().copied());
    let all = || folders.iter().flat_map(|folder| &folder.record.servers);
    let mut named: Vec<String> = Vec::new();
    for server in all() {
        let name = name(server);
        if !named.contains(&name) {
            named.push(name);
        }
    }
    let seconds = clock.whole.map_or(0.0, |whole| whole.seconds());
    let whole = |name: &String| {
        let (before, after) = (*before.get(name)?, *after.get(name)?);
        let same = || all().filter(|server| super::crew::name(server) == *name);
        let most = |part: fn(&Server) -> Option<f64>| same().filter_map(part).max_by(f64::total_cmp);
        let keys: u64 = same().map(|server| server.keys).sum();
        Some(Server {
            slots: before.slots,
            maxmemory_policy: before.maxmemory_policy.clone(),
            maxmemory_bytes: before.maxmemory_bytes,
            rss_bytes_before: before.rss_bytes_before,
            used_bytes_before: before.used_bytes_before,
            estimated_bytes: before.estimated_bytes,
            estimated_bytes_per_key: before.estimated_bytes_per_key,
            cpu_user_seconds: most(|server| server.cpu_user_seconds),
            cpu_system_seconds: most(|server| server.cpu_system_seconds),
            keys,
            keys_per_second: if seconds > 0.0 { keys as f64 / seconds } else { 0.0 },
            ..after.clone()
        })
    };
    named.iter().filter_map(whole).collect()
}

/// The masters of some workers by their names; of several, the last one's word counts.
fn by_name(folders: &[WorkerFolder], places: impl Iterator<Item = usize>) -> BTreeMap<String, &Server> {
    let servers = places.flat_map(|place| &folders[place].record.servers);
    servers.map(|server| (name(server), server)).collect()
}

/// What it cost all machines together; of memory, the most that one of them needed. Shares of time are means over the
/// workers, weighted by how long each filled.
pub(super) fn client(folders: &[WorkerFolder]) -> Client {
    let clients = || folders.iter().map(|folder| &folder.record.client);
    let filled: f64 = folders.iter().map(|folder| folder.record.seconds.fill).sum();
    let share = |part: fn(&Client) -> f64| {
        let each = folders.iter().map(|folder| part(&folder.record.client) * folder.record.seconds.fill);
        if filled > 0.0 { each.sum::<f64>() / filled } else { 0.0 }
    };
    Client {
        host: host(folders),
        cpu_seconds: clients().map(|client| client.cpu_seconds).sum(),
        peak_rss_bytes: clients().map(|client| client.peak_rss_bytes).max().unwrap_or_default(),
        waiting_share: share(|client| client.waiting_share),
        pacing_share: share(|client| client.pacing_share),
    }
}

/// The machine that all workers have, or what they have at least where theirs differ.
fn host(folders: &[WorkerFolder]) -> Host {
    let hosts = || folders.iter().map(|folder| &folder.record.client.host);
    let all = |part: fn(&Host) -> &String| {
        let mut different: Vec<&str> = Vec::new();
        for text in hosts().map(part) {
            if !different.contains(&text.as_str()) {
                different.push(text);
            }
        }
        different.join("; ")
    };
    Host {
        cpu_model: all(|host| &host.cpu_model),
        cpus: hosts().map(|host| host.cpus).min().unwrap_or_default(),
        memory_bytes: hosts().map(|host| host.memory_bytes).min().unwrap_or_default(),
        os: all(|host| &host.os),
    }
}

/// Enters what kept the workers from being faster: themselves, if that is so of any, and else what most of them say.
pub(super) fn limit(folders: &[WorkerFolder], record: &mut Record) {
    let saying = |by: LimitedBy| folders.iter().filter(move |folder| folder.record.limited_by == by);
    const OTHERS: [LimitedBy; 4] =
        [LimitedBy::Unknown, LimitedBy::Network, LimitedBy::Rate, LimitedBy::Server];
    let by = match saying(LimitedBy::Client).count() {
        0 => OTHERS.into_iter().max_by_key(|&by| saying(by).count()).unwrap_or_default(),
        _ => LimitedBy::Client,
    };
    let Some(first) = saying(by).next() else { return };
    let (count, of) = (saying(by).count(), folders.len());
    record.limited_by = by;
    record.limited_by_cure.clone_from(&first.record.limited_by_cure);
    record.busy = first.record.busy.clone();
    if !first.record.limited_by_because.is_empty() {
        let index = first.record.options.worker_index.unwrap_or_default();
        let because = &first.record.limited_by_because;
        record.limited_by_because = format!("so {count} of {of} workers; worker {index}: {because}");
    }
}

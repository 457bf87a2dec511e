//! A record as one flat row: the column names are a promise to whoever keeps tables of runs.

use std::collections::BTreeMap;
use std::iter::Sum;

use crate::results::{Record, Server, SlotRun};

/// A column: its name, and where its cell comes from.
type Column = (&'static str, fn(&Record) -> String);

/// The names of all columns, in order.
pub(super) fn columns() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().map(|(name, _)| *name)
}

/// A run's cells, in the order of [`columns`]. What is not known is empty.
pub(super) fn row(record: &Record) -> Vec<String> {
    COLUMNS.iter().map(|(_, cell)| cell(record)).collect()
}

/// What was asked and then chosen is there twice: plain as it was done, `asked_` as it was given.
/// `servers_` are sums over the masters.
const COLUMNS: &[Column] = &[
    ("run", |r| r.run.clone()),
    ("started_at", |r| r.started_at.clone()),
    ("verdict", |r| word(&r.verdict)),
    ("key_size", |r| r.options.key_size.to_string()),
    ("value_size", |r| r.options.value_size.to_string()),
    ("keys", |r| r.done.keys.to_string()),
    ("payload_bytes", |r| r.done.payload_bytes.to_string()),
    ("wire_bytes", |r| r.done.wire_bytes.to_string()),
    ("keys_in_slots", |r| r.done.slots.as_deref().map_or_else(String::new, runs)),
    ("command", |r| r.done.command.clone()),
    ("order", |r| r.done.order.clone()),
    ("reply", |r| r.done.reply.clone()),
    ("group_keys", |r| r.done.group_keys.to_string()),
    ("pipeline_depth", |r| r.done.pipeline_depth.to_string()),
    ("window", |r| r.done.window.to_string()),
    ("writers", |r| r.done.writers.to_string()),
    ("threads", |r| r.done.threads.to_string()),
    ("keys_per_second", |r| real(r.rates.keys_per_second)),
    ("payload_bytes_per_second", |r| real(r.rates.payload_bytes_per_second)),
    ("wire_bytes_per_second", |r| real(r.rates.wire_bytes_per_second)),
    ("interval_keys_per_second_min", |r| real(r.rates.interval_keys_per_second.min)),
    ("interval_keys_per_second_median", |r| real(r.rates.interval_keys_per_second.median)),
    ("interval_keys_per_second_max", |r| real(r.rates.interval_keys_per_second.max)),
    ("latency_us_count", |r| r.latency_us.count.to_string()),
    ("latency_us_mean", |r| real(r.latency_us.mean)),
    ("latency_us_p50", |r| r.latency_us.p50.to_string()),
    ("latency_us_p90", |r| r.latency_us.p90.to_string()),
    ("latency_us_p99", |r| r.latency_us.p99.to_string()),
    ("latency_us_p99_9", |r| r.latency_us.p99_9.to_string()),
    ("latency_us_max", |r| r.latency_us.max.to_string()),
    ("limited_by", |r| word(&r.limited_by)),
    ("seconds_flush", |r| real(r.seconds.flush)),
    ("seconds_fill", |r| real(r.seconds.fill)),
    ("seconds_audit", |r| real(r.seconds.audit)),
    ("seconds_proof", |r| real(r.seconds.proof)),
    ("seconds_repair", |r| real(r.seconds.repair)),
    ("seconds_total", |r| real(r.seconds.total)),
    ("client_cpu_seconds", |r| real(r.client.cpu_seconds)),
    ("client_peak_rss_bytes", |r| r.client.peak_rss_bytes.to_string()),
    ("client_waiting_share", |r| real(r.client.waiting_share)),
    ("client_pacing_share", |r| real(r.client.pacing_share)),
    ("host_cpu_model", |r| r.client.host.cpu_model.clone()),
    ("host_cpus", |r| r.client.host.cpus.to_string()),
    ("host_memory_bytes", |r| r.client.host.memory_bytes.to_string()),
    ("host_os", |r| r.client.host.os.clone()),
    ("target_kind", |r| r.target.kind.clone()),
    ("target_mode", |r| r.target.mode.clone()),
    ("target_server", |r| r.target.server.clone()),
    ("target_version", |r| r.target.version.clone()),
    ("target_masters", |r| r.target.masters.to_string()),
    ("target_replicas", |r| r.target.replicas.to_string()),
    ("servers_replicas_acknowledged", |r| sum(r, |s| s.replicas_acknowledged)),
    ("servers_used_bytes_before", |r| sum(r, |s| s.used_bytes_before)),
    ("servers_used_bytes_after", |r| sum(r, |s| s.used_bytes_after)),
    ("servers_estimated_bytes", |r| sum(r, |s| s.estimated_bytes)),
    ("servers_rss_bytes_before", |r| sum(r, |s| s.rss_bytes_before)),
    ("servers_rss_bytes_after", |r| sum(r, |s| s.rss_bytes_after)),
    ("servers_cpu_user_seconds", |r| seconds(r, |s| s.cpu_user_seconds)),
    ("servers_cpu_system_seconds", |r| seconds(r, |s| s.cpu_system_seconds)),
    ("account_planned", |r| r.account.planned.to_string()),
    ("account_executed", |r| r.account.executed.to_string()),
    ("account_acknowledged", |r| known(&r.account.acknowledged)),
    ("account_proven", |r| r.account.proven.to_string()),
    ("account_missing", |r| known(&r.account.missing)),
    ("account_wrong", |r| known(&r.account.wrong)),
    ("account_suspect", |r| r.account.suspect.to_string()),
    ("account_repaired", |r| r.account.repaired.to_string()),
    ("account_refused", |r| r.account.refused.to_string()),
    ("account_evicted", |r| r.account.evicted.to_string()),
    ("account_refusals", refusals),
    ("account_proven_by", |r| pairs(&r.account.proven_by)),
    ("address", |r| r.options.address.clone()),
    ("tls", |r| r.options.tls.to_string()),
    ("db", |r| r.options.db.to_string()),
    ("key_prefix", |r| r.options.key_prefix.clone()),
    ("seed", |r| r.options.seed.to_string()),
    ("ttl_seconds", |r| known(&r.options.ttl_seconds.map(real))),
    ("serial", |r| r.options.serial.to_string()),
    ("flush", |r| r.options.flush.to_string()),
    ("asked_data_bytes", |r| known(&r.options.data_bytes)),
    ("asked_keys", |r| known(&r.options.keys)),
    ("asked_until_memory", |r| known(&r.options.until_memory)),
    ("asked_force", |r| r.options.force.to_string()),
    ("asked_pipeline_depth", |r| known(&r.options.pipeline_depth)),
    ("asked_writers", |r| known(&r.options.writers)),
    ("asked_window", |r| known(&r.options.window)),
    ("asked_command", |r| r.options.command.clone()),
    ("asked_order", |r| r.options.order.clone()),
    ("asked_reply", |r| r.options.reply.clone()),
    ("asked_threads", |r| known(&r.options.threads)),
    ("asked_rate_keys_per_second", |r| known(&r.options.rate_keys_per_second.map(real))),
    ("asked_rate_bytes_per_second", |r| known(&r.options.rate_bytes_per_second.map(real))),
    ("error_message", |r| r.error.as_ref().map_or_else(String::new, |error| error.message.clone())),
    ("error_cure", |r| r.error.as_ref().map_or_else(String::new, |error| known(&error.cure))),
    ("warnings", |r| r.warnings.join("; ")),
    ("asked_connect_timeout_seconds", |r| real(r.options.connect_timeout_seconds)),
    ("asked_wait_replicas", |r| known(&r.options.wait_replicas)),
    ("asked_wait_timeout_seconds", |r| known(&r.options.wait_timeout_seconds.map(real))),
    ("asked_barrier_timeout_seconds", |r| real(r.options.barrier_timeout_seconds)),
    ("asked_proof_timeout_seconds", |r| real(r.options.proof_timeout_seconds)),
    ("asked_recovery_timeout_seconds", |r| real(r.options.recovery_timeout_seconds)),
    ("asked_flush_timeout_seconds", |r| real(r.options.flush_timeout_seconds)),
    ("asked_deadline_seconds", |r| known(&r.options.deadline_seconds.map(real))),
    ("asked_address_map", |r| r.options.address_map.join("; ")),
    ("asked_embedded", |r| known(&r.options.embedded)),
    ("asked_discard", |r| r.options.discard.to_string()),
    ("asked_spawn", |r| known(&r.options.spawn)),
    ("asked_server_binary", |r| known(&r.options.server_binary)),
    ("resumed_times", |r| r.resumed.times.to_string()),
    ("resumed_began_at", |r| known(&r.resumed.began_at)),
    ("resumed_keys_before", |r| r.resumed.keys_before.to_string()),
    ("resume_command", |r| known(&r.resume_command)),
    ("incidents", |r| (r.incidents.len() as u64 + r.incidents_left_out).to_string()),
    ("program_version", |r| r.program.version.clone()),
    ("schema", |r| r.schema.clone()),
    ("limited_by_because", |r| r.limited_by_because.clone()),
    ("limited_by_cure", |r| known(&r.limited_by_cure)),
    ("busy_client_thread_share", |r| known(&r.busy.client_thread.map(real))),
    ("busy_client_thread_delayed_share", |r| known(&r.busy.client_thread_delayed.map(real))),
    ("busy_master_share", |r| known(&r.busy.master.map(real))),
    ("busy_master_address", |r| known(&r.busy.master_address)),
    ("busy_wire_share", |r| known(&r.busy.wire.map(real))),
    ("busy_window_share", |r| known(&r.busy.window.map(real))),
    ("busy_processors_share", |r| known(&r.busy.processors.map(real))),
    ("asked_preset", |r| known(&r.options.preset)),
    ("asked_pipeline_bytes", |r| known(&r.options.pipeline_bytes)),
    ("warm_up_percent", |r| real(r.options.warm_up_percent)),
    ("busy_master_delayed_share", |r| known(&r.busy.master_delayed.map(real))),
    ("worker_index", |r| known(&r.options.worker_index)),
    ("worker_count", |r| known(&r.options.worker_count)),
    ("asked_start_at", |r| known(&r.options.start_at)),
    ("fill_began_at", |r| known(&r.fill_began_at)),
    ("workers_overlap_share", |r| known(&r.workers.as_ref().map(|w| real(w.overlap_share)))),
    ("workers_start_skew_seconds", |r| known(&r.workers.as_ref().map(|w| real(w.start_skew_seconds)))),
];

fn known<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map_or_else(String::new, T::to_string)
}

/// An enum's name in the JSON.
pub(super) fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A number with a fraction keeps its point even if it is whole, so that a column has one type.
fn real(value: f64) -> String {
    format!("{value:?}")
}

fn sum(record: &Record, part: fn(&Server) -> Option<u64>) -> String {
    known(&total(record, part))
}

fn seconds(record: &Record, part: fn(&Server) -> Option<f64>) -> String {
    known(&total(record, part).map(real))
}

/// Nothing if one master's part is not known: a sum of the others would mislead.
fn total<T: Sum>(record: &Record, part: fn(&Server) -> Option<T>) -> Option<T> {
    if record.servers.is_empty() { None } else { record.servers.iter().map(part).sum() }
}

fn runs(slots: &[SlotRun]) -> String {
    let each = slots.iter().map(|run| format!("{}-{} {}", run.first, run.last, run.keys));
    each.collect::<Vec<_>>().join("; ")
}

fn refusals(record: &Record) -> String {
    let each = record.account.refusals.iter().map(|r| format!("{} {} {}", r.master, r.error, r.count));
    each.collect::<Vec<_>>().join("; ")
}

fn pairs(counts: &BTreeMap<String, u64>) -> String {
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join("; ")
}

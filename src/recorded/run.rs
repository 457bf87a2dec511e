//! One run, as far as it matters to whoever judges runs.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::fields::{Fields, Form};
use super::{LoadError, Metric, RunFacts};
use crate::results::{Host, PointParameters, Record, SCHEMA};

/// Bytes in a gigabyte, as processor time is told for.
const GB: f64 = 1e9;

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// The file that it was read from, and the row if it has rows.
    pub place: String,
    /// That file.
    pub file: PathBuf,
    /// When it started, RFC 3339 in UTC.
    pub started_at: String,
    /// How it ended, in one word.
    pub verdict: String,
    /// What kept it from being faster.
    pub limited_by: String,
    /// Whether it went on from another, and so measured a part of a fill.
    pub is_resumed: bool,
    /// Keys that were written again after the fill, which its speed knows nothing of.
    pub repaired: u64,
    /// The point that it belongs to.
    pub parameters: PointParameters,
    /// The servers' name and version.
    pub server: String,
    /// The host that it was sent to: `this machine` for all of its names, empty where servers were started.
    pub host: String,
    /// Replicas of all masters together.
    pub replicas: u64,
    /// The machine that sent it.
    pub machine: Host,
    /// What was chosen where the parameters left it open.
    pub chosen: Vec<(&'static str, String)>,
    /// The figure of each metric, in the order of [`Metric::ALL`]; `None` where it was not measured.
    pub figures: [Option<f64>; Metric::ALL.len()],
    /// What else it says of itself.
    pub facts: RunFacts,
}

impl Run {
    /// Whether it came to its end, so that its figures are those of a whole fill.
    pub fn is_whole(&self) -> bool {
        !["failed", "interrupted", "unfinished"].contains(&self.verdict.as_str())
    }

    /// A figure, if it was measured.
    pub fn figure(&self, metric: Metric) -> Option<f64> {
        let place = Metric::ALL.iter().position(|one| *one == metric);
        place.and_then(|place| self.figures[place])
    }

    /// The run that a record tells of.
    ///
    /// # Errors
    /// [`LoadError`] if it lacks something, or holds something else.
    pub fn of(record: &Record, place: String) -> Result<Self, LoadError> {
        let document = serde_json::to_value(record);
        let document = document
            .map_err(|error| LoadError::OtherKind { path: place.clone().into(), text: error.to_string() })?;
        let file = PathBuf::from(&place);
        Self::read(&file, &Fields { place, form: Form::Document(&document) })
    }

    /// Reads a run.
    ///
    /// # Errors
    /// [`LoadError`] if it lacks something, or holds something else.
    pub(super) fn read(file: &Path, fields: &Fields<'_>) -> Result<Self, LoadError> {
        let schema = fields.text("schema", "schema")?;
        if schema != SCHEMA {
            return Err(LoadError::OtherVersion { place: fields.place.clone(), schema });
        }
        let server = fields.text("target_server", "target.server")?;
        let version = fields.text("target_version", "target.version")?;
        Ok(Self {
            id: fields.text("run", "run")?,
            place: fields.place.clone(),
            file: file.into(),
            started_at: fields.text("started_at", "started_at")?,
            verdict: fields.text("verdict", "verdict")?,
            limited_by: fields.text("limited_by", "limited_by")?,
            is_resumed: fields.known::<u64>("resumed_times", "resumed.times")? > 0,
            repaired: fields.known("account_repaired", "account.repaired")?,
            parameters: parameters(fields)?,
            host: host(&fields.text("address", "options.address")?),
            replicas: fields.known("target_replicas", "target.replicas")?,
            server: format!("{server} {version}").trim().to_owned(),
            machine: Host {
                cpu_model: fields.text("host_cpu_model", "client.host.cpu_model")?,
                cpus: fields.known("host_cpus", "client.host.cpus")?,
                memory_bytes: fields.known("host_memory_bytes", "client.host.memory_bytes")?,
                os: fields.text("host_os", "client.host.os")?,
            },
            chosen: vec![
                ("command", fields.text("command", "done.command")?),
                ("group_keys", fields.text("group_keys", "done.group_keys")?),
                ("pipeline_depth", fields.text("pipeline_depth", "done.pipeline_depth")?),
                ("window", fields.text("window", "done.window")?),
                ("writers", fields.text("writers", "done.writers")?),
                ("threads", fields.text("threads", "done.threads")?),
            ],
            figures: figures(fields)?,
            facts: RunFacts::read(fields)?,
        })
    }
}

/// The host of an address, without its port. A socket's path is on this machine.
fn host(address: &str) -> String {
    if address.is_empty() {
        return String::new();
    }
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match is_loopback || bare == "localhost" || address.starts_with('/') {
        true => "this machine".into(),
        false => host.into(),
    }
}

fn parameters(fields: &Fields<'_>) -> Result<PointParameters, LoadError> {
    let until_memory = fields.text("asked_until_memory", "options.until_memory")?;
    let until_memory = Some(until_memory).filter(|text| !text.is_empty());
    let planned = fields.known("account_planned", "account.planned")?;
    let warm_up: Option<f64> = fields.added("warm_up_percent", "options.warm_up_percent")?;
    Ok(PointParameters {
        target_kind: fields.text("target_kind", "target.kind")?,
        target_mode: fields.text("target_mode", "target.mode")?,
        target_masters: fields.known("target_masters", "target.masters")?,
        key_size: fields.known("key_size", "options.key_size")?,
        value_size: fields.known("value_size", "options.value_size")?,
        keys: if until_memory.is_some() { None } else { Some(planned) },
        until_memory,
        command: fields.text("asked_command", "options.command")?,
        order: fields.text("asked_order", "options.order")?,
        reply: fields.text("asked_reply", "options.reply")?,
        pipeline_bytes: fields.added("asked_pipeline_bytes", "options.pipeline_bytes")?,
        pipeline_depth: fields.open("asked_pipeline_depth", "options.pipeline_depth")?,
        writers: fields.open("asked_writers", "options.writers")?,
        window: fields.open("asked_window", "options.window")?,
        threads: fields.open("asked_threads", "options.threads")?,
        ttl_seconds: fields.open("ttl_seconds", "options.ttl_seconds")?,
        rate_keys_per_second: fields.open("asked_rate_keys_per_second", "options.rate_keys_per_second")?,
        rate_bytes_per_second: fields.open("asked_rate_bytes_per_second", "options.rate_bytes_per_second")?,
        wait_replicas: fields.open("asked_wait_replicas", "options.wait_replicas")?,
        serial: fields.known("serial", "options.serial")?,
        flush: fields.known("flush", "options.flush")?,
        warm_up_percent: warm_up.filter(|percent| *percent > 0.0),
        tls: fields.known("tls", "options.tls")?,
        discard: fields.known("asked_discard", "options.discard")?,
        worker_index: fields.added("worker_index", "options.worker_index")?,
        worker_count: fields.added("worker_count", "options.worker_count")?,
    })
}

/// What was not measured, because nothing was sent or a server did not tell, has no figure.
fn figures(fields: &Fields<'_>) -> Result<[Option<f64>; Metric::ALL.len()], LoadError> {
    let latencies: u64 = fields.known("latency_us_count", "latency_us.count")?;
    let payload: u64 = fields.known("payload_bytes", "done.payload_bytes")?;
    let per_gb = |seconds: f64| (payload > 0).then(|| seconds / (payload as f64 / GB));
    let mut figures = [None; Metric::ALL.len()];
    for (figure, metric) in figures.iter_mut().zip(Metric::ALL) {
        let name = metric.name();
        *figure = match metric {
            Metric::KeysPerSecond => {
                let rate: f64 = fields.known(name, "rates.keys_per_second")?;
                Some(rate).filter(|rate| *rate > 0.0)
            }
            Metric::ClientCpuSecondsPerGb => {
                per_gb(fields.known("client_cpu_seconds", "client.cpu_seconds")?)
            }
            Metric::ServersCpuSecondsPerGb => {
                let user = fields.sum("servers_cpu_user_seconds", "cpu_user_seconds")?;
                let system = fields.sum("servers_cpu_system_seconds", "cpu_system_seconds")?;
                user.zip(system).and_then(|(user, system)| per_gb(user + system))
            }
            _ => {
                let of_latency = name.trim_start_matches("latency_us_");
                let value: f64 = fields.known(name, &format!("latency_us.{of_latency}"))?;
                Some(value).filter(|_| latencies > 0)
            }
        }
        .filter(|value: &f64| value.is_finite());
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warm_up_makes_the_point_and_old_records_tell_of_none() {
        let record = serde_json::to_value(crate::results::example::exact()).unwrap();
        let warm_up = |change: &dyn Fn(&mut serde_json::Map<String, serde_json::Value>)| {
            let mut document = record.clone();
            change(document["options"].as_object_mut().unwrap());
            let fields = Fields { place: "a".into(), form: Form::Document(&document) };
            Run::read(Path::new("a"), &fields).map(|run| run.parameters.warm_up_percent)
        };
        assert_eq!(warm_up(&|_| ()).unwrap(), Some(10.0));
        assert_eq!(
            warm_up(&|options| drop(options.insert("warm_up_percent".into(), 0.into()))).unwrap(),
            None
        );
        assert_eq!(warm_up(&|options| drop(options.remove("warm_up_percent"))).unwrap(), None);
        assert!(warm_up(&|options| drop(options.insert("warm_up_percent".into(), "much".into()))).is_err());
    }

    #[test]
    fn all_names_of_this_machine_are_one_host() {
        for here in ["localhost:6379", "127.0.0.1:7000", "127.0.0.2:1", "[::1]:6379", "/run/valkey.sock"] {
            assert_eq!(host(here), "this machine", "{here}");
        }
        assert_eq!(["db.example:6379", "[fd00::2]:7000", ""].map(host), ["db.example", "[fd00::2]", ""]);
    }
}

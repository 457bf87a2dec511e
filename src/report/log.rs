//! The log, for whoever looks for a fault: lines of text or of JSON, on stderr beside the progress or in
//! a file. All rooms write into it through `tracing`; the stages of a run are entered here, from its events.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{Subscriber, debug, error, info, warn};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::columns::word;
use super::{OutputError, Progress, disk, tell};
use crate::results::{Event, Failure, IncidentKind, Record, Second, Verification};

/// Under this name the stages of a run are logged, whatever module enters them.
const STAGES: &str = "fillbench";

/// What is logged, how, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// Levels, one or for each module: see [`LogOptions::check`].
    pub filter: String,
    /// How a line looks.
    pub format: LogFormat,
    /// A file to append to; stderr where this is `None`.
    pub file: Option<PathBuf>,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON document a line.
    Json,
}

impl LogOptions {
    /// Whether `filter` is a list of levels: `info`, or `warn,fillbench::net=debug`. A word that is no
    /// level would otherwise be taken for a module, and silently log nothing.
    pub fn check(filter: &str) -> bool {
        let levels = ["off", "error", "warn", "info", "debug", "trace"];
        let is_level = |word: &str| levels.contains(&word.to_ascii_lowercase().as_str());
        let is_one = |directive: &str| match directive.rsplit_once('=') {
            Some((module, level)) => is_ours(module) && is_level(level),
            None => is_level(directive),
        };
        filter.split(',').map(str::trim).all(is_one) && EnvFilter::try_new(filter).is_ok()
    }

    /// Begins to log for the rest of the process; on stderr, above the bar of `progress` if there is one.
    ///
    /// # Errors
    /// [`OutputError::Open`] if the file cannot be written.
    pub(super) fn begin(&self, progress: Option<&Arc<Progress>>) -> Result<(), OutputError> {
        let subscriber = match (&self.file, progress.cloned()) {
            (Some(path), _) => self.subscriber(Mutex::new(open(path)?)),
            (None, Some(progress)) => self.subscriber(move || Line(progress.clone())),
            (None, None) => self.subscriber(|| Plain),
        };
        // It fails only if there is one already, which is then as good.
        let _ = tracing::subscriber::set_global_default(subscriber);
        Ok(())
    }

    fn subscriber<W>(&self, writer: W) -> Box<dyn Subscriber + Send + Sync>
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        let log = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(&self.filter))
            .with_ansi(false)
            // A full disk is no reason to draw over the progress.
            .log_internal_errors(false)
            .with_writer(writer);
        match self.format {
            LogFormat::Text => Box::new(log.finish()),
            LogFormat::Json => {
                let log = log.json().flatten_event(true).with_current_span(false).with_span_list(false);
                Box::new(log.finish())
            }
        }
    }
}

/// Begins to log for the rest of the process, where there is no progress to be seen.
///
/// # Errors
/// [`OutputError::Open`] if the file cannot be written.
pub fn begin_log(options: &LogOptions) -> Result<(), OutputError> {
    options.begin(None)
}

fn is_ours(module: &str) -> bool {
    module == STAGES || module.starts_with("fillbench::")
}

fn open(path: &Path) -> Result<File, OutputError> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(disk::failed(path))
}

/// Stderr with progress on it. A line comes in one piece.
struct Line(Arc<Progress>);

impl io::Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.line(&String::from_utf8_lossy(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Stderr alone.
struct Plain;

impl io::Write for Plain {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        tell(&String::from_utf8_lossy(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Enters what happens to a run: its stages, each once when it begins.
#[derive(Default)]
pub(super) struct Chronicle {
    stage: Mutex<&'static str>,
}

impl Chronicle {
    pub(super) fn event(&self, event: &Event) {
        match event {
            Event::Planned { target, how, keys, payload_bytes } => {
                info!(target: STAGES, servers = target, how, keys, payload_bytes, "planned");
            }
            Event::VerifyPlanned { target, how, keys, of } => {
                info!(target: STAGES, servers = target, how, keys, of, "planned");
            }
            Event::Expected { keys } => info!(target: STAGES, keys, "next step"),
            Event::Waiting { until } => info!(target: STAGES, until, "waiting"),
            Event::Begun(record) => {
                let (keys_before, times) = (record.resumed.keys_before, record.resumed.times);
                info!(target: STAGES, run = record.run, keys_before, times, "begun");
            }
            Event::Warning(text) => warn!(target: STAGES, text, "warning"),
            Event::Incident(incident) => {
                let (kind, master, text) = (incident.kind.name(), &incident.master, &incident.text);
                let suspect_keys = incident.suspect_keys;
                match incident.kind {
                    IncidentKind::Joined => info!(target: STAGES, kind, master, text, "incident"),
                    _ => warn!(target: STAGES, kind, master, text, suspect_keys, "incident"),
                }
            }
            Event::Recovered(incidents) => {
                for incident in incidents {
                    let (kind, master) = (incident.kind.name(), &incident.master);
                    let seconds = incident.recovered_seconds.unwrap_or_default();
                    info!(target: STAGES, kind, master, seconds, "recovered");
                }
            }
            Event::Filling { keys, .. } => self.stage("filling", *keys),
            Event::Proving { of, .. } => self.stage("proving", *of),
            Event::Verifying { of, .. } => self.stage("verifying", *of),
            Event::Repairing { of, .. } => self.stage("repairing", *of),
            Event::Second(second) => log_second(second),
        }
    }

    fn stage(&self, name: &'static str, keys: u64) {
        let before = std::mem::replace(&mut *self.stage.lock().unwrap_or_else(PoisonError::into_inner), name);
        if before != name {
            info!(target: STAGES, keys, "{name}");
        }
    }

    pub(super) fn ended(&self, record: &Record) {
        let (verdict, account) = (word(&record.verdict), &record.account);
        let (planned, executed, proven) = (account.planned, account.executed, account.proven);
        let (suspect, repaired, seconds) = (account.suspect, account.repaired, record.seconds.total);
        let incidents = record.incidents.len();
        info!(target: STAGES, verdict, planned, executed, proven, suspect, repaired, incidents, seconds, "ended");
        failed(record.error.as_ref());
    }

    pub(super) fn verification_ended(&self, record: &Verification) {
        let (verdict, found) = (word(&record.verdict), record.last());
        let (selected, exact, inexact) = (found.selected, found.exact, found.inexact());
        info!(target: STAGES, verdict, selected, exact, inexact, seconds = record.seconds.total, "ended");
        failed(record.error.as_ref());
    }
}

fn failed(failure: Option<&Failure>) {
    if let Some(Failure { message, cure }) = failure {
        error!(target: STAGES, text = message, cure, "failed");
    }
}

fn log_second(second: &Second) {
    for master in &second.masters {
        let (start_seconds, seconds, p99_us) = (master.start_seconds, master.seconds, master.latency_us.p99);
        debug!(target: STAGES, master = master.master, start_seconds, seconds, keys = master.keys, p99_us, "second");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example;

    fn logged(filter: &str, format: LogFormat) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        let options = LogOptions { filter: filter.into(), format, file: None };
        let writer = Mutex::new(file.reopen().unwrap());
        tracing::subscriber::with_default(options.subscriber(writer), || {
            let chronicle = Chronicle::default();
            let incident = example::incident(IncidentKind::Refused, "OOM says \"\u{1b}[2Jno\"\nmore");
            let repairing = |keys| Event::Repairing { keys, of: 10 };
            let events = [
                Event::Proving { keys: 1, of: 10 },
                Event::Proving { keys: 10, of: 10 },
                repairing(0),
                repairing(10),
                Event::Proving { keys: 10, of: 10 },
                Event::Warning("it evicts".into()),
                Event::Incident(incident.clone()),
                Event::Incident(example::incident(IncidentKind::Joined, "it owns slots now")),
                Event::Recovered(vec![incident]),
                Event::Second(example::seconds().remove(0)),
            ];
            events.iter().for_each(|event| chronicle.event(event));
            chronicle.ended(&example::missing());
        });
        std::fs::read_to_string(file.path()).unwrap()
    }

    /// The lines without the time that each begins with.
    fn timeless(log: &str) -> String {
        let lines = log.lines().map(|line| line.split_once(' ').unwrap().1.trim_start());
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_run_is_told_stage_by_stage() {
        insta::assert_snapshot!(timeless(&logged("info", LogFormat::Text)));
        let lines = |filter| logged(filter, LogFormat::Text).lines().count();
        assert_eq!((lines("error"), lines("warn"), lines("info"), lines("debug")), (1, 3, 9, 12));
        assert_eq!(
            (lines("off"), lines("off,fillbench::net=trace"), lines("off,fillbench=error")),
            (0, 0, 1)
        );
    }

    #[test]
    fn each_line_is_one_document() {
        let log = logged("debug", LogFormat::Json);
        let lines: Vec<serde_json::Value> =
            log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let incident = lines.iter().find(|line| line["message"] == "incident").unwrap();
        assert_eq!((&incident["kind"], &incident["level"]), (&"refused".into(), &"WARN".into()));
        assert_eq!(incident["suspect_keys"], 12_800);
        assert_eq!(incident["text"], "OOM says \"\u{1b}[2Jno\"\nmore");
        assert!(lines.iter().all(|line| line["timestamp"].is_string() && line["target"] == "fillbench"));
    }

    #[test]
    fn filters_are_levels() {
        for good in ["info", "DEBUG", "off", "warn,fillbench::net=debug", "fillbench=trace, error"] {
            assert!(LogOptions::check(good), "{good}");
        }
        for bad in
            ["", "inof", "fillbench::net", "hyper=debug", "info,,debug", "fillbench::net=loud", "=info"]
        {
            assert!(!LogOptions::check(bad), "{bad}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told() {
        let options =
            LogOptions { filter: "info".into(), format: LogFormat::Text, file: Some("/nowhere/log".into()) };
        let error = options.begin(None).unwrap_err();
        assert!(error.to_string().contains("cannot write /nowhere/log"), "{error}");
        assert_eq!(error.cure(), "give --out, --csv or --log-file a place that can be written");
    }
}

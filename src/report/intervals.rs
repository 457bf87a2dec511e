//! `intervals.csv`: one row a second and master, written as each second ends.

use std::io::{self, Write};

use humantime::format_rfc3339_micros;

use super::format::Format;
use crate::results::{Interval, Second};

pub(super) const COLUMNS: [&str; 15] = [
    "run",
    "start_seconds",
    "seconds",
    "master",
    "keys",
    "payload_bytes",
    "keys_per_second",
    "latency_us_count",
    "latency_us_mean",
    "latency_us_p50",
    "latency_us_p90",
    "latency_us_p99",
    "latency_us_p99_9",
    "latency_us_max",
    "started_at",
];

/// The table, and the run that its rows name.
pub(super) struct Intervals<W: Write> {
    rows: csv::Writer<W>,
    run: String,
}

impl<W: Write> Intervals<W> {
    /// Rows of `run` below the header, [`COLUMNS`], which stands there already.
    pub(super) fn new(file: W, run: &str) -> Self {
        Self { rows: csv::Writer::from_writer(file), run: run.into() }
    }

    fn row(&mut self, part: &Interval, started_at: &str) -> io::Result<()> {
        let rate = if part.seconds > 0.0 { part.keys as f64 / part.seconds } else { 0.0 };
        let latency = &part.latency_us;
        self.rows.serialize((
            &self.run,
            part.start_seconds,
            part.seconds,
            &part.master,
            part.keys,
            part.payload_bytes,
            rate,
            (latency.count, latency.mean, latency.p50, latency.p90, latency.p99, latency.p99_9, latency.max),
            started_at,
        ))?;
        Ok(())
    }
}

impl Intervals<Vec<u8>> {
    /// The rows so far, which are then forgotten.
    pub(super) fn take(&mut self) -> io::Result<Vec<u8>> {
        let empty = csv::Writer::from_writer(Vec::new());
        std::mem::replace(&mut self.rows, empty).into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

impl<W: Write + Send> Format for Intervals<W> {
    fn second(&mut self, second: &Second) -> io::Result<()> {
        let started_at = format_rfc3339_micros(second.started_at).to_string();
        for part in &second.masters {
            self.row(part, &started_at)?;
        }
        self.rows.flush()
    }
}

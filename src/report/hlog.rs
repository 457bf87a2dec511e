//! `latency.hlog`: an HdrHistogram V2 interval log, a histogram a second, which the tools and
//! libraries of HdrHistogram in any language can cut, add and plot.

use std::io::{self, Write};
use std::time::SystemTime;

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, IntervalLogWriterError};

use super::format::Format;
use crate::results::Second;

/// What readers look for to tell columns apart; <https://github.com/HdrHistogram/HdrHistogram>, `HistogramLogWriter`.
const LEGEND: &str =
    "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"";

/// The log. Its start time is the run's, its base time that of the first byte.
pub(super) struct LatencyLog<W> {
    file: W,
    serializer: V2DeflateSerializer,
    based: bool,
}

impl<W: Write> LatencyLog<W> {
    pub(super) fn begin(mut file: W, run: &str, started_at: SystemTime) -> io::Result<Self> {
        let mut serializer = V2DeflateSerializer::new();
        IntervalLogWriterBuilder::new()
            .add_comment("[Histogram log format version 1.3]")
            .add_comment(&format!("[fillbench run {run}: latencies of pipelines in microseconds]"))
            .with_start_time(started_at)
            .begin_log_with(&mut file, &mut serializer)?;
        writeln!(file, "{LEGEND}")?;
        file.flush()?;
        Ok(Self { file, serializer, based: false })
    }

    fn add(&mut self, second: &Second) -> io::Result<()> {
        let mut header = IntervalLogWriterBuilder::new();
        if !self.based {
            // Only now is it known when the first byte went out.
            header.with_base_time(second.started_at.checked_sub(second.start).unwrap_or(second.started_at));
        }
        // Collected first, so that a reader of the growing file sees whole lines.
        let mut lines = Vec::new();
        let mut log = header.begin_log_with(&mut lines, &mut self.serializer)?;
        log.write_histogram(&second.latency, second.start, second.length, None).map_err(
            |error| match error {
                IntervalLogWriterError::IoError(error) => error,
                IntervalLogWriterError::SerializeError(error) => io::Error::other(error),
            },
        )?;
        self.based = true;
        self.file.write_all(&lines)?;
        self.file.flush()
    }
}

impl<W: Write + Send> Format for LatencyLog<W> {
    fn second(&mut self, second: &Second) -> io::Result<()> {
        self.add(second)
    }
}

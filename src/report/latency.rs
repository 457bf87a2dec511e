//! `latency.csv`: every latency that occurred, with how often, over the whole run.

use std::io::{self, Write};

use super::format::Format;
use crate::results::{LatencyHistogram, Record};

pub(super) const COLUMNS: [&str; 5] = ["run", "value_us", "count", "cumulative_count", "percentile"];

/// The table, and the run that its rows name.
pub(super) struct LatencyTable<W: Write> {
    rows: csv::Writer<W>,
    run: String,
}

impl<W: Write> LatencyTable<W> {
    /// Rows of `run` below the header, [`COLUMNS`], which stands there already.
    pub(super) fn new(file: W, run: &str) -> Self {
        Self { rows: csv::Writer::from_writer(file), run: run.into() }
    }
}

impl<W: Write + Send> Format for LatencyTable<W> {
    fn finish(&mut self, _: &Record, latency: &LatencyHistogram) -> io::Result<()> {
        let mut cumulative = 0;
        for bucket in latency.iter_recorded() {
            let count = bucket.count_at_value();
            cumulative += count;
            let percentile = 100.0 * cumulative as f64 / latency.len() as f64;
            self.rows.serialize((&self.run, bucket.value_iterated_to(), count, cumulative, percentile))?;
        }
        self.rows.flush()
    }
}

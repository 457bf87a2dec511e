//! `latency.csv`: every latency that occurred, with how often, over the whole run.

use std::io::{self, Write};

use super::format::Format;
use crate::results::{LatencyHistogram, Record};

/// The table, and the run that its rows name.
pub(super) struct LatencyTable<W: Write> {
    rows: csv::Writer<W>,
    run: String,
}

impl<W: Write> LatencyTable<W> {
    pub(super) fn begin(file: W, run: &str) -> io::Result<Self> {
        let mut rows = csv::Writer::from_writer(file);
        rows.write_record(["run", "value_us", "count", "cumulative_count", "percentile"])?;
        rows.flush()?;
        Ok(Self { rows, run: run.into() })
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

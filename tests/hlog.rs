//! The interval log is read back by somebody else's reader: the Python port of HdrHistogram.

use std::process::Command;
use std::time::{Duration, SystemTime};

use fillbench::report::{OutputOptions, Report};
use fillbench::results::{Event, Observer, Options, Record, Second, new_histogram};

#[test]
fn another_reader_finds_every_pipeline() {
    let Some(python) = crate::common::python("hdrh") else {
        crate::common::skip("another_reader_finds_every_pipeline", "no python with the package hdrhistogram");
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let started_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let options = OutputOptions { out: Some(place.path().into()), quiet: true, ..OutputOptions::default() };
    let report = Report::open(&options, "test", started_at).unwrap();
    for number in 0..3 {
        let mut latency = new_histogram();
        (1..=1000).for_each(|us| latency.record(us + 1000 * number).unwrap());
        let (start, length) = (Duration::from_secs(number), Duration::from_secs(1));
        // The first byte went out a second after the start.
        let started_at = started_at + Duration::from_secs(1) + start;
        report.event(&Event::Second(Second { start, started_at, length, masters: Vec::new(), latency }));
    }
    let record = Record::new("test".into(), String::new(), Options::default());
    report.finish(&record, &new_histogram()).unwrap();

    let read = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/read_hlog.py"))
        .arg(place.path().join("latency.hlog"))
        .output()
        .unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    // 3000 µs and its neighbours share a bucket of two: readers name its upper end.
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), "3 1700000000.0 True 3000 1500 3001");
}

//! Every format from one fixed record, and every refusal, on real files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde_json::Value;

use super::OutputOptions;
use super::columns::{columns, row};
use super::format::{Format, Output, Outputs};
use super::json::document;
use super::table::{Rows, Table};
use super::{OutputError, Report};
use crate::results::{Event, Observer, Record, example, new_histogram};

const RUN: &str = "20261120T101112Z-4f2a";

fn started_at() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_169_472)
}

fn quietly(options: OutputOptions) -> Result<Report, OutputError> {
    Report::open(&OutputOptions { quiet: true, ..options }, RUN, started_at())
}

fn into_folder(path: &Path) -> Result<Report, OutputError> {
    quietly(OutputOptions { out: Some(path.into()), ..OutputOptions::default() })
}

fn into_table(path: &Path) -> Result<Report, OutputError> {
    quietly(OutputOptions { csv: Some(path.into()), ..OutputOptions::default() })
}

fn files(path: &Path) -> BTreeSet<String> {
    let names = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

fn refusal(opened: Result<Report, OutputError>) -> String {
    opened.err().expect("it should have been refused").to_string()
}

/// A folder that a whole run was written to.
fn played(record: &Record) -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("parent/run");
    let report = into_folder(&path).unwrap();
    example::seconds().into_iter().for_each(|second| report.event(&Event::Second(second)));
    report.finish(record, &example::histogram()).unwrap();
    (place, path)
}

#[test]
fn a_folder_holds_the_whole_run() {
    let (_place, path) = played(&example::exact());
    let names = ["intervals.csv", "latency.csv", "latency.hlog", "run.json", "runs.csv"];
    assert_eq!(files(&path), names.map(str::to_owned).into());
    let read = |name: &str| fs::read_to_string(path.join(name)).unwrap();
    insta::assert_snapshot!("run.json", read("run.json"));
    insta::assert_snapshot!("runs.csv", read("runs.csv"));
    insta::assert_snapshot!("intervals.csv", read("intervals.csv"));
    let head: Vec<_> = read("latency.csv").lines().take(5).map(str::to_owned).collect();
    insta::assert_snapshot!("latency.csv", head.join("\n"));
    let header: Vec<_> = read("latency.hlog").lines().take(4).map(str::to_owned).collect();
    insta::assert_snapshot!("latency.hlog", header.join("\n"));
}

#[test]
fn other_verdicts_have_the_same_shape() {
    for (name, record) in [("missing", example::missing()), ("failed", example::failed())] {
        let cells: Vec<_> =
            columns().zip(row(&record)).map(|(name, cell)| format!("{name}={cell}")).collect();
        insta::assert_snapshot!(format!("row of a run with verdict {name}"), cells.join("\n"));
    }
}

#[test]
fn the_latency_table_adds_up() {
    let (_place, path) = played(&example::exact());
    let mut table = csv::Reader::from_path(path.join("latency.csv")).unwrap();
    let rows: Vec<(String, u64, u64, u64, f64)> = table.deserialize().map(Result::unwrap).collect();
    assert_eq!(rows.iter().map(|row| row.2).sum::<u64>(), example::histogram().len());
    assert!(rows.is_sorted_by_key(|row| (row.1, row.3)));
    let last = rows.last().unwrap();
    assert_eq!((last.3, last.4), (example::histogram().len(), 100.0));
}

#[test]
fn the_interval_log_holds_each_second_to_the_last_pipeline() {
    let (_place, path) = played(&example::exact());
    let text = fs::read(path.join("latency.hlog")).unwrap();
    let entries: Vec<_> = IntervalLogIterator::new(&text).map(Result::unwrap).collect();
    assert!(entries.contains(&LogEntry::StartTime(Duration::from_secs(1_795_169_472))), "{entries:?}");
    assert_eq!(entries.iter().filter(|entry| matches!(entry, LogEntry::BaseTime(_))).count(), 1);
    let mut total = new_histogram();
    let mut starts = Vec::new();
    for entry in entries {
        if let LogEntry::Interval(interval) = entry {
            starts.push(interval.start_timestamp().as_millis());
            let bytes = base64(interval.encoded_histogram());
            total.add(Deserializer::new().deserialize::<u64, _>(&mut bytes.as_slice()).unwrap()).unwrap();
        }
    }
    assert_eq!(starts, [0, 1000, 2000]);
    assert_eq!(total, example::histogram());
}

/// The few lines of base64 that reading back takes.
fn base64(text: &str) -> Vec<u8> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0u32, 0);
    for letter in text.bytes().filter(|&letter| letter != b'=') {
        held = held << 6 | digits.iter().position(|&digit| digit == letter).unwrap() as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    bytes
}

#[test]
fn seconds_can_be_read_while_the_run_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let report = into_folder(place.path()).unwrap();
    let rows = || fs::read_to_string(place.path().join("intervals.csv")).unwrap().lines().count();
    assert_eq!(rows(), 1);
    report.event(&Event::Second(example::seconds().remove(0)));
    let since = std::time::Instant::now();
    while rows() != 4 {
        assert!(since.elapsed() < Duration::from_secs(20), "{} rows", rows());
        std::thread::yield_now();
    }
    assert!(!place.path().join("run.json").exists());
}

fn back_into(path: &Path) -> Result<Report, OutputError> {
    quietly(OutputOptions { out: Some(path.into()), resumed: true, ..OutputOptions::default() })
}

fn run_file(path: &Path) -> Record {
    serde_json::from_slice(&fs::read(path.join("run.json")).unwrap()).unwrap()
}

fn begun() -> Event {
    let verdict = crate::results::Verdict::Unfinished;
    Event::Begun(Box::new(Record { verdict, ..example::failed() }))
}

#[test]
fn the_record_is_there_from_the_first_key_and_whole_at_all_times() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let report = into_folder(&path).unwrap();
    report.event(&begun());
    assert_eq!(run_file(&path).verdict, crate::results::Verdict::Unfinished);
    assert!(!files(&path).contains("run.json.part"));
    report.finish(&example::exact(), &new_histogram()).unwrap();
    drop(report);
    assert_eq!(run_file(&path), example::exact());
    assert!(!files(&path).contains("run.json.part"));
}

#[test]
fn a_run_that_began_and_sent_nothing_takes_all_its_files_with_it() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let report = into_folder(&path).unwrap();
    fs::write(path.join("journal.log"), "").unwrap();
    report.event(&begun());
    report.finish(&example::failed(), &new_histogram()).unwrap();
    drop(report);
    assert!(!path.exists());
}

#[test]
fn a_run_that_goes_on_adds_whole_rows_to_those_that_are_there() {
    let (_place, path) = played(&example::missing());
    for name in ["intervals.csv", "latency.hlog", "runs.csv", "latency.csv"] {
        let file = fs::OpenOptions::new().append(true).open(path.join(name));
        std::io::Write::write_all(&mut file.unwrap(), b"half a li").unwrap();
    }
    let again = Record { run: "again".into(), ..example::exact() };
    let options =
        OutputOptions { out: Some(path.clone()), resumed: true, quiet: true, ..OutputOptions::default() };
    let report = Report::open(&options, "again", started_at()).unwrap();
    report.event(&begun());
    example::seconds().into_iter().for_each(|second| report.event(&Event::Second(second)));
    report.finish(&again, &example::histogram()).unwrap();
    drop(report);

    assert_eq!(run_file(&path), again);
    let rows = |name: &str, column: usize| {
        let mut table = csv::Reader::from_path(path.join(name)).unwrap();
        let cells = table.records().map(|row| row.unwrap()[column].to_owned());
        let mut count = std::collections::BTreeMap::new();
        cells.for_each(|cell| *count.entry(cell).or_insert(0) += 1);
        count.into_iter().collect::<Vec<_>>()
    };
    for (name, each) in [("runs.csv", 1), ("intervals.csv", 9)] {
        assert_eq!(rows(name, 0), [(RUN.to_owned(), each), ("again".to_owned(), each)], "{name}");
    }
    assert_eq!(rows("latency.csv", 0)[0].1, rows("latency.csv", 0)[1].1);
    let text = fs::read(path.join("latency.hlog")).unwrap();
    let entries: Vec<_> = IntervalLogIterator::new(&text).map(Result::unwrap).collect();
    let count = |is: fn(&LogEntry) -> bool| entries.iter().filter(|entry| is(entry)).count();
    assert_eq!(count(|entry| matches!(entry, LogEntry::Interval(_))), 6);
    assert_eq!(count(|entry| matches!(entry, LogEntry::StartTime(_))), 2);
    assert_eq!(count(|entry| matches!(entry, LogEntry::BaseTime(_))), 2);
}

#[test]
fn a_run_that_could_not_go_on_leaves_the_record_as_it_was() {
    let (_place, path) = played(&example::missing());
    let before = files(&path);
    let report = back_into(&path).unwrap();
    report.finish(&example::failed(), &new_histogram()).unwrap();
    drop(report);
    assert_eq!((run_file(&path), files(&path)), (example::missing(), before));
}

#[test]
fn two_runs_never_write_to_one_folder() {
    let (_place, path) = played(&example::missing());
    let one = back_into(&path).unwrap();
    let text = refusal(back_into(&path));
    assert!(text.contains("another fillbench is writing to"), "{text}");
    drop(one);
    drop(back_into(&path).unwrap());
}

#[test]
fn tables_of_another_version_are_not_added_to() {
    let (_place, path) = played(&example::missing());
    fs::write(path.join("intervals.csv"), "run,other\n").unwrap();
    let error = back_into(&path).err().unwrap();
    assert!(error.to_string().contains("intervals.csv has other columns"), "{error}");
    assert!(error.cure().contains("go on with the version that began it"));
    assert_eq!(run_file(&path), example::missing());
}

#[test]
fn a_used_folder_is_refused_and_left_as_it_was() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("precious"), "1").unwrap();
    let error = into_folder(place.path()).err().unwrap();
    assert!(error.to_string().contains("is not empty") && error.cure().contains("--csv FILE"), "{error}");
    assert_eq!(files(place.path()), ["precious".to_owned()].into());
}

#[test]
fn what_cannot_be_a_folder_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for path in [file.path().to_owned(), file.path().join("below"), "/proc/fillbench".into()] {
        let text = refusal(into_folder(&path));
        assert!(text.contains(&format!("cannot write {}", path.display())), "{text}");
    }
}

#[test]
fn a_run_that_never_began_leaves_no_folder() {
    let place = tempfile::tempdir().unwrap();
    let new = place.path().join("new");
    drop(into_folder(&new).unwrap());
    assert!(!new.exists());
    drop(into_folder(place.path()).unwrap());
    assert!(files(place.path()).is_empty() && place.path().exists());
}

#[test]
fn a_run_that_stopped_in_the_middle_keeps_its_seconds() {
    let place = tempfile::tempdir().unwrap();
    let report = into_folder(place.path()).unwrap();
    report.event(&Event::Second(example::seconds().remove(0)));
    drop(report);
    assert!(files(place.path()).contains("intervals.csv"));
}

#[test]
fn a_table_grows_by_one_row_a_run_under_one_header() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("all.csv");
    for record in [example::exact(), example::missing(), example::failed()] {
        into_table(&path).unwrap().finish(&record, &new_histogram()).unwrap();
    }
    let mut table = csv::Reader::from_path(&path).unwrap();
    assert_eq!(table.headers().unwrap(), &columns().collect::<csv::StringRecord>());
    let rows: Vec<Vec<String>> = table.deserialize().map(Result::unwrap).collect();
    // The last one sent nothing.
    assert_eq!(rows, [example::exact(), example::missing()].each_ref().map(row));
}

#[test]
fn a_table_without_a_last_line_break_gets_one() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("all.csv");
    into_table(&path).unwrap().finish(&example::exact(), &new_histogram()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.trim_end()).unwrap();
    into_table(&path).unwrap().finish(&example::exact(), &new_histogram()).unwrap();
    assert_eq!(csv::Reader::from_path(&path).unwrap().records().map(Result::unwrap).count(), 2);
}

#[test]
fn a_table_of_another_kind_is_refused_by_its_first_other_column() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("all.csv");
    for (header, says) in [
        ("run,begun_at\n", "column 2 is `begun_at`, where a run's row has `started_at`"),
        ("run\n", "column 2 is absent, where a run's row has `started_at`"),
        (
            &format!("{},more\n", columns().collect::<Vec<_>>().join(",")),
            "is `more`, where a run's row has absent",
        ),
    ] {
        fs::write(&path, header).unwrap();
        let text = refusal(into_table(&path));
        assert!(text.contains(says), "{text}");
        assert_eq!(fs::read_to_string(&path).unwrap(), header);
    }
}

#[test]
fn a_refused_table_leaves_no_folder() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("run");
    let options = OutputOptions {
        out: Some(folder.clone()),
        csv: Some(place.path().join("nowhere/all.csv")),
        ..OutputOptions::default()
    };
    assert!(refusal(quietly(options)).contains("all.csv"));
    assert!(!folder.exists());
}

#[test]
fn a_full_disk_costs_one_report_and_not_the_others() {
    let place = tempfile::tempdir().unwrap();
    let table = place.path().join("all.csv");
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let outputs = Outputs::new(vec![
        Output::new(&"the first", Rows(full())).unwrap(),
        Output::new(&"the second", Table::open(&table).unwrap()).unwrap(),
        Output::new(&"the third", Table::open(Path::new("/dev/full")).unwrap()).unwrap(),
    ]);
    let unwritten = outputs.finish(&example::exact(), &new_histogram());
    let told = ["the first", "the third"].map(|place| format!("{place} (no space left on device)"));
    assert_eq!(unwritten, told);
    assert_eq!(fs::read_to_string(&table).unwrap().lines().count(), 2);
    assert!(Rows(full()).finish(&example::exact(), &new_histogram()).is_err());
}

#[test]
fn a_failed_second_is_told_at_the_end_and_not_tried_again() {
    struct Flaky(u32);
    impl Format for Flaky {
        fn second(&mut self, _: &crate::results::Second) -> std::io::Result<()> {
            self.0 += 1;
            Err(std::io::Error::other(format!("failure {}", self.0)))
        }
    }
    let outputs = Outputs::new(vec![Output::new(&"it", Flaky(0)).unwrap()]);
    example::seconds().into_iter().for_each(|second| outputs.event(&Event::Second(second)));
    assert_eq!(outputs.finish(&example::exact(), &new_histogram()), ["it (failure 1)"]);
}

/// A disk that takes nothing until it is let go.
struct Held(std::sync::mpsc::Receiver<()>);

impl Format for Held {
    fn second(&mut self, _: &crate::results::Second) -> std::io::Result<()> {
        let _ = self.0.recv();
        Ok(())
    }
}

#[test]
fn nobody_waits_for_a_disk_that_takes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let table = place.path().join("all.csv");
    // Dropped at the end of the test, they let go.
    let (_one, held) = std::sync::mpsc::channel();
    let (_other, held_too) = std::sync::mpsc::channel();
    let all = vec![
        Output::new(&"the first", Held(held)).unwrap(),
        Output::new(&"the second", Table::open(&table).unwrap()).unwrap(),
    ];
    let outputs = Outputs::ending_within(all, Duration::from_millis(300));
    let since = std::time::Instant::now();
    let second = || Event::Second(example::seconds().remove(0));
    (0..5).for_each(|_| outputs.event(&second()));
    let unwritten = outputs.finish(&example::exact(), &new_histogram());
    assert_eq!(unwritten, ["the first (it has taken nothing for 300ms)"]);
    assert_eq!(fs::read_to_string(&table).unwrap().lines().count(), 2);

    // What waits has a bound.
    let outputs = Outputs::new(vec![Output::new(&"it", Held(held_too)).unwrap()]);
    (0..100).for_each(|_| outputs.event(&second()));
    let unwritten = outputs.finish(&example::exact(), &new_histogram());
    assert_eq!(unwritten, ["it (it has taken nothing for 60 seconds of the run)"]);
    assert!(since.elapsed() < Duration::from_secs(20), "it took {:?}", since.elapsed());
}

#[test]
fn json_is_one_document() {
    let text = document(&example::missing()).unwrap();
    assert_eq!(serde_json::from_slice::<Record>(&text).unwrap(), example::missing());
    assert!(text.ends_with(b"}\n"));
}

#[test]
fn column_names_are_tidy_and_apart() {
    let names: BTreeSet<_> = columns().collect();
    assert_eq!(names.len(), columns().count());
    for name in names {
        assert!(name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_'), "{name}");
    }
}

/// Each figure of a record, those of its masters, incidents and workers one by one aside, is in its row: changing it changes
/// the row.
#[test]
fn no_figure_is_left_out_of_the_row() {
    let mut record = example::missing();
    record.servers.clear();
    record.incidents.clear();
    record.workers.iter_mut().for_each(|workers| workers.each.clear());
    let before = row(&record);
    let whole = serde_json::to_value(&record).unwrap();
    let mut pointers = Vec::new();
    leaves(&whole, "", &mut pointers);
    assert!(pointers.len() > 70, "{pointers:?}");
    for pointer in pointers {
        let mut other = whole.clone();
        let leaf = other.pointer_mut(&pointer).unwrap();
        *leaf = match (&*leaf, pointer.as_str()) {
            (_, "/verdict") => "wrong".into(),
            (_, "/limited_by") => "rate".into(),
            (Value::Bool(value), _) => (!value).into(),
            (Value::String(text), _) => format!("{text}!").into(),
            (Value::Number(number), _) if number.is_u64() => (number.as_u64().unwrap() + 1).into(),
            (Value::Number(number), _) => (number.as_f64().unwrap() + 1.0).into(),
            (other, pointer) => panic!("{pointer} is {other}: give the example a value"),
        };
        let after = row(&serde_json::from_value(other).unwrap());
        assert_eq!(before.iter().zip(&after).filter(|(a, b)| a != b).count(), 1, "{pointer}");
    }
}

fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, one)| leaves(one, &format!("{path}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, one)| leaves(one, &format!("{path}/{place}"), found));
        }
        _ => found.push(path.into()),
    }
}

//! Several workers at once, their folders, and one run of `fillbench merge`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fillbench::results::Record;
use tempfile::TempDir;

use crate::common::{at, fillbench};
use crate::fill::data::Data;
use crate::fill::run::{Run, Running, begin};
use crate::verify::place::Place;

/// Workers that fill one dataset, each with a folder for `--out` in one that goes away.
pub(crate) struct Crew {
    pub(crate) folder: TempDir,
    pub(crate) count: u64,
}

/// A run of `fillbench merge` that is over.
#[derive(Debug)]
pub(crate) struct Merged {
    pub(crate) code: i32,
    /// What `--json` printed, if it came so far.
    pub(crate) record: Option<Record>,
    /// All of stderr, in one line.
    pub(crate) told: String,
}

impl Crew {
    pub(crate) fn of(count: u64) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), count }
    }

    /// The folder of a worker.
    pub(crate) fn out(&self, index: u64) -> PathBuf {
        self.folder.path().join(format!("worker-{index:02}"))
    }

    /// Begins one of them; `args` are words with blanks between.
    pub(crate) fn begin(&self, place: &Place, data: &Data, index: u64, args: &str) -> Running {
        let mut all = data.args();
        all.extend(at(place.masters()[0]));
        all.extend(["--json".into(), "--out".into(), self.out(index).display().to_string()]);
        all.extend(["--worker".into(), format!("{index}/{}", self.count)]);
        all.extend(args.split_whitespace().map(Into::into));
        begin(&all, &[])
    }

    /// All of them at once.
    pub(crate) fn fill(&self, place: &Place, data: &Data, args: &str) -> Vec<Run> {
        let running: Vec<_> = (0..self.count).map(|index| self.begin(place, data, index, args)).collect();
        running.into_iter().map(Running::end).collect()
    }

    /// All of them at once, and all went well.
    #[track_caller]
    pub(crate) fn fill_exactly(&self, place: &Place, data: &Data, args: &str) -> Vec<Record> {
        let records: Vec<_> = self.fill(place, data, args).iter().map(Run::assert_exact).collect();
        assert_eq!(records.iter().map(|record| record.account.proven).sum::<u64>(), data.keys);
        records
    }

    /// Goes on with one of them.
    pub(crate) fn resume(&self, index: u64) -> Run {
        begin(&["--resume".into(), self.out(index).display().to_string(), "--json".into()], &[]).end()
    }

    /// Merges all folders.
    pub(crate) fn merge(&self, args: &str) -> Merged {
        merge(&[self.folder.path()], args)
    }

    /// Changes the record that a worker left.
    pub(crate) fn rewrite(&self, index: u64, change: impl FnOnce(&mut serde_json::Value)) {
        let path = self.out(index).join("run.json");
        let mut record = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut record);
        std::fs::write(path, record.to_string()).unwrap();
    }
}

/// Merges folders.
pub(crate) fn merge(folders: &[&Path], args: &str) -> Merged {
    let folders = folders.iter().map(|folder| folder.display().to_string());
    let words = ["merge".to_owned(), "--json".into()].into_iter().chain(folders);
    let output = fillbench(words.chain(args.split_whitespace().map(Into::into))).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    Merged {
        code: output.status.code().unwrap(),
        record: serde_json::from_slice(&output.stdout).ok(),
        told: told.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

impl Merged {
    #[track_caller]
    pub(crate) fn record(&self) -> &Record {
        self.record.as_ref().unwrap_or_else(|| panic!("{self:?}"))
    }

    /// Checks that it was refused, for this.
    #[track_caller]
    pub(crate) fn refused(&self, cause: &str) {
        assert_eq!((self.code, &self.record), (2, &None), "{self:?}");
        assert!(self.told.contains(cause), "{cause:?} is not in {self:?}");
    }
}

/// The histogram in a folder: pipelines by their latency, of all runs.
pub(crate) fn buckets(folder: &Path) -> BTreeMap<u64, u64> {
    let mut buckets = BTreeMap::new();
    let mut table = csv::Reader::from_path(folder.join("latency.csv")).unwrap();
    let header = table.headers().unwrap().clone();
    let column = |name| header.iter().position(|one| one == name).unwrap();
    let (value, count) = (column("value_us"), column("count"));
    for row in table.records() {
        let row = row.unwrap();
        *buckets.entry(row[value].parse().unwrap()).or_default() += row[count].parse::<u64>().unwrap();
    }
    buckets
}

/// The same of all pipelines of several folders.
pub(crate) fn all_buckets(folders: impl Iterator<Item = PathBuf>) -> BTreeMap<u64, u64> {
    let mut all = BTreeMap::new();
    for (value, count) in folders.flat_map(|folder| buckets(&folder)) {
        *all.entry(value).or_default() += count;
    }
    all
}

/// The sum of a column of a table.
pub(crate) fn sum_of(table: &Path, column: &str) -> u64 {
    let mut table = csv::Reader::from_path(table).unwrap();
    let place = table.headers().unwrap().iter().position(|one| one == column).unwrap();
    table.records().map(|row| row.unwrap()[place].parse::<u64>().unwrap()).sum()
}

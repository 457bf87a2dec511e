//! The folder that a sweep leaves, and runs of the program that sweep into it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use fillbench::results::{Record, Sweep, Turn};
use tempfile::TempDir;

use crate::common::at;
use crate::fill::run::{Running, begin};

/// A row of a table, by the names of its columns.
pub(crate) type Row = BTreeMap<String, String>;

/// A folder for `--out`, in one that goes away.
pub(crate) struct Folder {
    _parent: TempDir,
    pub(crate) out: PathBuf,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        Self { out: parent.path().join("out"), _parent: parent }
    }

    /// Begins a sweep into this folder; `words` have blanks between.
    pub(crate) fn begin(&self, words: &str) -> Running {
        self.run(&["--out"], words)
    }

    /// Begins a sweep of a server.
    pub(crate) fn begin_at(&self, server: SocketAddr, words: &str) -> Running {
        self.begin(&format!("{} {words}", at(server).join(" ")))
    }

    /// Goes on.
    pub(crate) fn resume(&self, words: &str) -> Running {
        self.run(&["--resume"], words)
    }

    fn run(&self, option: &[&str], words: &str) -> Running {
        let mut all = vec!["sweep".to_owned(), option[0].into(), self.out.display().to_string()];
        all.extend(words.split_whitespace().map(Into::into));
        begin(&all, &[])
    }

    /// The rows of a table that are whole; none if there is no table yet.
    pub(crate) fn rows(&self, table: &str) -> Vec<Row> {
        let Ok(mut reader) = csv::Reader::from_path(self.out.join(table)) else { return Vec::new() };
        let names = reader.headers().unwrap().clone();
        let whole = reader.records().map_while(Result::ok);
        let row = |cells: csv::StringRecord| {
            let cells = cells.iter().map(str::to_owned).collect::<Vec<_>>();
            names.iter().map(str::to_owned).zip(cells).collect()
        };
        whole.map(row).collect()
    }

    /// How many runs are written down.
    pub(crate) fn runs(&self) -> usize {
        self.rows("runs.csv").len()
    }

    pub(crate) fn sweep(&self) -> Sweep {
        Sweep::parse(&fs::read_to_string(self.out.join("sweep.json")).unwrap()).unwrap()
    }

    /// Changes the record of the sweep.
    pub(crate) fn rewrite(&self, change: impl FnOnce(&mut serde_json::Value)) {
        let path = self.out.join("sweep.json");
        let mut sweep = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut sweep);
        fs::write(path, sweep.to_string()).unwrap();
    }

    /// Checks that every run of the sweep is there once, in every place, and gives the rows.
    #[track_caller]
    pub(crate) fn assert_whole(&self) -> Vec<Row> {
        let (sweep, rows) = (self.sweep(), self.rows("runs.csv"));
        let turns: Vec<Turn> = rows.iter().map(turn).collect();
        assert_eq!(turns, sweep.order, "{rows:?}");
        let runs: BTreeSet<&str> = rows.iter().map(|row| row["run"].as_str()).collect();
        assert_eq!(runs.len(), rows.len());
        for row in &rows {
            assert_eq!(row["sweep"], sweep.sweep);
            let path = self.out.join("runs").join(&row["run"]).join("run.json");
            let record = Record::parse(&fs::read_to_string(path).unwrap()).unwrap();
            assert_eq!(record.done.keys.to_string(), row["keys"]);
            let point = &sweep.points[turn(row).point as usize - 1];
            for (name, setting) in &point.settings {
                let column = if row.contains_key(&format!("asked_{name}")) {
                    format!("asked_{name}")
                } else {
                    name.clone()
                };
                let expected =
                    setting.to_string().replace("auto", if name == "command" { "auto" } else { "" });
                assert_eq!(row[&column], expected, "{name}");
            }
        }
        let folders = fs::read_dir(self.out.join("runs")).unwrap().count();
        assert_eq!(folders, rows.len());
        for table in ["intervals.csv", "latency.csv"] {
            assert!(self.rows(table).iter().all(|row| runs.contains(row["run"].as_str())), "{table}");
        }
        for row in rows.iter().filter(|row| row["verdict"] == "exact") {
            let of_run = |table| {
                self.rows(table).into_iter().filter(|one| one["run"] == row["run"]).collect::<Vec<_>>()
            };
            let sum = |rows: &[Row], column: &str| {
                rows.iter().map(|row| row[column].parse::<u64>().unwrap()).sum::<u64>()
            };
            assert_eq!(sum(&of_run("latency.csv"), "count").to_string(), row["latency_us_count"]);
            assert_eq!(sum(&of_run("intervals.csv"), "keys").to_string(), row["keys"]);
        }
        rows
    }
}

fn turn(row: &Row) -> Turn {
    Turn { point: row["point"].parse().unwrap(), repeat: row["repeat"].parse().unwrap() }
}

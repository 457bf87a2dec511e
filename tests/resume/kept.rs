//! A folder that a fill keeps its journal in, and fills that are cut off.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use fillbench::results::Record;
use tempfile::TempDir;

use crate::common::{ask, at};
use crate::fill::data::Data;
use crate::fill::run::{Run, Running, begin};
use crate::verify::place::Place;

/// A folder for `--out`, in one that goes away.
pub(crate) struct Kept {
    _parent: TempDir,
    pub(crate) out: PathBuf,
}

impl Kept {
    pub(crate) fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        Self { out: parent.path().join("out"), _parent: parent }
    }

    /// Begins a fill of a place that is kept here; `args` are words with blanks between.
    pub(crate) fn begin(&self, place: &Place, data: &Data, args: &str) -> Running {
        let mut all = data.args();
        all.extend(at(place.masters()[0]));
        all.extend(["--json".into(), "--out".into(), self.out.display().to_string()]);
        all.extend(args.split_whitespace().map(Into::into));
        begin(&all, &[])
    }

    /// Goes on.
    pub(crate) fn resume(&self, args: &str) -> Running {
        let mut all = vec!["--resume".into(), self.out.display().to_string(), "--json".into()];
        all.extend(args.split_whitespace().map(Into::into));
        begin(&all, &[])
    }

    /// Begins a fill, and kills it when its journal has so many lines.
    pub(crate) fn cut_off(&self, place: &Place, data: &Data, args: &str, lines: usize) {
        let mut running = self.begin(place, data, args);
        running.until(|| self.journal().lines().count() >= lines && self.out.join("run.json").exists());
        running.signal("KILL");
        assert_eq!(running.end().code, 128 + 9);
    }

    /// What the journal holds; nothing if there is none.
    pub(crate) fn journal(&self) -> String {
        fs::read_to_string(self.out.join("journal.log")).unwrap_or_default()
    }

    /// The record in the folder.
    pub(crate) fn record(&self) -> Record {
        serde_json::from_slice(&fs::read(self.out.join("run.json")).unwrap()).unwrap()
    }

    /// Changes the record in the folder.
    pub(crate) fn rewrite(&self, change: impl FnOnce(&mut serde_json::Value)) {
        let path = self.out.join("run.json");
        let mut record = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut record);
        fs::write(path, record.to_string()).unwrap();
    }
}

/// How many SETs the masters have executed.
pub(crate) fn sets(masters: &[SocketAddr]) -> u64 {
    let calls = |&master| {
        let info: String = ask(master, "INFO commandstats");
        let line = info.lines().find_map(|line| line.strip_prefix("cmdstat_set:calls="));
        line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
    };
    masters.iter().map(calls).sum()
}

/// Checks that a run went on, ended with every key, and says so.
#[track_caller]
pub(crate) fn assert_exact(run: &Run, place: &Place, data: &Data) -> Record {
    let record = run.assert_exact();
    assert_eq!(record.account.executed, record.done.keys + record.resumed.keys_before, "{run:?}");
    assert_eq!(record.resume_command, None, "{run:?}");
    place.assert_holds(data);
    record
}

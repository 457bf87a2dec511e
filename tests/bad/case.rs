//! One run of the program that may go wrong, and what has to be true of it however it does.

use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{fillbench, json};

/// No run of this file may take longer: none of them hangs.
const TIME_LIMIT: Duration = Duration::from_secs(40);

/// A run to be.
pub(crate) struct Case {
    folder: TempDir,
    line: String,
    command: assert_cmd::Command,
}

impl Case {
    /// A run with these arguments, and all outputs that they do not name themselves.
    pub(crate) fn new(line: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = fillbench(line.split_whitespace());
        command.timeout(TIME_LIMIT).arg("--json");
        for (option, place) in [("--out", "out"), ("--csv", "runs.csv")] {
            if !line.contains(option) {
                command.arg(option).arg(folder.path().join(place));
            }
        }
        Self { folder, line: line.into(), command }
    }

    /// Adds arguments that may hold anything.
    pub(crate) fn args<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs, shows what a person sees (`cargo test -- --nocapture`), and checks what is true of every run.
    #[track_caller]
    pub(crate) fn run(mut self) -> Ran {
        let started = Instant::now();
        let output = self.command.output().unwrap();
        let stderr = String::from_utf8(output.stderr.clone()).unwrap();
        println!("$ fillbench {}\n{stderr}[{}]\n", self.line, output.status);
        assert!(output.status.code().is_some(), "{} after {:?}", output.status, started.elapsed());
        for torn in ["panicked", "Some(", "Err(", "Error(", "Error {", "Os {", "(os error"] {
            assert!(!stderr.contains(torn), "`{torn}` in {stderr}");
        }
        Ran { folder: self.folder, output, told: flat(&stderr) }
    }
}

/// A run that was.
pub(crate) struct Ran {
    folder: TempDir,
    pub(crate) output: Output,
    /// All of stderr, in one line.
    pub(crate) told: String,
}

impl Ran {
    /// The record on stdout, once the exit code and the verdict are as they should be.
    #[track_caller]
    pub(crate) fn ended(&self, code: i32, verdict: &str) -> Value {
        let record = json(&self.output);
        assert_eq!(
            (self.output.status.code(), &record["verdict"]),
            (Some(code), &verdict.into()),
            "{self:?}"
        );
        record
    }

    /// It could not run: the record says why and what would do, stderr says both once, and nothing is left.
    #[track_caller]
    pub(crate) fn failed(&self, cause: &str, cure: &str) -> Value {
        let record = self.ended(1, "failed");
        let [message, advice] =
            ["message", "cure"].map(|name| record["error"][name].as_str().unwrap_or_default());
        assert!(message.contains(cause), "{cause:?} is not in {message:?}");
        assert!(advice.contains(cure), "{cure:?} is not in {advice:?}");
        for words in [message, advice].map(flat).iter().filter(|words| !words.is_empty()) {
            assert_eq!(self.told.matches(words.as_str()).count(), 1, "{words:?} in {self:?}");
        }
        assert_eq!(record["done"]["wire_bytes"], 0);
        assert!(record["account"]["planned"].as_u64() > Some(0));
        self.left_nothing();
        record
    }

    /// The command line was at fault: it is told, and nothing was done.
    #[track_caller]
    pub(crate) fn refused(&self, cause: &str) {
        assert_eq!(self.output.status.code(), Some(2), "{self:?}");
        assert!(self.output.stdout.is_empty(), "{self:?}");
        assert!(self.told.contains(cause), "{cause:?} is not in {:?}", self.told);
        self.left_nothing();
    }

    /// It went well: every output holds the run.
    #[track_caller]
    pub(crate) fn exact(&self) -> Value {
        let record = self.ended(0, "exact");
        assert_eq!(record["error"], Value::Null);
        assert_eq!(fs::read(self.place("out/run.json")).unwrap(), self.output.stdout);
        assert_eq!(fs::read_to_string(self.place("runs.csv")).unwrap().lines().count(), 2);
        record
    }

    /// The same command line could be tried again: there is no folder, and no row.
    #[track_caller]
    fn left_nothing(&self) {
        assert!(!self.place("out").exists());
        assert_eq!(fs::read_to_string(self.place("runs.csv")).unwrap_or_default(), "");
    }

    /// Everything that it wrote anywhere.
    pub(crate) fn everything(&self) -> Vec<u8> {
        let mut all = [self.output.stdout.clone(), self.output.stderr.clone()].concat();
        for folder in [self.folder.path().to_owned(), self.place("out")] {
            let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
            entries.filter(|path| path.is_file()).for_each(|file| all.extend(fs::read(file).unwrap()));
        }
        all
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl std::fmt::Debug for Ran {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.output.status, self.told)
    }
}

/// Text in one line, however it was wrapped.
pub(crate) fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

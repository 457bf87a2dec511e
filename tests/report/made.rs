//! Folders of runs to report on: a sweep that is done once and copied, and a run in which something
//! happens.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use fillbench::server::{Server, ServerOptions};
use tempfile::TempDir;

use crate::common::{ask, at, fillbench};

/// What the sweep is asked.
const GRID: &str = "--embedded=2 --keys 20000 --key-size 32 --value-size 64 --pipeline-depth 100,1000 \
                    --writers 1,2 --repeat 2 --warm-up 0 --quiet --out";

/// A folder that goes away.
pub(crate) struct Place(TempDir);

impl Place {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One with a sweep of four points with two runs each in `sweep`.
    pub(crate) fn with_sweep() -> Self {
        static SWEEP: OnceLock<Vec<(PathBuf, Vec<u8>)>> = OnceLock::new();
        let files = SWEEP.get_or_init(|| {
            let place = Self::new();
            let output =
                fillbench(format!("sweep {GRID}").split_whitespace()).arg(place.path("sweep")).output();
            let output = output.unwrap();
            assert!(output.status.success(), "{output:?}");
            let mut files = Vec::new();
            read_into(&mut files, &place.path("sweep"), Path::new("sweep"));
            files
        });
        let place = Self::new();
        for (path, text) in files {
            let path = place.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        place
    }

    /// One with a fill in `run` whose connections to one master were cut off in the middle.
    pub(crate) fn with_incident() -> Self {
        let place = Self::new();
        let server = Server::start(&ServerOptions { masters: Some(2), ..ServerOptions::default() }).unwrap();
        let _: String = ask(server.addresses()[0], "FILLBENCH FAULT drop=700000");
        // Slow enough to last for three seconds.
        let words =
            "--keys 30000 --key-size 32 --value-size 64 --rate 10000 --pipeline-depth 100 --quiet --out";
        let mut args: Vec<String> = at(server.addresses()[0]).into();
        args.extend(words.split_whitespace().map(str::to_owned));
        let output = fillbench(args).arg(place.path("run")).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Changes a file.
    pub(crate) fn rewrite(&self, name: &str, change: impl FnOnce(String) -> String) {
        fs::write(self.path(name), change(self.read(name))).unwrap();
    }

    /// Writes the sweep's table again under another name, as that of other runs, and with other cells.
    pub(crate) fn put_others(&self, name: &str, cells: &[(&str, &str)]) {
        let text = self.read("sweep/runs.csv");
        let mut table = csv::Reader::from_reader(text.as_bytes());
        let header = table.headers().unwrap().clone();
        let at = |name: &str| header.iter().position(|column| column == name).unwrap();
        let mut others = csv::Writer::from_path(self.path(name)).unwrap();
        others.write_record(&header).unwrap();
        for row in table.records() {
            let mut row: Vec<String> = row.unwrap().iter().map(str::to_owned).collect();
            row[at("run")] += "-other";
            cells.iter().for_each(|(column, cell)| row[at(column)] = (*cell).into());
            others.write_record(&row).unwrap();
        }
        others.flush().unwrap();
    }

    /// The record of one run of the sweep.
    pub(crate) fn record_of_sweep(&self) -> String {
        let first = fs::read_dir(self.path("sweep/runs")).unwrap().next().unwrap().unwrap();
        format!("sweep/runs/{}/run.json", first.file_name().to_str().unwrap())
    }
}

fn read_into(files: &mut Vec<(PathBuf, Vec<u8>)>, from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            read_into(files, &entry.path(), &to);
        } else {
            files.push((to, fs::read(entry.path()).unwrap()));
        }
    }
}

/// What a report said.
#[derive(Debug)]
pub(crate) struct Reported {
    pub(crate) code: Option<i32>,
    pub(crate) shown: String,
    /// All of stderr, in one line.
    pub(crate) told: String,
}

/// Reports, shows what a person sees (`cargo test -- --nocapture`), and looks for what nobody should see.
pub(crate) fn report(place: &Place, words: &str) -> Reported {
    report_in(place, words, "C.UTF-8")
}

/// The same, in a locale.
pub(crate) fn report_in(place: &Place, words: &str, locale: &str) -> Reported {
    let mut command = fillbench(["report"]);
    command.args(words.split_whitespace()).current_dir(place.path(".")).env("LC_ALL", locale);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let [shown, told] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    println!("$ fillbench report {words}\n{shown}{told}[{status}]\n");
    for torn in ["panicked", "Some(", "Err(", "NaN", "inf ", "(os error"] {
        assert!(!shown.contains(torn) && !told.contains(torn), "`{torn}` in {shown}{told}");
    }
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    Reported { code: status.code(), shown, told }
}

impl Reported {
    /// It was written.
    #[track_caller]
    pub(crate) fn written(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert!(self.told.starts_with("written: "), "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        let flat = self.shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words), "{words:?} is not in {}", self.shown);
        self
    }

    /// Nothing was written: the cause and the cure are on stderr, and nothing on stdout.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, cause: &str, cure: &str) {
        assert_eq!((self.code, self.shown.as_str()), (Some(code), ""), "{self:?}");
        let (told, advice) = self.told.split_once(" try: ").unwrap_or((&self.told, &self.told));
        assert!(told.contains(cause), "{cause:?} is not in {told:?}");
        assert!(advice.contains(cure), "{cure:?} is not in {advice:?}");
    }
}

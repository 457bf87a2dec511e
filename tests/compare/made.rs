//! Runs that are made up out of a real one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::fillbench;

/// What one fill left.
struct Template {
    header: Vec<String>,
    row: Vec<String>,
    record: Value,
}

fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let place = tempfile::tempdir().unwrap();
        let out = place.path().join("out");
        let line =
            "--embedded=1 --keys 2000 --key-size 16 --value-size 32 --pipeline-depth 100 --quiet --out";
        let output = fillbench(line.split(' ')).arg(&out).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let mut table = csv::Reader::from_path(out.join("runs.csv")).unwrap();
        let owned = |row: &csv::StringRecord| row.iter().map(str::to_owned).collect();
        Template {
            header: owned(table.headers().unwrap()),
            row: owned(&table.records().next().unwrap().unwrap()),
            record: serde_json::from_slice(&fs::read(out.join("run.json")).unwrap()).unwrap(),
        }
    })
}

/// Seven figures around 100,000, close together.
pub(crate) const STEADY: [f64; 7] =
    [100_000.0, 101_000.0, 99_000.0, 100_500.0, 99_500.0, 100_200.0, 99_800.0];

pub(crate) fn times(factor: f64) -> Vec<f64> {
    STEADY.iter().map(|figure| figure * factor).collect()
}

/// A folder for the runs of both sides.
pub(crate) struct Place(TempDir);

/// Cells or fields that differ from the real run's.
pub(crate) type Set<'a> = &'a [(&'a str, &'a str)];

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A table with a row for each figure.
    pub(crate) fn table(&self, name: &str, keys_per_second: &[f64], set: Set<'_>) -> PathBuf {
        let Template { header, row, .. } = template();
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut table = csv::Writer::from_path(&path).unwrap();
        table.write_record(header).unwrap();
        for (number, figure) in keys_per_second.iter().enumerate() {
            let mut row = row.clone();
            let own = [
                ("run", format!("{name}-{number}")),
                ("keys_per_second", format!("{figure:?}")),
                ("limited_by", "server".into()),
                // So short a fill may take none that could be measured.
                ("client_cpu_seconds", "0.25".into()),
                ("servers_cpu_user_seconds", "1.5".into()),
                ("servers_cpu_system_seconds", "0.5".into()),
            ];
            let given = set.iter().map(|(column, cell)| (*column, (*cell).to_owned()));
            for (column, cell) in own.into_iter().chain(given) {
                let place = header.iter().position(|name| name == column).unwrap();
                row[place] = cell;
            }
            table.write_record(&row).unwrap();
        }
        table.flush().unwrap();
        path
    }

    /// A record. Fields are named by their place, as in `client.host.cpus`.
    pub(crate) fn record(&self, name: &str, keys_per_second: f64, set: &[(&str, Value)]) -> PathBuf {
        let mut record = template().record.clone();
        let own = [
            ("run", Value::from(name)),
            ("rates.keys_per_second", keys_per_second.into()),
            ("limited_by", "server".into()),
            ("client.cpu_seconds", 0.25.into()),
            ("servers.0.cpu_user_seconds", 1.5.into()),
            ("servers.0.cpu_system_seconds", 0.5.into()),
        ];
        for (field, value) in own.iter().chain(set) {
            *record.pointer_mut(&format!("/{}", field.replace('.', "/"))).unwrap() = value.clone();
        }
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, record.to_string()).unwrap();
        path
    }
}

/// What a comparison said.
pub(crate) struct Compared {
    pub(crate) code: Option<i32>,
    pub(crate) shown: String,
    /// All of stderr, in one line.
    pub(crate) told: String,
}

/// Compares, shows what a person sees (`cargo test -- --nocapture`), and looks for what nobody should see.
pub(crate) fn compare(base: &Path, new: &Path, args: &str) -> Compared {
    let mut command = fillbench(["compare"]);
    let Output { status, stdout, stderr } =
        command.arg(base).arg(new).args(args.split_whitespace()).output().unwrap();
    let [shown, told] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    println!("$ fillbench compare {} {} {args}\n{shown}{told}[{status}]\n", base.display(), new.display());
    for torn in ["panicked", "Some(", "Err(", "NaN", "inf", "(os error"] {
        assert!(!shown.contains(torn) && !told.contains(torn), "`{torn}` in {shown}{told}");
    }
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    Compared { code: status.code(), shown, told }
}

impl Compared {
    #[track_caller]
    pub(crate) fn ended(&self, code: i32, headline: &str) -> &Self {
        assert_eq!(self.code, Some(code), "{} {}", self.shown, self.told);
        assert!(self.shown.starts_with(headline), "{headline:?} does not begin {}", self.shown);
        assert!(self.told.is_empty(), "{}", self.told);
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        let flat = self.shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words), "{words:?} is not in {}", self.shown);
        self
    }

    /// Nothing was compared: the cause and the cure are on stderr, and nothing on stdout.
    #[track_caller]
    pub(crate) fn refused(&self, cause: &str, cure: &str) {
        assert_eq!((self.code, self.shown.as_str()), (Some(2), ""), "{}", self.told);
        let (told, advice) = self.told.split_once(" try: ").unwrap_or((&self.told, ""));
        assert!(told.contains(cause), "{cause:?} is not in {told:?}");
        assert!(advice.contains(cure), "{cure:?} is not in {advice:?}");
    }
}

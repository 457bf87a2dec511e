//! A folder to run the script in, and what it left there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fillbench::results::Comparison;
use tempfile::TempDir;

pub(super) const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benchmark/ci-regression.sh");
pub(super) const FILLBENCH: &str = env!("CARGO_BIN_EXE_fillbench");

/// What a run of the script came to.
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) shown: String,
    pub(super) told: String,
}

pub(super) struct Place {
    folder: TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        Self { folder }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A server program that takes a real one's options, and is this program's own.
    pub(super) fn server(&self, name: &str, options: &str) -> PathBuf {
        let text = format!("#!/bin/sh\nexec '{FILLBENCH}' serve --standalone --port \"$2\" {options}\n");
        self.program(name, &text)
    }

    pub(super) fn program(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// The script in this folder, with its temporary files and what it keeps in it, too.
    pub(super) fn script(&self) -> std::process::Command {
        let mut command = self.command(SCRIPT);
        command.args(["--fillbench", FILLBENCH, "--runs", "8"]);
        command
    }

    /// A script of a workflow's step in this folder, with the programs of its folder `bin`.
    pub(super) fn bash(&self, script: &str) -> std::process::Command {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let mut command = self.command("bash");
        command.args(["-e", "-c", script]).env("PATH", path);
        command
    }

    fn command(&self, program: &str) -> std::process::Command {
        let mut command = std::process::Command::new(program);
        command.current_dir(self.folder.path()).env("TMPDIR", self.path("tmp"));
        for name in ["GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS", "REDISCLI_AUTH", "FILLBENCH_LOG"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs the script with options and the base, then the new server, and what fillbench is told.
    pub(super) fn run(&self, options: &str, new: &Path, told: &str) -> Ended {
        let mut command = self.script();
        command.args(options.split_whitespace()).arg(new).arg("--").args(told.split_whitespace());
        ended(&mut command)
    }

    /// A table's cells of one column.
    pub(super) fn column(&self, table: &str, name: &str) -> Vec<String> {
        let mut table = csv::Reader::from_path(self.path(table)).unwrap();
        let place = table.headers().unwrap().iter().position(|column| column == name).unwrap();
        table.records().map(|row| row.unwrap()[place].to_owned()).collect()
    }

    pub(super) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(super) fn comparison(&self) -> Comparison {
        serde_json::from_str(&self.text("regression/comparison.json")).unwrap()
    }

    /// No server is left that works in the folder for temporary files, and nothing else in that.
    pub(super) fn assert_nothing_is_left(&self) {
        let temporary = fs::canonicalize(self.path("tmp")).unwrap();
        let is_ours = |process: &PathBuf| {
            let command = fs::read(process.join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&command).contains(temporary.to_str().unwrap())
        };
        let left: Vec<_> =
            fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path()).filter(is_ours).collect();
        assert_eq!((left, fs::read_dir(temporary).unwrap().count()), (Vec::new(), 0));
    }
}

/// Fills that are over at once. The client is slow in a debug build.
pub(super) const FILL: &str =
    "--renew 1 --warm-up 0 --keys 200 --key-size 16 --value-size 32 --command set --despite client";

pub(super) fn ended(command: &mut std::process::Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ended { code: output.status.code(), shown: text(&output.stdout), told: text(&output.stderr) }
}

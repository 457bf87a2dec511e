//! A folder to run the script in, and what it left there.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::Value;
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
    pub(super) port: u16,
}

impl Place {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        Self { folder, port: two_free_ports() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A server program that takes a real one's options, and is this program's own. Its folder goes with it, so
    /// that it can be told from others' by its command line.
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
        let mut command = std::process::Command::new(SCRIPT);
        command.current_dir(self.folder.path()).env("TMPDIR", self.path("tmp"));
        for name in ["GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS", "REDISCLI_AUTH", "FILLBENCH_LOG"] {
            command.env_remove(name);
        }
        // What is to be refused, and is not, shall be over soon.
        command.args(["--fillbench", FILLBENCH, "--port", &self.port.to_string(), "--runs", "1"]);
        command
    }

    /// Runs the script with a line of options, two servers, and fills that are over at once.
    pub(super) fn run(&self, options: &str, servers: [&Path; 2]) -> Ended {
        let mut command = self.script();
        command.args(options.split_whitespace()).args(servers).arg("--").args(FILL.split(' '));
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

    pub(super) fn comparison(&self) -> Value {
        serde_json::from_str(&self.text("regression/comparison.json")).unwrap()
    }

    /// Nobody listens where the servers were, and the folder for temporary files is empty.
    pub(super) fn assert_nothing_is_left(&self) {
        for port in [self.port, self.port + 1] {
            TcpListener::bind(("127.0.0.1", port)).unwrap_or_else(|error| panic!("{port}: {error}"));
        }
        assert_eq!(fs::read_dir(self.path("tmp")).unwrap().count(), 0);
    }
}

/// The client is slow in a debug build.
pub(super) const DESPITE: &str = "--despite server,client";
const FILL: &str = "--keys 200 --key-size 16 --value-size 32 --command set";

pub(super) fn ended(command: &mut std::process::Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ended { code: output.status.code(), shown: text(&output.stdout), told: text(&output.stderr) }
}

/// Two ports in a row, below those that systems give to connections.
fn two_free_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 21_000 + (std::process::id() % 1000) as u16 * 8;
    for _ in 0..1000 {
        let port = first + NEXT.fetch_add(2, Ordering::Relaxed);
        if [port, port + 1].iter().all(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return port;
        }
    }
    panic!("no two free ports");
}

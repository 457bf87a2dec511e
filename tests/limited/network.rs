//! A real network between client and server, in namespaces of their own.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::fill::data::Data;
use crate::fill::run::Run;

/// How a network namespace is had: by root, by whoever may be root in a namespace of users, or by whoever may become root.
const WAYS: [&[&str]; 3] = [
    &["unshare", "--net"],
    &["unshare", "--user", "--map-root-user", "--net"],
    &["sudo", "--non-interactive", "unshare", "--net"],
];

/// Whether this system lets anybody have a network.
pub(crate) fn can_be_had() -> bool {
    way().is_some()
}

fn way() -> Option<&'static [&'static str]> {
    let works = |way: &[&str]| {
        let output = Command::new(way[0]).args(&way[1..]).arg("true").output();
        output.is_ok_and(|output| output.status.success())
    };
    WAYS.into_iter().find(|way| works(way))
}

/// A fill over a link of 64 Mbit/s.
pub(crate) fn fill(data: &Data) -> Run {
    let way = way().unwrap();
    let began = Instant::now();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/limited/network.sh");
    let mut command = Command::new(way[0]);
    command.args(&way[1..]).arg("sh").arg(script).arg(env!("CARGO_BIN_EXE_fillbench"));
    let output = command.args(data.args()).arg("--json").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run {
        what: format!("{command:?}"),
        code: output.status.code().unwrap(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        took: began.elapsed(),
    }
}

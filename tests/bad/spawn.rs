//! `--spawn` with what is no server.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::bad::case::Case;

#[test]
fn a_program_that_is_no_server_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str, mode: &str| {
        let path = folder.path().join(name);
        // Written by another process: a child that another test starts meanwhile would hold it open for
        // writing, and nobody may run it then.
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", "cat >\"$0\"; chmod $1 \"$0\""]).arg(&path).arg(mode);
        let mut child = shell.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
        path.display().to_string()
    };
    let plain = write("plain", "#!/bin/sh\n", "644");
    let silent = write("silent", "#!/bin/sh\nexit 3\n", "755");
    let chatty = write("chatty", "#!/bin/sh\necho no server here >&2\nexit 1\n", "755");
    let cure = "a redis-server or a valkey-server";
    for (binary, cause) in [
        ("/no/such/server", "`/no/such/server` is not a program that can be run"),
        (folder.path().to_str().unwrap(), "is not a program that can be run"),
        (&plain, "is not a program that can be run"),
        (&silent, "ended (exit status: 3) before it answered"),
        (&chatty, "no server here"),
    ] {
        for layout in ["standalone", "3"] {
            let line = format!("--spawn={layout} --server-binary {binary} --keys 10");
            Case::new(&line).run().failed(cause, cure);
        }
    }
}

#[test]
fn a_password_for_other_servers_is_not_used() {
    let Some(server) = crate::common::Server::find("redis", "a_password_for_other_servers_is_not_used")
    else {
        return;
    };
    let line = format!("--spawn=standalone --server-binary {} --keys 10", server.binary.display());
    Case::new(&line).env("REDISCLI_AUTH", "of another server").run().exact();
}

#[test]
fn no_server_at_all_is_told() {
    let case = Case::new("--spawn --keys 10").env("PATH", "/no/such/folder");
    case.run().failed("neither valkey-server nor redis-server is on PATH", "install one of them");
}

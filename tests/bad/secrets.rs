//! A password appears in nothing that is written: not when it is right, not when it is wrong, and not
//! when the command line around it makes no sense.

use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use fillbench::target::Layout;

use crate::bad::case::{Case, Ran};
use crate::common::{Server, connect, on_each_server};

/// What no output may hold; it is part of every password here.
const CORE: &str = "hunter2";
/// A password with what terminals, shells, URIs and formats would stumble over.
const PASSWORD: &str = "%s\x1b[31m{hunter2}%41\t\"'$@:/é";
const ENCODED: &str = "%25s%1B%5B31m%7Bhunter2%7D%2541%09%22%27%24%40%3A%2F%C3%A9";

#[track_caller]
fn keeps_the_secret(ran: &Ran) {
    let everything = ran.everything();
    assert!(!everything.windows(CORE.len()).any(|part| part == CORE.as_bytes()), "{ran:?}");
    assert!(!everything.contains(&0x1b), "{ran:?}");
}

on_each_server! {
    async fn right_and_wrong_passwords_stay_secret(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let address = servers.addresses()[0];
        // Who is connected stays who he is.
        let mut admin = connect(address);
        let at = || Case::new(&format!("-p {} --keys 100", address.port()));
        let uri = |user: &str| format!("redis://{user}:{ENCODED}@{address}");
        for (stage, runs_well) in [("no password is set", false), ("the password is set", true)] {
            let cases = [
                at().args(["-a", PASSWORD]),
                at().args(["-a", PASSWORD, "--user", "default"]),
                at().env("REDISCLI_AUTH", PASSWORD),
                Case::new("--keys 100").args(["-u", &uri("")]),
                Case::new("--keys 100").args(["-u", &uri("default")]),
            ];
            for case in cases {
                let ran = case.run();
                keeps_the_secret(&ran);
                assert_eq!(ran.output.status.success(), runs_well || ran.told.contains("exact"), "{stage}: {ran:?}");
            }
            redis::cmd("CONFIG").arg("SET").arg("requirepass").arg(PASSWORD).exec(&mut admin).unwrap();
        }
        for wrong in ["hunter2", "hunter2 with spaces", "hunter2\r\nFLUSHALL\r\n", "-hunter2"] {
            let ran = at().args(["-a", wrong]).run();
            ran.failed("WRONGPASS", "check --user and --pass");
            keeps_the_secret(&ran);
        }
        let size: u64 = redis::cmd("DBSIZE").query(&mut admin).unwrap();
        assert_eq!(size, 100);
        let least = ["SETUSER", "least", "on", "reset", "on", &format!(">{PASSWORD}"), "+ping"];
        redis::cmd("ACL").arg(&least).exec(&mut admin).unwrap();
        let ran = at().args(["--user", "least", "-a", PASSWORD]).run();
        ran.failed("NOPERM", "grant");
        keeps_the_secret(&ran);
    }
}

#[test]
fn usage_errors_repeat_no_password() {
    for args in [
        &["-u", "redis://me:hunter2@host:99999"][..],
        &["-u", "redis://me:hunter2@host/database"],
        &["-u", "redis://me:hunter2@host?password=hunter2"],
        &["-u", "redis://me:hunter2@[::1"],
        &["-u", "redis://me:hunter2%ff@host"],
        &["-u", "hunter2@host"],
        &["-u", "hunter2://host"],
        &["-u", "redis://me:hunter2@host", "--user", "you"],
        &["-u", "redis://me:hunter2@host", "-a", "hunter2"],
        &["-u", "redis://me:hunter2@host", "-p", "1"],
        &["-a", "hunter2", "--askpass"],
        &["-a", "hunter2", "-a", "hunter2"],
        &["-a", "hunter2", "--spawn"],
        &["--askpass", "hunter2"],
        &["--passwd", "hunter2"],
        &["--passwd=hunter2"],
        &["redis://me:hunter2@host"],
    ] {
        let mut case = Case::new("--keys 10");
        for arg in args {
            case = case.args([arg]);
        }
        let ran = case.run();
        ran.refused("");
        keeps_the_secret(&ran);
    }
}

/// Without a terminal there is nobody to ask. `setsid` takes away the one that the test may run in.
#[test]
fn a_password_cannot_be_asked_for_without_a_terminal() {
    let mut command = Command::new("setsid");
    command.args(["--wait"]).arg(cargo_bin("fillbench")).args(["--keys", "10", "--askpass"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let told = crate::bad::case::flat(&String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("--askpass needs a terminal to ask on"), "{told}");
    assert!(told.contains("set REDISCLI_AUTH") && !told.contains("os error"), "{told}");
}

//! Questions: asked on a terminal, and refused where there is none.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use fillbench::target::Layout;

use crate::bad::case::Case;
use crate::common::{Server, ask, on_each_server};

fn holding_one_key(address: SocketAddr) -> u64 {
    let _: () = ask(address, "FLUSHALL");
    let _: () = ask(address, "SET precious 1");
    ask(address, "DBSIZE")
}

/// Runs the program in a terminal of its own, types each answer once it has asked that question, and gives its exit
/// code and all that the terminal showed.
fn in_a_terminal(line: &str, answers: &[(&str, &[u8])]) -> (Option<i32>, String) {
    let program = format!("{} {line}", cargo_bin("fillbench").display());
    let mut command = Command::new("timeout");
    command.args(["40", "script", "--quiet", "--return", "--command", &program, "/dev/null"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = Vec::new();
    let mut some = [0; 1024];
    let mut answers = answers.iter().peekable();
    loop {
        let count = screen.read(&mut some).unwrap();
        shown.extend_from_slice(&some[..count]);
        let has_asked = |(question, _): &&(&str, &[u8])| String::from_utf8_lossy(&shown).contains(question);
        if let Some((_, typed)) = answers.next_if(has_asked) {
            // As a person would: a password typed ahead of its prompt is on the screen already.
            std::thread::sleep(Duration::from_millis(200));
            keyboard.write_all(typed).unwrap();
        }
        if count == 0 {
            break;
        }
    }
    let shown = String::from_utf8(shown).unwrap();
    println!("{shown}");
    assert!(answers.peek().is_none(), "it did not ask: {shown}");
    (child.wait().unwrap().code(), shown)
}

on_each_server! {
    async fn without_a_terminal_nothing_is_deleted_unasked(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let address = servers.addresses()[0];
        let line = format!("-p {} --keys 100 --flush", address.port());
        Case::new(&line).run().exact();
        Case::new(&line).run().refused("holds 100 keys, which --flush deletes: give --yes if that is meant");
        assert_eq!(ask::<u64>(address, "DBSIZE"), 100);
        // A flush empties all databases, or the one that is named.
        holding_one_key(address);
        let _: () = ask(address, "SWAPDB 0 3");
        Case::new(&line).run().refused("holds 1 key, which");
        Case::new(&format!("{line} -n 1")).run().exact();
        assert!(ask::<String>(address, "INFO keyspace").contains("db3:keys=1"));
        Case::new(&format!("{line} --yes")).run().exact();
        assert_eq!(ask::<u64>(address, "DBSIZE"), 100);

        let servers = server.start(Layout::even(2)).await;
        let [first, second] = *servers.addresses() else { panic!("{servers:?}") };
        let line = format!("-p {} --keys 100 --flush", first.port());
        Case::new(&line).run().exact();
        Case::new(&line).run().refused(&format!("{first}, {second} hold 100 keys"));
    }

    async fn a_terminal_is_asked(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let address = servers.addresses()[0];
        let line = format!("-p {} --keys 100 --flush", address.port());
        let question = "holds 1 key. Delete it? [y/N]";
        for (typed, code, told) in [
            (&b"n\n"[..], 2, "the answer was no"),
            (b"\n", 2, "the answer was no"),
            (b"yesterday\n", 2, "the answer was no"),
            (b"\x04", 2, "the answer was no"),
            (b"\x03", 130, "interrupted"),
            (b"y\n", 0, "exact"),
        ] {
            holding_one_key(address);
            let (ended, shown) = in_a_terminal(&line, &[(question, typed)]);
            assert!(ended == Some(code) && shown.contains(told), "{ended:?} {shown}");
            let left = if code == 0 { 100 } else { 1 };
            assert_eq!(ask::<u64>(address, "DBSIZE"), left, "{shown}");
        }
    }

    async fn a_sweep_asks_once(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let address = servers.addresses()[0];
        let folder = tempfile::tempdir().unwrap();
        for (typed, code, told, left) in
            [(&b"n\n"[..], 2, "the answer was no", 1), (b"\x03", 130, "interrupted", 1), (b"y\n", 0, "swept: 4 runs", 100)]
        {
            holding_one_key(address);
            let out = folder.path().join(code.to_string());
            let line = format!(
                "sweep -p {} --keys 100 --writers 1,2 --repeat 2 --out {}", address.port(), out.display()
            );
            let (ended, shown) = in_a_terminal(&line, &[("holds 1 key. Delete it? [y/N]", typed)]);
            assert!(ended == Some(code) && shown.contains(told), "{ended:?} {shown}");
            assert_eq!(shown.matches("[y/N]").count(), 1, "{shown}");
            // The bar of what there is to do.
            assert_eq!(shown.contains("of 4 runs"), code == 0, "{shown}");
            assert_eq!((ask::<u64>(address, "DBSIZE"), out.exists()), (left, code == 0), "{shown}");
        }
    }

    async fn a_password_is_asked_for_and_not_shown(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let address = servers.addresses()[0];
        let _: () = ask(address, "CONFIG SET requirepass hunter2");
        let line = format!("-p {} --keys 100 --askpass", address.port());
        for (typed, code) in [(&b"hunter2\n"[..], 0), (b"hunter22\n", 1), (b"\x03", 130)] {
            let (ended, shown) = in_a_terminal(&line, &[("Password: ", typed)]);
            assert!(ended == Some(code) && !shown.contains("hunter2"), "{ended:?} {shown}");
        }
    }

    async fn whose_password_is_asked_for_is_told(server: &Server) {
        let sides = [server.start(Layout::Standalone).await, server.start(Layout::Standalone).await];
        let [base, new] = sides.each_ref().map(|side| side.addresses()[0]);
        for (address, password) in [(base, "hunter2"), (new, "hunter3")] {
            let _: () = ask(address, &format!("CONFIG SET requirepass {password}"));
        }
        let line = format!("compare --live redis://{base} redis://{new} --askpass --keys 10 --max-runs 8 --max-time 1ns");
        let answers: [(&str, &[u8]); 2] =
            [("Password of the base side: ", b"hunter2\n"), ("Password of the new side: ", b"hunter3\n")];
        let (ended, shown) = in_a_terminal(&line, &answers);
        assert!(ended == Some(5) && !shown.contains("hunter"), "{ended:?} {shown}");
        assert!(shown.contains("--max-time was over"), "{shown}");
    }
}

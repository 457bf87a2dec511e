//! Command lines and files that no sweep comes of: exit code 2, and nothing is done.

use std::net::SocketAddr;

use fillbench::server::{Server as Embedded, ServerOptions};

use crate::common::ask;
use crate::fill::run::Run;
use crate::sweep::folder::Folder;

fn embedded() -> Embedded {
    Embedded::start(&ServerOptions { masters: None, ..ServerOptions::default() }).unwrap()
}

#[track_caller]
fn assert_refused(run: &Run, says: &str) {
    assert_eq!(run.code, 2, "{run:?}");
    let said = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(says), "no `{says}` in {said}");
}

/// A server with a key that nobody may delete unasked.
fn with_a_key(server: &Embedded) -> SocketAddr {
    let address = server.addresses()[0];
    let _: () = ask(address, "SET precious 1");
    address
}

#[test]
fn without_consent_nothing_is_flushed() {
    let (server, folder) = (embedded(), Folder::new());
    let address = with_a_key(&server);
    let run = folder.begin_at(address, "--keys 100 --writers 1,2").end();
    assert_refused(&run, "holds 1 key, which a sweep deletes: give --yes if that is meant");
    assert_eq!(ask::<String>(address, "GET precious"), "1");
    assert!(!folder.out.exists());
    // An empty one needs none.
    let _: () = ask(address, "DEL precious");
    assert_eq!(folder.begin_at(address, "--keys 100 --repeat 1").end().code, 0);
    // What is there when it goes on may be anybody's.
    folder.rewrite(|sweep| {
        sweep["order"].as_array_mut().unwrap().push(serde_json::json!({"point": 1, "repeat": 2}));
    });
    assert_refused(&folder.resume("").end(), "holds 100 keys, which a sweep deletes");
    assert_eq!(ask::<u64>(address, "DBSIZE"), 100);
    assert_eq!(folder.resume("--yes").end().code, 0);
}

#[test]
fn a_file_is_told_by_file_line_and_key() {
    let folder = Folder::new();
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    let path = file.path().display();
    for (text, says) in [
        ("[grid]\nkeys = 10\nkey_size = [64, \"big\"]\n", ":3: key_size: `big` is not a size"),
        ("[grid]\nkeys = 10\nvalue-size = 64\n", ":3: value-size: is no parameter that can be swept"),
        ("repeats = 3\n[grid]\nkeys = 10\n", ":1: repeats: is unknown here"),
        ("[grid]\nkeys = 10\nwriters = 0\n", ":3: writers: `0` is neither"),
        ("[grid]\nkeys = \n", ":2: "),
    ] {
        std::fs::write(file.path(), text).unwrap();
        let run = folder.begin(&format!("{path} --embedded")).end();
        assert_eq!(run.code, 2, "{run:?}");
        let said = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(&format!("{path}{says}")), "no `{path}{says}` in {said}");
        assert!(!folder.out.exists());
    }
    // All at once.
    std::fs::write(file.path(), "repeat = 0\n[grid]\nkeys = 10\nreply = \"maybe\"\n").unwrap();
    let run = folder.begin(&format!("{path} --embedded")).end();
    assert!(run.stderr.contains(":1: repeat:") && run.stderr.contains(":4: reply:"), "{run:?}");
}

#[test]
fn another_grid_or_target_is_not_gone_on_with() {
    let (server, folder) = (embedded(), Folder::new());
    let address = server.addresses()[0];
    let grid = "--keys 100 --writers 1,2 --repeat 2";
    assert_eq!(folder.begin_at(address, &format!("{grid} --ttl 1h --yes")).end().code, 0);
    // The same again is allowed.
    let port = address.port();
    assert_eq!(folder.resume(&format!("{grid} -p {port}")).end().code, 0);
    for (words, says) in [
        ("--keys 100 --writers 1,2,3", "writers is 1, 2 there, and 1, 2, 3 here"),
        ("--keys 100", "writers is 1, 2 there, and nothing here"),
        ("--repeat 3", "has --repeat 2, and not 3"),
        ("--shuffle-seed 123456789", "and not 123456789"),
        ("--warm-up 20%", "has --warm-up 10%, and not 20%"),
        ("-p 1", "and not to 127.0.0.1:1"),
        ("-n 1", "went to database 0, and not to 1"),
        ("--embedded", "went to other servers"),
        ("--ttl 2h", "--ttl does not go with --resume"),
        ("--rate 100", "--rate does not go with --resume"),
    ] {
        assert_refused(&folder.resume(words).end(), says);
    }
    folder.rewrite(|sweep| {
        sweep["target"]["version"] = "0.0.1".into();
        sweep["order"].as_array_mut().unwrap().push(serde_json::json!({"point": 1, "repeat": 3}));
    });
    assert_refused(&folder.resume("--yes").end(), "the sweep began on other servers");
    folder.rewrite(|sweep| sweep["schema"] = "fillbench.sweep/2".into());
    assert_refused(&folder.resume("--yes").end(), "is written as `fillbench.sweep/2`");
}

#[test]
fn folders_are_new_or_those_of_a_sweep() {
    let folder = Folder::new();
    assert_refused(&folder.resume("").end(), "there is no folder");
    std::fs::create_dir(&folder.out).unwrap();
    assert_refused(&folder.resume("").end(), "holds no sweep.json");
    std::fs::write(folder.out.join("mine"), "").unwrap();
    let run = folder.begin("--embedded --keys 100").end();
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("is not empty"), "{run:?}");
    for words in [
        "--embedded --writers 1,2",
        "--embedded --keys 1 --data 1",
        "--embedded --keys 1..100000+1 --repeat 99",
    ] {
        let run = Folder::new().begin(words).end();
        assert_eq!(run.code, 2, "{words}: {run:?}");
    }
}

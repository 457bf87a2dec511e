//! Command lines, files and folders that no sweep comes of: it says why, and nothing is done.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use fillbench::server::{Server as Embedded, ServerOptions};

use crate::common::ask;
use crate::fill::run::Run;
use crate::sweep::folder::Folder;

fn embedded() -> Embedded {
    Embedded::start(&ServerOptions { masters: None, ..ServerOptions::default() }).unwrap()
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn assert_refused(run: &Run, says: &str) {
    assert_eq!(run.code, 2, "{run:?}");
    let said = flat(&run.stderr);
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
    // What it is about is told before that.
    let said = flat(&run.stderr);
    let (plan, question) =
        (said.find("sweeping 2 points 3 times: 6 runs, 600 keys"), said.find("holds 1 key"));
    assert!(plan.is_some() && plan < question, "{said}");
    assert!(said.contains("takes 0:00 to send at 1 GB/s; more is known after the first warm-up"), "{said}");
    assert_eq!(ask::<String>(address, "GET precious"), "1");
    assert!(!folder.out.exists());
    // An empty one needs none.
    let _: () = ask(address, "DEL precious");
    assert_eq!(folder.begin_at(address, "--keys 100 --repeat 1").end().code, 0);
    // What is there when it goes on may be anybody's.
    folder.rewrite(|sweep| {
        sweep["order"].as_array_mut().unwrap().push(serde_json::json!({"point": 1, "repeat": 2}));
    });
    let run = folder.resume("").end();
    assert_refused(&run, "holds 100 keys, which a sweep deletes");
    assert!(flat(&run.stderr).contains("by the runs that are there"), "{run:?}");
    assert_eq!(ask::<u64>(address, "DBSIZE"), 100);
    assert_eq!(folder.resume("--yes").end().code, 0);
}

/// Writes a key again and again that is nobody's but its own, until it is told to end.
fn keep_writing(address: SocketAddr, ended: Arc<AtomicBool>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        while !ended.load(Ordering::Relaxed) {
            let _: () = ask(address, "SET precious 1");
            std::thread::sleep(Duration::from_millis(20));
        }
    })
}

#[test]
fn keys_that_others_write_meanwhile_are_not_flushed() {
    // Each run takes half a second.
    let grid = "--keys 10000 --key-size 32 --value-size 64 --writers 1,2 --repeat 2 --rate 20000 --warm-up 0";
    let (server, folder) = (embedded(), Folder::new());
    let address = server.addresses()[0];
    let (mut running, ended) = (folder.begin_at(address, grid), Arc::new(AtomicBool::new(false)));
    running.until(|| folder.runs() >= 1);
    let others = keep_writing(address, ended.clone());
    let run = running.end();
    ended.store(true, Ordering::Relaxed);
    others.join().unwrap();
    assert_refused(
        &run,
        "holds 10,001 keys, and had 10,000 of the run before: somebody else writes there, too",
    );
    let (said, kept) = (flat(&run.stderr), folder.runs());
    assert!((1..4).contains(&kept), "{run:?}");
    for part in [
        &format!("stopped: {kept} of 4 runs are kept, all exact"),
        "give --yes if all of it may be deleted",
        &format!("to go on: fillbench sweep --resume {}", folder.out.display()),
    ] {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    assert_eq!(ask::<String>(address, "GET precious"), "1");
    assert_refused(&folder.resume("").end(), "holds 10,001 keys, which a sweep deletes");
    assert_eq!(ask::<String>(address, "GET precious"), "1");
    // Who says yes says it for all runs.
    ended.store(false, Ordering::Relaxed);
    let others = keep_writing(address, ended.clone());
    let run = folder.resume("--yes").end();
    ended.store(true, Ordering::Relaxed);
    others.join().unwrap();
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(folder.assert_whole().len(), 4);
}

/// What a file is refused with; nothing is made.
#[track_caller]
fn assert_file_refused(text: &str, options: &str, says: &[&str]) {
    let folder = Folder::new();
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    let path = file.path().display();
    std::fs::write(file.path(), text).unwrap();
    let run = folder.begin(&format!("{path} --embedded {options}")).end();
    assert_eq!(run.code, 2, "{run:?}");
    let said = flat(&run.stderr);
    for says in says {
        assert!(said.contains(&format!("{path}{says}")), "no `{path}{says}` in {said}");
    }
    assert!(!folder.out.exists());
}

#[test]
fn a_file_is_told_by_file_line_and_key() {
    for (text, says) in [
        ("[grid]\nkeys = 10\nkey_size = [64, \"big\"]\n", &[":3: key_size: `big` is not a size"][..]),
        ("[grid]\nkeys = 10\nvalue-size = 64\n", &[":3: value-size: is no parameter that can be swept"]),
        ("repeats = 3\n[grid]\nkeys = 10\n", &[":1: repeats: is unknown here"]),
        ("[grid]\nkeys = 10\nwriters = 0\n", &[":3: writers: `0` is neither"]),
        ("[grid]\nkeys = \n", &[":2: "]),
        (
            "[grid]\nkeys = 10\ndata = 1\n",
            &[":3: data: says again how much each run fills: leave out this or keys"],
        ),
        // All at once.
        ("repeat = 0\n[grid]\nkeys = 10\nreply = \"maybe\"\n", &[":1: repeat: ", ":4: reply: "]),
    ] {
        assert_file_refused(text, "", says);
    }
    // A pipe or a device may never end.
    let long = format!("[grid]\nkeys = 10\n{}", "#".repeat(1 << 20));
    assert_file_refused(&long, "", &[": no grid is so long"]);
}

#[test]
fn settings_that_do_not_go_together_are_told_by_file_line_and_key() {
    let small_keys = "[grid]\nkeys = [10,\n  200000]\nkey_size = [64,\n  7]\n";
    for (text, options, says) in [
        (
            "[grid]\nkeys = 10\ncommand = \"set,mset\"\norder = [\"slot\",\n  \"stride\"]\n",
            "",
            ":3: command, with order on line 5: point 4 (command mset, order stride): --command mset does not stride",
        ),
        (
            "[grid]\nkeys = 10\norder = \"stride\"\n",
            "--command mset",
            ":3: order, with --command: point 1 (the one point): --command mset does not stride",
        ),
        (
            "[grid]\nkeys = 10\nvalue_size = [16, \"600MiB\"]\n",
            "",
            ":3: value_size: point 2 (value_size 629145600): a value of 629145600 bytes is too large",
        ),
        ("[grid]\nkeys = [10, 0]\n", "", ":2: keys: point 2 (keys 0): a fill of 0 keys writes nothing"),
        (
            small_keys,
            "",
            ":3: keys, with key_size on line 5: point 4 (key_size 7, keys 200000): a key of 7 bytes has no room",
        ),
    ] {
        assert_file_refused(text, options, &[says]);
    }
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
    let sweep = serde_json::to_value(folder.sweep()).unwrap();
    let one_more = |sweep: &mut serde_json::Value| {
        sweep["order"].as_array_mut().unwrap().push(serde_json::json!({"point": 1, "repeat": 3}));
    };
    // Before anybody is asked whether what is there may be deleted.
    for (place, value, says) in [
        (
            "/target/version",
            "0.0.1".into(),
            "the sweep began on other servers (attached standalone of 1 with fillbench 0.0.1)",
        ),
        ("/program/version", "0.0.1".into(), "the sweep was begun by fillbench 0.0.1, and this is "),
        ("/host/cpus", serde_json::json!(12_345), "the sweep was begun on another machine (12345 × "),
    ] {
        folder.rewrite(|changed| {
            *changed = sweep.clone();
            one_more(changed);
            *changed.pointer_mut(place).unwrap() = value;
        });
        assert_refused(&folder.resume("").end(), says);
        assert_eq!(ask::<u64>(address, "DBSIZE"), 100);
    }
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
    let said = flat(&run.stderr);
    assert!(
        said.contains("is not empty try: give --out a new or empty folder; a sweep that is in it goes on"),
        "{said}"
    );
    assert_eq!(std::fs::read_dir(&folder.out).unwrap().count(), 1);
    for (words, says) in [
        ("--embedded --writers 1,2", "how much each run fills is not said: give --data SIZES"),
        ("--embedded --keys 1 --data 1", "cannot be used with"),
        ("--embedded --keys 1..100000+1 --repeat 99", "--keys: has more than 1000 settings"),
        ("--embedded --keys 1..1000+1 --repeat 101", "the grid comes to more than 100000 runs"),
        (
            "--embedded --keys 1 --command set,mset --order slot,stride",
            "point 4 (command mset, order stride): ",
        ),
    ] {
        let folder = Folder::new();
        assert_refused(&folder.begin(words).end(), says);
        assert!(!folder.out.exists(), "{words}");
    }
}

#[test]
fn one_that_was_killed_before_it_began_is_in_nobodys_way() {
    // Who connects there is not answered.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = Folder::new();
    let mut running = folder.begin_at(silent.local_addr().unwrap(), "--keys 100");
    running.until(|| folder.out.join("runs").exists());
    running.signal("KILL");
    assert_eq!(running.end().code, 128 + 9);
    assert!(folder.out.exists());
    let run = folder.begin("--embedded=standalone --keys 100 --repeat 1").end();
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(folder.assert_whole().len(), 1);
}

/// All tables of a folder.
fn tables(out: &Path) -> Vec<String> {
    ["runs.csv", "intervals.csv", "latency.csv"]
        .map(|name| std::fs::read_to_string(out.join(name)).unwrap())
        .into()
}

#[test]
fn rows_that_cannot_be_read_are_refused_and_nothing_is_lost() {
    let folder = Folder::new();
    let run = folder.begin("--embedded=standalone --keys 100 --writers 1,2 --repeat 2 --warm-up 0").end();
    assert_eq!(run.code, 0, "{run:?}");
    let table = folder.out.join("runs.csv");
    let whole = std::fs::read_to_string(&table).unwrap();
    let rows: Vec<&str> = whole.split_inclusive('\n').collect();
    let without = |row: usize| [&rows[..row], &rows[row + 1..]].concat().concat();
    for (text, says) in [
        (
            whole.replacen(rows[2], "torn\n", 1),
            "runs.csv, row 3: has too few cells, or too many try: put a copy",
        ),
        (String::new(), "runs.csv has lost its rows, and "),
        (rows[0].into(), "the records of 4 runs try: put a copy of it back"),
    ] {
        std::fs::write(&table, text).unwrap();
        let before = tables(&folder.out);
        let run = folder.resume("").end();
        assert_eq!(run.code, 1, "{run:?}");
        let said = flat(&run.stderr);
        assert!(said.contains(says), "no `{says}` in {said}");
        assert_eq!(tables(&folder.out), before);
        assert_eq!(std::fs::read_dir(folder.out.join("runs")).unwrap().count(), 4);
    }
    // A row that somebody took out is a run to be done again, and what else there was of it goes.
    std::fs::write(&table, without(2)).unwrap();
    let run = folder.resume("").end();
    assert_eq!(run.code, 0, "{run:?}");
    let taken = rows[2].split(',').next().unwrap();
    let says = format!("caution: runs.csv has no row of 1 run ({taken}): what else there was is taken away");
    assert!(flat(&run.stderr).contains(&says), "{run:?}");
    assert!(!tables(&folder.out).concat().contains(taken));
    assert_eq!(folder.runs(), 4);
    // The last one may have been cut off.
    let whole = std::fs::read_to_string(&table).unwrap();
    std::fs::write(&table, &whole[..whole.len() - 1]).unwrap();
    let run = folder.resume("").end();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(flat(&run.stderr).contains("caution: runs.csv ended within a row"), "{run:?}");
    assert_eq!(folder.runs(), 4);
}

//! `--embedded`: every way to fill ends with every key, and the record says what was filled.

use std::time::Duration;

use fillbench::results::{LimitedBy, Record, Verdict};

use crate::common::fillbench;
use crate::fill::data::Data;
use crate::fill::run::{Run, Running, begin};

fn start(data: &Data, args: &str) -> Running {
    let mut all = data.args();
    all.extend(args.split_whitespace().map(Into::into));
    all.push("--json".into());
    begin(&all, &[])
}

fn fill(data: &Data, args: &str) -> Run {
    start(data, args).end()
}

/// What is true of every record of an embedded run.
#[track_caller]
fn assert_embedded(record: &Record, mode: &str, masters: u64) {
    let target = &record.target;
    assert_eq!([&*target.kind, &*target.mode, &*target.server], ["embedded", mode, "fillbench"]);
    assert_eq!((&*target.version, target.masters), (env!("CARGO_PKG_VERSION"), masters));
    assert!(record.servers.iter().all(|server| server.version.starts_with("fillbench ")), "{record:?}");
    assert!(record.options.address.is_empty(), "{record:?}");
}

#[test]
fn on_any_number_of_masters() {
    for (layout, mode, masters) in [
        ("--embedded", "cluster", 3),
        ("--embedded=1", "cluster", 1),
        ("--embedded=7", "cluster", 7),
        ("--embedded=standalone", "standalone", 1),
    ] {
        for keys in [1, 5, 16_383, 50_001] {
            let run = fill(&Data::of(keys), layout);
            let record = run.assert_exact();
            assert_embedded(&record, mode, masters);
            assert_eq!(record.account.proven_by.get("count"), Some(&keys), "{run:?}");
            assert_eq!(record.servers.iter().map(|server| server.keys).sum::<u64>(), keys, "{run:?}");
        }
    }
}

#[test]
fn whatever_way_they_are_sent() {
    for (args, [command, order, reply], by) in [
        ("--flush", ["MSET", "slot", "off"], "count"),
        ("--flush --yes", ["MSET", "slot", "off"], "count"),
        ("--ttl 1h", ["SET", "slot", "off"], "read"),
        ("--command set", ["SET", "slot", "off"], "count"),
        ("--command mset", ["MSET", "slot", "off"], "count"),
        ("--order stride", ["SET", "stride", "off"], "count"),
        ("-w 4", ["MSET", "slot", "off"], "count"),
        ("--reply on", ["MSET", "slot", "on"], "count"),
        ("--reply on --command set", ["SET", "slot", "on"], "count"),
        ("--pipeline-depth 2000 --threads 2", ["MSET", "slot", "off"], "count"),
        ("--pipeline-depth 1 --window 1", ["MSET", "slot", "off"], "count"),
        ("--serial", ["MSET", "slot", "off"], "count"),
    ] {
        for layout in ["--embedded", "--embedded=standalone"] {
            let data = Data::of(40_000);
            let run = fill(&data, &format!("{layout} {args}"));
            let record = run.assert_exact();
            let done = &record.done;
            assert_eq!([&done.command, &done.order, &done.reply], [command, order, reply], "{run:?}");
            assert_eq!(record.account.proven_by.get(by), Some(&data.keys), "{run:?}");
        }
    }
}

#[test]
fn with_keys_and_values_of_any_size() {
    for data in [
        Data::sized(20_000, 20, 0),
        Data::sized(400, 32, 70 << 10),
        Data::sized(3, 32, 40 << 20),
        Data::sized(300, 65_536, 16),
        Data { prefix: "a:b}c ", ..Data::sized(20_000, 40, 40) },
    ] {
        for args in ["", "--command set --pipeline-depth 3 --writers 2"] {
            fill(&data, &format!("--embedded {args}")).assert_exact();
        }
    }
}

#[test]
fn no_faster_than_the_rate_allows() {
    let run = fill(&Data::of(20_000), "--embedded --rate 40000");
    let record = run.assert_exact();
    assert!(record.seconds.fill > 0.4 && record.rates.keys_per_second < 50_000.0, "{run:?}");
    assert_eq!(record.limited_by, LimitedBy::Rate);
}

#[test]
fn the_servers_processor_time_is_not_the_clients() {
    // Most of what is executed here costs the servers more than the client, and it lasts long enough to be judged.
    let record = fill(&Data::of(2_000_000), "--embedded=2 --command set --threads 1").assert_exact();
    let cpu = |server: &fillbench::results::Server| {
        server.cpu_user_seconds.unwrap() + server.cpu_system_seconds.unwrap()
    };
    let servers: f64 = record.servers.iter().map(cpu).sum();
    let client = record.client.cpu_seconds;
    assert!(servers > 0.0 && client >= 0.0, "{client} beside {servers}");
    // One thread has no more time than there is; the servers' would come on top of it.
    assert!(client <= 1.1 * record.seconds.fill + 0.1, "{client} in {} s", record.seconds.fill);
    // Unless others take the processors, which is said.
    let is_crowded = record.limited_by_because.contains("which were too few");
    assert!(record.limited_by != LimitedBy::Unknown || is_crowded, "{record:?}");
    assert_ne!(record.limited_by, LimitedBy::Network, "{record:?}");
    // The servers' threads are found in this process, too.
    assert!(record.busy.master_delayed.is_some(), "{record:?}");
}

#[test]
fn what_is_left_for_others_to_read() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let run = fill(&Data::of(30_000), &format!("--embedded --out {}", out.display()));
    let record = run.assert_exact();
    assert_eq!(std::fs::read_to_string(out.join("run.json")).unwrap(), run.stdout);
    assert_eq!((record.options.embedded.as_deref(), record.options.discard), (Some("3"), false));
    let told = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "embedded cluster of 3 masters, fillbench ",
        "MiB with the servers",
        "after, as the servers count it",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn an_interrupted_run_says_what_it_did() {
    for signal in ["INT", "TERM"] {
        let data = Data::of(500_000);
        let mut running = start(&data, "--embedded --rate 20000");
        running.until_said("filling");
        std::thread::sleep(Duration::from_millis(500));
        running.signal(signal);
        let run = running.end();
        let record = run.record();
        assert_eq!((run.code, record.verdict), (130, Verdict::Interrupted), "{run:?}");
        let account = &record.account;
        assert!(account.executed > 0 && account.executed < data.keys, "{run:?}");
        assert_eq!((account.proven, account.missing, account.suspect), (0, None, data.keys), "{run:?}");
        // Nobody asked the servers any more, so whose time it was is not known.
        assert!(run.stderr.contains("with the servers"), "{run:?}");
        assert!(run.took < Duration::from_secs(10), "{run:?}");
    }
}

#[test]
fn a_run_that_is_out_of_time() {
    let data = Data::of(500_000);
    let run = fill(&data, "--embedded --rate 20000 --deadline 400ms");
    let record = run.record();
    assert_eq!((run.code, record.verdict), (1, Verdict::Failed), "{run:?}");
    run.assert_error(&["the deadline of 400ms is over"]);
    assert_eq!((record.account.missing, record.account.suspect), (None, data.keys), "{run:?}");
    assert!(run.took < Duration::from_secs(5), "{run:?}");
}

#[test]
fn what_is_discarded_is_counted_and_never_proven() {
    for args in ["", "=standalone", "=1 --command set", "=7 -w 2 --ttl 1h", " --flush --reply on"] {
        let data = Data::of(50_000);
        let run = fill(&data, &format!("--embedded{args} --discard"));
        let record = run.record();
        assert_eq!((run.code, record.verdict, &record.error), (0, Verdict::Discarded, &None), "{run:?}");
        let account = &record.account;
        assert_eq!((account.planned, account.executed), (data.keys, data.keys), "{run:?}");
        assert_eq!((account.proven, account.missing, account.wrong), (0, None, None), "{run:?}");
        assert_eq!((account.suspect, account.refused), (data.keys, 0), "{run:?}");
        assert!(record.options.discard && record.client.cpu_seconds >= 0.0, "{run:?}");
        assert!(run.stderr.contains("discarded: 50,000 keys were sent"), "{run:?}");
        assert!(!run.stderr.contains("neither proven"), "{run:?}");
    }
}

#[test]
fn options_that_do_not_go_together() {
    for (args, cause) in [
        ("--embedded -h 127.0.0.1", "--embedded starts servers of its own"),
        ("--embedded -p 7000", "--embedded starts servers of its own"),
        ("--embedded -u redis://127.0.0.1:7000", "--embedded starts servers of its own"),
        ("--embedded -s /tmp/no.sock", "--embedded starts servers of its own"),
        ("--embedded -a password", "--embedded starts servers of its own"),
        ("--embedded --tls", "--embedded starts servers of its own"),
        ("--embedded --spawn", "cannot be used with"),
        ("--embedded=0", "--embedded"),
        ("--embedded=many", "--embedded"),
        ("--discard", "--embedded"),
        ("--spawn --discard", "cannot be used with"),
    ] {
        let output = fillbench(args.split(' ').chain(["--keys", "10", "--json"])).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args}: {told}");
        assert!(told.split_whitespace().collect::<Vec<_>>().join(" ").contains(cause), "{args}: {told}");
    }
}

#[test]
fn a_password_for_other_servers_is_not_used() {
    let mut command = fillbench(["--embedded=standalone", "--keys", "10", "--json"]);
    let output = command.env("REDISCLI_AUTH", "of another server").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

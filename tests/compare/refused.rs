//! What is not compared, with the cause and the cure, and exit code 2.

use std::fs;

use crate::common::fillbench;
use crate::compare::made::{Place, STEADY, compare, times};

#[test]
fn what_is_not_comparable_is_refused_unless_told() {
    let place = Place::new();
    let base = place.table("base.csv", &STEADY, &[]);
    for (what, column, cell, cause) in [
        ("server", "target_server", "redis", "new.csv, row 2 with redis "),
        ("server", "target_version", "99.1", " 99.1"),
        ("machine", "host_cpu_model", "other", "× other"),
        ("machine", "host_cpus", "99", "99 ×"),
        ("machine", "host_memory_bytes", "1073741824", "1.0 GiB"),
        ("machine", "host_os", "Plan 9", "Plan 9"),
        ("target", "target_kind", "spawned", "1 master (spawned cluster)"),
        ("target", "target_mode", "standalone", "1 master (embedded standalone)"),
        ("target", "target_masters", "5", "5 masters"),
        ("target", "target_replicas", "3", "servers of its own and 3 replicas"),
        ("target", "address", "db.example:6379", "new.csv, row 2 with db.example and 0 replicas"),
        ("verdict", "verdict", "missing", "new.csv, row 2 ended as `missing`; 6 more likewise"),
        ("verdict", "verdict", "discarded", "ended as `discarded`"),
        ("client", "limited_by", "client", "was limited by the client, and says nothing of the servers"),
        ("rate", "limited_by", "rate", "was limited by --rate"),
        ("resumed", "resumed_times", "1", "went on from another"),
    ] {
        let new = place.table("new.csv", &times(0.8), &[(column, cell)]);
        let despite = format!("--despite {what}");
        compare(&base, &new, "").refused(cause, &despite);
        compare(&base, &new, "--json").refused(cause, &despite);
        compare(&base, &new, &despite).ended(4, "regression").says(&format!("despite {what}"));
    }
}

#[test]
fn all_that_is_in_the_way_is_told_at_once() {
    let place = Place::new();
    let base = place.table("base.csv", &STEADY, &[]);
    let new = place.table("new.csv", &STEADY, &[("target_server", "redis"), ("host_cpus", "99")]);
    compare(&base, &new, "").refused("99 ×", "--despite server,machine");
    compare(&base, &new, "--despite server").refused("99 ×", "--despite machine");
    compare(&base, &new, "--despite machine,server").ended(0, "no change").says("despite server, machine");
}

#[test]
fn what_cannot_be_read_is_told_with_what_would_do() {
    let place = Place::new();
    let good = place.table("good.csv", &STEADY, &[]);
    compare(&place.path("nowhere"), &good, "").refused("nowhere: no such file", "name a file or folder");
    let empty = place.path("empty");
    fs::create_dir(&empty).unwrap();
    compare(&good, &empty, "").refused("empty holds no runs", "what fills left with --out or --csv");
    for (name, text, cause) in [
        ("a.csv", "run,start_seconds\nx,1\n", "it has no columns run and verdict"),
        ("b.csv", "", "it has no columns run and verdict"),
        ("c.json", "{", "c.json holds no runs: "),
        ("d.json", "{}", "d.json has no field schema"),
        ("e.json", "{\"schema\": \"fillbench.run/9\"}", "is written as `fillbench.run/9`"),
        (
            "f.csv",
            "run,verdict,schema\nx,exact,fillbench.run/9\n",
            "f.csv, row 2 is written as `fillbench.run/9`",
        ),
    ] {
        let path = place.path(name);
        fs::write(&path, text).unwrap();
        compare(&good, &path, "").refused(cause, "");
    }
    compare(&good, &good, "").refused("is on both sides", "name the runs before a change first");
}

#[test]
fn what_a_row_lacks_is_named_by_file_row_and_column() {
    let place = Place::new();
    let good = place.table("good.csv", &STEADY, &[]);
    let text = fs::read_to_string(place.table("bad.csv", &STEADY, &[])).unwrap();
    let bad = place.path("bad.csv");
    fs::write(&bad, text.replacen("host_cpus", "cpus_of_host", 1)).unwrap();
    compare(&good, &bad, "").refused("bad.csv, row 2 has no column host_cpus", "as fillbench wrote it");
    // A line that was cut off, in the middle and at the end.
    let lines: Vec<_> = text.lines().collect();
    let cut = [&lines[..4], &[&lines[4][..60]]].concat().join("\n");
    fs::write(&bad, format!("{cut}\n{}\n", lines[5])).unwrap();
    compare(&good, &bad, "").refused("bad.csv, row 5 has no column ", "as fillbench wrote it");
    fs::write(&bad, cut).unwrap();
    compare(&good, &bad, "").refused("bad.csv, row 5 is cut off", "take that row out");
    for (column, cell, kind) in [
        ("host_cpus", "two", "whole number"),
        ("keys_per_second", "", "number"),
        ("tls", "yes", "`true` or `false`"),
        ("asked_writers", "1.5", "whole number"),
    ] {
        let bad = place.table("bad.csv", &STEADY[..1], &[(column, cell)]);
        let cause = format!("bad.csv, row 2: column {column} is `{cell}`, which is no {kind}");
        compare(&good, &bad, "").refused(&cause, "as fillbench wrote it");
    }
    let bad = place.record("run.json", 1.0, &[("client.host.cpus", "two".into())]);
    compare(&good, &bad, "").refused("run.json: field client.host.cpus is `two`", "");
    let text = fs::read_to_string(&bad).unwrap().replace("\"cpu_user_seconds\"", "\"other\"");
    fs::write(&bad, text.replace("\"two\"", "2")).unwrap();
    compare(&good, &bad, "").refused("run.json has no field servers.cpu_user_seconds", "");
}

#[test]
fn a_command_line_has_to_make_sense() {
    for (line, cause) in [
        ("compare", "<BASE> <NEW>"),
        ("compare a", "<NEW>"),
        ("compare a b c", "only compare, report and merge take words"),
        ("compare a b --threshold 3", "write percent"),
        ("compare a b --threshold 0%", "is not a share"),
        ("compare a b --metric speed", "keys_per_second"),
        ("compare a b --despite weather", "server, machine, target, points, verdict, client, rate, resumed"),
        ("compare a b --format json", "text, markdown"),
        ("compare a b --json --format markdown", "cannot be used with"),
    ] {
        let output = fillbench(line.split(' ')).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{told}");
        assert!(told.contains(cause), "{cause:?} is not in {told:?}");
    }
    let help = fillbench(["compare", "--help"]).output().unwrap();
    assert_eq!(help, fillbench(["compare", "-h"]).output().unwrap());
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("Exit codes:") && help.lines().all(|line| line.chars().count() <= 100), "{help}");
}

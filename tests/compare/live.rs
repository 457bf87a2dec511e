//! `compare --live`: servers that are filled in turns. Nothing rests on how fast this machine is: what must be equal
//! is paced, and what must be slower is made slower many times over.

use std::path::Path;

use fillbench::results::{Comparison, ComparisonVerdict, LiveEnd};
use fillbench::server::{Server as Embedded, ServerOptions};

use crate::common::{Server, ask, fillbench};
use crate::fill::run::{Run, Running, begin};

/// Eight runs of each side: so few can just tell.
const SHORT: &str =
    "--keys 200 --key-size 16 --value-size 32 --command set --max-runs 8 --warm-up 0 --despite client,rate";

fn embedded() -> Embedded {
    Embedded::start(&ServerOptions { masters: None, ..ServerOptions::default() }).unwrap()
}

fn uri(server: &Embedded) -> String {
    format!("redis://{}", server.addresses()[0])
}

fn live(sides: [&str; 2], words: &str) -> Running {
    let all = ["compare", "--live"].into_iter().chain(sides.into_iter().filter(|side| !side.is_empty()));
    let all: Vec<String> = all.chain(words.split_whitespace()).map(Into::into).collect();
    begin(&all, &[])
}

/// Shows what a person sees (`cargo test -- --nocapture`), and looks for what nobody should see.
#[track_caller]
fn end(running: Running) -> Run {
    let run = running.end();
    println!("$ fillbench {}\n{}{}[{}]\n", run.what, run.stderr, run.stdout, run.code);
    for torn in ["panicked", "Some(", "Err(", "NaN", "(os error"] {
        assert!(!run.stdout.contains(torn) && !run.stderr.contains(torn), "`{torn}` in {run:?}");
    }
    run
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn kept(out: &Path) -> Comparison {
    serde_json::from_slice(&std::fs::read(out.join("comparison.json")).unwrap()).unwrap()
}

/// How many runs of both sides are written down.
fn runs(out: &Path) -> usize {
    let of = |side| {
        let table = csv::Reader::from_path(out.join(side).join("runs.csv"));
        table.map_or(0, |mut table| table.records().map_while(Result::ok).count())
    };
    of("base") + of("new")
}

#[test]
fn servers_that_are_alike_are_never_called_slower() {
    let (base, new) = (embedded(), embedded());
    let paced = "--keys 2000 --key-size 16 --value-size 32 --rate 20000 --max-runs 8 --threshold 50% --despite client,rate";
    let run = end(live([&uri(&base), &uri(&new)], paced));
    assert!([0, 5].contains(&run.code), "{run:?}");
    let (said, shown) = (flat(&run.stderr), flat(&run.stdout));
    for word in
        ["comparing 127.0.0.1:", "up to 8 runs of each", "pair 1: ", "so far ", "look 1 of 1, 8 pairs: "]
    {
        assert!(said.contains(word), "no `{word}` in {run:?}");
    }
    for word in ["keys_per_second", "8+8", "live 8 pairs in turns, looked at after 8 (planned: 8)"] {
        assert!(shown.contains(word), "no `{word}` in {run:?}");
    }
    assert!(run.stdout.lines().chain(run.stderr.lines()).all(|line| line.chars().count() < 80), "{run:?}");
    // Each holds what its last run filled, and nothing of the warm-ups.
    for server in [&base, &new] {
        assert_eq!(ask::<u64>(server.addresses()[0], "DBSIZE"), 2000);
    }
}

#[test]
fn a_slower_server_is_a_regression_and_its_folders_say_the_same() {
    let (base, new, place) = (embedded(), embedded(), tempfile::tempdir().unwrap());
    let _: () = ask(new.addresses()[0], "FILLBENCH FAULT delay=2ms");
    let out = place.path().join("out");
    let words = format!("{SHORT} --quiet --json --shuffle-seed 7 --out {}", out.display());
    let run = end(live([&uri(&base), &uri(&new)], &words));
    assert_eq!((run.code, run.stderr.as_str()), (4, ""), "{run:?}");
    let comparison: Comparison = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(comparison, kept(&out));
    let told = comparison.live.unwrap();
    assert_eq!((comparison.verdict, told.ended), (ComparisonVerdict::Regression, LiveEnd::Settled));
    assert_eq!((told.shuffle_seed, told.pairs.len(), runs(&out)), (7, 8, 16));
    let markdown = std::fs::read_to_string(out.join("comparison.md")).unwrap();
    assert!(markdown.contains("**regression**"), "{markdown}");
    // The runs stand in the order of the pairs, and nothing of the warm-ups.
    let table = std::fs::read_to_string(out.join("new/runs.csv")).unwrap();
    let rows: Vec<_> = table.lines().skip(1).collect();
    let ids: Vec<_> = told.pairs.iter().map(|pair| pair.new.as_str()).collect();
    assert!(rows.iter().zip(&ids).all(|(row, id)| row.starts_with(id)) && rows.len() == 8, "{table}");
    assert!(
        !out.join("new/sweep.json").exists() && out.join("new/runs").join(ids[0]).join("run.json").exists()
    );

    let read =
        fillbench(["compare", "--despite", "client"]).arg(out.join("base")).arg(out.join("new")).output();
    assert_eq!(read.unwrap().status.code(), Some(4));
    // It goes in the other direction, too, and is told in colour to nobody but a terminal.
    let run = end(live([&uri(&new), &uri(&base)], &format!("{SHORT} --yes --format markdown")));
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.starts_with("### fillbench: better") && !run.stdout.contains('\x1b'), "{run:?}");
    // The same folder is not taken twice.
    let run = end(live([&uri(&base), &uri(&new)], &format!("{words} --yes")));
    assert!(run.code == 1 && run.stderr.contains("is not empty"), "{run:?}");
}

#[test]
fn an_interrupted_comparison_keeps_everything() {
    let (base, new, place) = (embedded(), embedded(), tempfile::tempdir().unwrap());
    let out = place.path().join("out");
    let words =
        "--keys 10000 --key-size 16 --value-size 32 --rate 50000 --despite client,rate --warm-up 0 --out";
    let mut running = live([&uri(&base), &uri(&new)], &format!("{words} {}", out.display()));
    running.until(|| runs(&out) >= 3);
    running.signal("INT");
    let run = end(running);
    assert_eq!(run.code, 130, "{run:?}");
    assert!(run.stdout.starts_with("inconclusive"), "{run:?}");
    assert!(flat(&run.stdout).contains("it was interrupted after"), "{run:?}");
    assert!(run.stderr.contains("interrupted after ") && run.stderr.contains("results in "), "{run:?}");
    let comparison = kept(&out);
    let told = comparison.live.unwrap();
    assert_eq!((comparison.verdict, told.ended), (ComparisonVerdict::Inconclusive, LiveEnd::Interrupted));
    assert!(told.looks.is_empty() && told.pairs.len() * 2 <= runs(&out) && runs(&out) >= 3, "{told:?}");
}

#[test]
fn a_side_that_dies_ends_it_after_a_few_runs() {
    let (base, new, place) = (embedded(), embedded(), tempfile::tempdir().unwrap());
    let out = place.path().join("out");
    let words = format!("{SHORT} --rate 1000 --recovery-timeout 1s --out {}", out.display());
    let mut running = live([&uri(&base), &uri(&new)], &words);
    running.until(|| runs(&out) >= 2);
    let address = new.addresses()[0];
    drop(new);
    let run = end(running);
    assert_eq!(run.code, 1, "{run:?}");
    let said = flat(&run.stderr);
    assert!(
        said.contains("given up, because runs went wrong") && said.contains(&address.to_string()),
        "{run:?}"
    );
    assert_eq!(
        (kept(&out).live.unwrap().ended, said.matches(", new: failed: ").count()),
        (LiveEnd::Failed, 3),
        "{run:?}"
    );
}

#[test]
fn what_makes_no_sense_is_told_before_anything_is_filled() {
    let (base, new) = (embedded(), embedded());
    let cluster = Embedded::start(&ServerOptions { masters: Some(2), ..ServerOptions::default() }).unwrap();
    let closed = Embedded::start(&ServerOptions {
        masters: None,
        requirepass: "right".into(),
        ..ServerOptions::default()
    });
    let closed = closed.unwrap();
    let [base_uri, new_uri, cluster_uri] = [&base, &new, &cluster].map(uri);
    let wrong = uri(&closed).replace("redis://", "redis://:hunter2@");
    for server in [&base, &new] {
        let _: () = ask(server.addresses()[0], "SET precious 1");
    }
    let sides = [base_uri.as_str(), new_uri.as_str()];
    for (sides, words, code, cause) in [
        (sides, "", 2, "how much to fill is not said"),
        (sides, "--keys 10", 2, "hold 2 keys, which a comparison deletes: give --yes"),
        (sides, "--keys 10 --yes --max-runs 5", 2, "5 is not in 8..=1000"),
        (sides, "--keys 10 --yes --renew 5", 2, "--spawn"),
        (sides, "--keys 10 --yes --fill-time 1s", 2, "cannot be used with"),
        (sides, "--yes --fill-time 0s", 2, "is not a length of time"),
        (
            ["", ""],
            "--keys 10 --spawn --server-binary a --server-binary b --renew 6",
            2,
            "give --max-runs 48 at least",
        ),
        (sides, "--keys 10 --yes --shuffle-seed x", 2, "invalid value 'x'"),
        (sides, "--until-memory 10MB --yes", 2, "in place of --until-memory"),
        (sides, "--keys 10 --yes --spawn", 2, "cannot be used with"),
        (sides, "--keys 10 --yes --server-binary /bin/true", 2, "--spawn"),
        ([&base_uri, ""], "--keys 10 --yes", 2, "<NEW>"),
        (["", ""], "--keys 10 --spawn --server-binary /bin/true", 2, "the same one twice"),
        (["", ""], "--keys 10 --spawn -a hunter2 --server-binary a --server-binary b", 2, "leave out host"),
        (["hunter2@h", &new_uri], "--keys 10", 2, "base: the URI does not start as one"),
        ([&base_uri, "redis://:hunter2@h:x"], "--keys 10", 2, "new: the URI has a port that is none"),
        ([&base_uri, &cluster_uri], "--keys 10 --yes", 2, "attached standalone of 1"),
        ([&base_uri, &cluster_uri], "--keys 10 --yes", 2, "--despite target"),
        ([&base_uri, &wrong], "--keys 10 --yes", 1, "127.0.0.1:"),
        (
            [&base_uri, "redis://127.0.0.1:1"],
            "--keys 10 --yes",
            1,
            "no connection to 127.0.0.1:1: connection refused",
        ),
    ] {
        let run = end(live(sides, words));
        let said = flat(&run.stderr);
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{run:?}");
        assert!(said.contains(cause), "no `{cause}` in {run:?}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    // Who is asked whether servers may be emptied knows what for.
    let asked = end(live(sides, "--keys 10 --max-time 20m"));
    let (plan, question) = asked.stderr.split_once("hold 2 keys").unwrap();
    for word in ["up to 40 runs of each, 10 keys", "takes 20:00 at most, by --max-time"] {
        assert!(flat(plan).contains(word) && question.contains("give --yes"), "no `{word}` in {asked:?}");
    }
    for server in [&base, &new] {
        assert_eq!(ask::<u64>(server.addresses()[0], "DBSIZE"), 1);
    }
    for (line, cause) in [
        ("compare a b --keys 5", "--keys goes with --live"),
        ("compare a b --yes", "--yes goes with --live"),
        ("compare --spawn --server-binary a --server-binary b --keys 5", "--live"),
    ] {
        let output = fillbench(line.split(' ')).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{told}");
        assert!(told.contains(cause), "{cause:?} is not in {told:?}");
    }
}

#[test]
fn other_servers_are_what_it_is_for() {
    let [redis, valkey] =
        ["redis", "valkey"].map(|name| Server::find(name, "other_servers_are_what_it_is_for"));
    let (Some(redis), Some(valkey)) = (redis, valkey) else { return };
    let binaries =
        format!("--server-binary {} --server-binary {}", redis.binary.display(), valkey.binary.display());
    let words = format!("--spawn=standalone {binaries} {SHORT} --rate 3000 --threshold 50% --json");
    let run = end(live(["", ""], &words));
    assert!([0, 5].contains(&run.code), "{run:?}");
    let comparison: Comparison = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((comparison.points.len(), comparison.live.unwrap().pairs.len()), (1, 8));
    assert_eq!(comparison.options.base, redis.binary.display().to_string());
    let said = flat(&run.stderr);
    assert!(said.contains(", redis ") && said.contains(", valkey "), "{run:?}");
}

#[test]
fn one_server_on_both_sides_is_told() {
    let server = embedded();
    let run = end(live([&uri(&server), &uri(&server)], &format!("{SHORT} --rate 3000 --threshold 50%")));
    assert!([0, 5].contains(&run.code), "{run:?}");
    assert!(flat(&run.stdout).contains("both sides are the same servers: what differs is noise"), "{run:?}");
}

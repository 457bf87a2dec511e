//! What is wrong is told before anything is started, and nothing is left.

use super::place::{FILL, Place, ended};

#[test]
fn bad_usage_is_told() {
    let place = Place::new();
    std::fs::create_dir(place.path("full")).unwrap();
    std::fs::write(place.path("full/file"), "").unwrap();
    let server = place.server("server", "");
    let server = server.to_str().unwrap();
    for (options, code, says) in [
        ("", 2, "two servers are needed"),
        ("SERVER", 2, "and 1 are named"),
        ("SERVER SERVER SERVER", 2, "and 3 are named"),
        ("SERVER SERVER --what", 2, "no option --what"),
        ("SERVER SERVER --runs", 2, "--runs needs a value"),
        ("SERVER SERVER --runs 7", 2, "7 is not in 8..=1000"),
        ("SERVER SERVER --runs 20", 2, "give --max-runs 40 at least"),
        ("SERVER SERVER --runs 1e3", 2, "invalid value '1e3'"),
        ("SERVER SERVER --minutes 0", 2, "--minutes is a whole number"),
        ("SERVER SERVER --threshold much", 2, "'much'"),
        ("SERVER SERVER --threshold 0%", 2, "is not a share"),
        ("SERVER SERVER --inconclusive ignore", 2, "--inconclusive is fail or warn"),
        ("SERVER SERVER --runs 40 --out full", 1, "is not empty"),
        ("SERVER no-such-server", 2, "there is no program no-such-server"),
        ("redis://127.0.0.1:1 redis://127.0.0.1:2", 2, "say --yes"),
        ("redis://127.0.0.1:1 SERVER --yes", 2, "two programs, or two URLs"),
        ("SERVER SERVER --fillbench no-such-program", 2, "there is no no-such-program"),
        ("SERVER SERVER -- --no-such-option", 2, "no-such-option"),
        ("SERVER SERVER -- --shuffle-seed x", 2, "invalid value 'x'"),
        ("SERVER SERVER -- -p 1", 2, "-p"),
    ] {
        let mut command = place.script();
        command.args(options.replace("SERVER", server).split_whitespace());
        let run = ended(&mut command);
        assert_eq!(run.code, Some(code), "{options}: {}{}", run.shown, run.told);
        assert!(run.told.contains(says), "{options}: {}", run.told);
    }
    assert!(!place.path("regression").exists());
    place.assert_nothing_is_left();
}

#[test]
fn the_help_names_every_option() {
    let place = Place::new();
    let mut command = place.script();
    let run = ended(command.arg("--help"));
    assert_eq!((run.code, run.told.as_str()), (Some(0), ""));
    for option in ["--runs", "--minutes", "--threshold", "--inconclusive", "--out", "--fillbench", "--yes"] {
        assert!(run.shown.contains(&format!("\n  {option} ")), "{option}: {}", run.shown);
    }
    assert!(run.shown.contains("Exit codes:") && !run.shown.contains("set -"), "{}", run.shown);
    assert!(run.shown.lines().all(|line| line.chars().count() <= 120));
}

#[test]
fn a_server_that_does_not_start_is_told_in_its_words() {
    let place = Place::new();
    let broken = place.program("broken", "#!/bin/sh\necho 'no memory left'\nexit 3\n");
    let run = place.run(broken.to_str().unwrap(), &broken, FILL);
    assert_eq!(run.code, Some(1), "{}", run.told);
    assert!(run.told.contains("no memory left"), "{}", run.told);
    place.assert_nothing_is_left();
}

#[test]
fn a_server_that_loses_keys_is_worse_than_slow() {
    let place = Place::new();
    let (good, refuses) = (place.server("good", ""), place.server("refuses", "--fault oom@50"));
    for (base, new, told, fill) in [
        (&good, &refuses, "the new side does not keep what it is sent: ", FILL.to_owned()),
        (&refuses, &good, "the base side does not keep what it is sent: ", FILL.to_owned()),
        // Where a warm-up shows it, too.
        (
            &good,
            &refuses,
            "the new side does not keep what it is sent: ",
            FILL.replace("--warm-up 0", "--warm-up 100%"),
        ),
    ] {
        let mut command = place.script();
        command.args([base, new]).arg("--").args(fill.split(' ')).env("GITHUB_ACTIONS", "true");
        let run = ended(&mut command);
        let said = run.told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(run.code, Some(3), "{}{said}", run.shown);
        assert!(said.contains(told) && said.contains("worse than slow"), "{said}");
        assert!(
            run.shown.contains("::error title=fillbench::a server does not keep what it is sent"),
            "{}",
            run.shown
        );
        std::fs::remove_dir_all(place.path("regression")).unwrap();
    }
    place.assert_nothing_is_left();
}

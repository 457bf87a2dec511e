//! Command lines of `fillbench verify`: what makes no sense, and the help.

use crate::common::fillbench;

#[test]
fn what_makes_no_sense_is_told_with_what_would_do() {
    for (line, cause) in [
        ("", "which keys should be there is not said: give --data or --keys"),
        ("--keys 0", "writes nothing"),
        ("--keys 5 --check all", "[possible values: exists, size, value]"),
        ("--keys 5 --sample 1", "`1` is not a share: write percent, above 0 and up to 100, like 1% or 0.05%"),
        ("--keys 5 --sample 0%", "is not a share"),
        ("--keys 5 --sample-seed 2", "not provided: --sample <PERCENT>"),
        ("--keys 5 --sample 1% --repair", "'--sample <PERCENT>' cannot be used with '--repair'"),
        ("--keys 5 --ttl 5 --check exists", "leave out --ttl, or give --check size"),
        ("--keys 5 --ttl 0", "is not a length of time"),
        ("--keys 5 --ttl 1us", "--ttl is shorter than a millisecond"),
        ("--keys 5 --deadline 0", "is not a length of time"),
        ("--keys 5 --readers 0", "0 is not in 1..=256"),
        ("--keys 5 --proof-timeout 0", "is not a length of time"),
        ("--keys 5 --flush", "unexpected argument '--flush' found"),
        ("--keys 5 --embedded", "unexpected argument '--embedded' found"),
        ("--keys 5 hunter2", "a word belongs to no option"),
    ] {
        let output = fillbench(["verify"].into_iter().chain(line.split_whitespace())).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{line}: {told}");
        assert!(told.contains(cause), "{cause:?} is not in {told:?}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn the_help_is_a_pleasure() {
    let help = |args: &[&str]| fillbench(args).output().unwrap();
    let (short, long) = (help(&["verify", "-h"]), help(&["verify", "--help"]));
    assert_eq!(short, long);
    assert!(long.status.success() && long.stderr.is_empty());
    let text = String::from_utf8(long.stdout).unwrap();
    assert!(
        text.starts_with("Look again at the keys that a fill wrote") && text.lines().count() < 90,
        "{text}"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    for part in ["--from <DIR>", "--repair", "--sample <PERCENT>", "Examples:", "Exit codes:"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

//! Command lines that make no sense. No server is needed to say so, and none is asked: nothing listens on
//! port 1.

use clap::CommandFactory;
use fillbench::commands::Cli;

use crate::bad::case::Case;
use crate::common::fillbench;

#[test]
fn what_is_to_be_filled_has_to_make_sense() {
    for (line, cause) in [
        ("-p 1", "how much to fill is not said: give --data SIZE, in GiB, or --keys N"),
        ("-p 1 --keys 0", "a fill of 0 keys writes nothing"),
        ("-p 1 --data 0", "a fill of 0 bytes writes nothing"),
        ("-p 1 --keys -1", "`-1` is not a count"),
        ("-p 1 --keys many", "`many` is not a count"),
        ("-p 1 --data -5", "`-5` is not a size: write bytes like 4096, or with a unit like 64KiB"),
        ("-p 1 --data five", "`five` is not a size"),
        ("-p 1 --keys 18446744073709551615", "are too many: at most 16384000000000000 can be"),
        ("-p 1 --keys 18446744073709551616", "is not a count: write a whole number below 2^64"),
        ("-p 1 --data 99999999999999", "`99999999999999` is larger than 2^64 bytes"),
        ("-p 1 --data 17179869183", "are too many"),
        ("-p 1 --keys 10 --key-size 6", "no room for 10 keys: the smallest key size that does is 7"),
        ("-p 1 --keys 1000000 --key-size 3", "the smallest key size that does is 8"),
        (
            "-p 1 --keys 10 --key-size 8 --key-prefix abc",
            "after the prefix \"abc\": the smallest key size that does is 10",
        ),
        ("-p 1 --keys 10 --key-size 65537", "keys have at most 65536 bytes"),
        ("-p 1 --keys 10 --key-prefix a{b", "would decide the slot of every key; leave it out"),
        ("-p 1 --keys 10 --value-size 1GiB", "values have at most 536870912 bytes (512 MiB)"),
        ("-p 1 --keys 10 --value-size -1", "`-1` is not a size"),
        ("-p 1 --keys 10 --rate 0", "`0` is not a rate"),
        ("-p 1 --keys 10 --ttl 0", "no key would live"),
        ("-p 1 --keys 10 --barrier-timeout 0", "`0` is not a length of time"),
        ("-p 1 --keys 10 --connect-timeout 0", "`0` is not a length of time"),
        ("-p 1 --keys 10 --writers 0", "0 is not in 1..=256"),
        (
            "-p 1 --keys 10 --pipeline-depth 0",
            "`0` is not a depth: write keys, from 1 to 100000000, or bytes",
        ),
        ("-p 1 --keys 10 --threads 0", "0 is not in 1..=256"),
        ("-p 0 --keys 10", "0 is not in 1..=65535"),
        ("-p 70000 --keys 10", "70000 is not in 1..=65535"),
        ("-p 1 --keys 10 --command hset", "[possible values: auto, set, mset]"),
        ("-p 1 --keys 10 --spawn=0", "write `standalone`, or the number of masters of a cluster, 1 to 64"),
        ("-p 1 --keys 10 --address-map here", "`here` maps no address: write host:port=host:port"),
    ] {
        Case::new(line).run().refused(cause);
    }
}

#[test]
fn a_worker_is_one_of_several() {
    for (line, cause) in [
        ("--worker 3", "`3` is no worker: give its number, from 0, and how many there are, like 3/16"),
        ("--worker 16/16", "there is no worker 16 of 16: they are counted from 0, so the last is 15"),
        ("--worker 0/0", "0 workers: there may be 1 to 10000"),
        ("--worker auto", "says which worker this is: give I/N"),
        ("--worker 0/11", "10 keys are too few for 11 workers"),
        ("--worker 0/2 --flush", "--worker 0/2 takes no --flush"),
        ("--worker 0/2 --flush", "with the same options but fillbench --keys 1 --flush --yes"),
        ("--start-at soon", "`soon` is no time: give UTC, like 2026-11-22T06:00:00Z"),
        ("--start-at 2026-01-01T00:00:00Z", "ago by the clock of this machine"),
        ("--start-at 9999999999", "ahead: a fill waits for a day at most"),
    ] {
        Case::new(&format!("-p 1 --keys 10 {line}")).run().refused(cause);
    }
    Case::new("-p 1 --until-memory 80% --worker 0/2").run().refused("takes no --until-memory");
    let own = "leave out --embedded and --spawn, and name a server";
    Case::new("--keys 10 --spawn --worker 0/2").run().refused(own);
}

#[test]
fn options_that_contradict_each_other_are_named() {
    for (line, cause) in [
        ("--data 1 --keys 5", "'--data <SIZE>' cannot be used with '--keys <N>'"),
        ("--keys 5 -s /a -h b", "'--socket <PATH>' cannot be used with '--host"),
        ("--keys 5 -s /a -p 1", "'--socket <PATH>' cannot be used with '--port <PORT>'"),
        ("--keys 5 -s /a --tls", "'--socket <PATH>' cannot be used with '--tls'"),
        ("--keys 5 -u redis://a -h b", "'--uri <URI>' cannot be used with '--host"),
        ("--keys 5 -u redis://a -p 1", "'--uri <URI>' cannot be used with '--port <PORT>'"),
        ("--keys 5 -u redis://a -s /b", "'--uri <URI>' cannot be used with '--socket <PATH>'"),
        ("--keys 5 -a x --askpass", "'--pass <PASSWORD>' cannot be used with '--askpass'"),
        ("--keys 5 --tls --cert /a", "not provided: --key <FILE>"),
        ("--keys 5 --tls --key /a", "not provided: --cert <FILE>"),
        ("--keys 5 --tls --insecure --cacert /a", "'--insecure' cannot be used with '--cacert <FILE>'"),
        ("--keys 5 --tls --insecure --cacertdir /a", "'--insecure' cannot be used with '--cacertdir <DIR>'"),
        ("--keys 5 --insecure", "nothing says to: add --tls"),
        ("--keys 5 --sni a", "nothing says to: add --tls"),
        ("--keys 5 --user me", "--user wants a password: give --pass or --askpass, or set REDISCLI_AUTH"),
        ("--keys 5 --user me -u redis://you:x@a", "--user names one user and the URI another"),
        ("--keys 5 -a x -u redis://:y@a", "the URI holds a password already"),
        ("--keys 5 -n 1 -u redis://a/2", "two databases are named, 1 and 2"),
        ("--keys 5 -u unix:///a --tls", "a Unix socket carries no TLS: leave out --tls"),
        ("--keys 5 -u http://a", "does not start as one: write redis://"),
        ("--keys 5 --tls --cacert /no/such", "cannot use /no/such: "),
        ("--keys 5 --command mset --ttl 10", "MSET cannot set one; use --command set"),
        ("--keys 5 --command mset --order stride", "leave out --order stride"),
        ("--keys 5 --serial --writers 2", "leave out --writers and --window"),
        ("--keys 5 --serial --window 2", "leave out --writers and --window"),
        ("--keys 5 --spawn -p 1", "leave out host, port, socket, URI, password and TLS"),
        ("--keys 5 --spawn -a x", "leave out host, port, socket, URI, password and TLS"),
        ("--keys 5 --server-binary /bin/true", "not provided: --spawn"),
        ("--keys 5 --out /tmp/a --csv /tmp/a/b", "is inside --out /tmp/a, which has to be empty"),
        ("--keys 5 --nonsense", "unexpected argument '--nonsense' found"),
        ("--keys 5 more", "a word belongs to no option: a server is named by -h HOST or -u URI"),
    ] {
        Case::new(line).run().refused(cause);
    }
}

#[test]
fn help_and_version_are_a_pleasure() {
    let short = fillbench(["-h"]).output().unwrap();
    let long = fillbench(["--help"]).output().unwrap();
    assert_eq!(short, long);
    assert!(long.status.success() && long.stderr.is_empty());
    let help = String::from_utf8(long.stdout).unwrap();
    assert!(help.starts_with("Fill Redis and Valkey") && help.lines().count() < 120, "{help}");
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    for part in ["--data <SIZE>", "Examples:", "Exit codes:"] {
        assert!(help.contains(part), "{part} in {help}");
    }
    for option in ["-V", "--version"] {
        let output = fillbench([option]).output().unwrap();
        let version = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && version.lines().count() == 1, "{version}");
        assert!(version.starts_with(concat!("fillbench ", env!("CARGO_PKG_VERSION"), " ")), "{version}");
        assert!(version.contains(", features: tls"), "{version}");
    }
    let alone = fillbench([""; 0]).output().unwrap();
    assert!(alone.status.code() == Some(2) && alone.stdout.is_empty());
    assert!(String::from_utf8(alone.stderr).unwrap().contains("--help"));
}

/// Lines of running text that end although the next word would have had room.
fn broken_early(help: &str, width: usize) -> Vec<&str> {
    let runs_on = |line: &str| !line.is_empty() && !line.starts_with(' ');
    let lines: Vec<&str> = help.lines().collect();
    let pairs = lines.windows(2).filter(|two| two.iter().all(|line| runs_on(line)));
    let next_word = |line: &str| line.split(' ').next().map_or(0, |word| word.chars().count());
    pairs.filter(|two| two[0].chars().count() + 1 + next_word(two[1]) <= width).map(|two| two[0]).collect()
}

#[test]
fn text_below_the_options_is_as_wide_as_the_terminal() {
    assert_eq!(broken_early("What a\nday it is\nall day\n\n  now\n", 9), ["day it is"; 0]);
    assert_eq!(broken_early("What a\nday\n", 10), ["What a"]);
    for command in Cli::command().get_subcommands() {
        for width in [80, 100] {
            let mut help = fillbench([command.get_name(), "--help"]);
            let output = help.env("COLUMNS", width.to_string()).output().unwrap();
            let help = String::from_utf8(output.stdout).unwrap();
            assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
            assert_eq!(broken_early(&help, width), [""; 0], "{help}");
        }
    }
}

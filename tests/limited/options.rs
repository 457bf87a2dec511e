//! Presets, and what every option comes to.

use fillbench::fill::Preset;

use crate::common::fillbench;
use crate::fill::data::Data;
use crate::fill::run::begin;

fn shown(words: &str) -> (Option<i32>, String, String) {
    let line = words.split_whitespace().chain(["--show-options"]);
    let mut command = fillbench(line);
    let output = command.env("REDISCLI_AUTH", "of-the-environment").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn assert_shown(words: &str, lines: &[&str]) {
    let (code, stdout, stderr) = shown(words);
    assert_eq!((code, &*stderr), (Some(0), ""), "{words}");
    let told: Vec<String> =
        stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in lines {
        assert!(told.iter().any(|one| one == line), "{words}: no `{line}` in\n{stdout}");
    }
}

#[test]
fn options_are_given_or_of_the_preset_or_chosen_or_defaults() {
    assert_shown(
        "-p 1 --keys 1000000 --key-size 1KiB --preset small --window 3 --flush",
        &[
            "--port 1 given",
            "--keys 1000000 given",
            "--key-size 1KiB given",
            "--preset small given",
            "--pipeline-depth about 256.0 KiB preset small",
            "--window 3 given",
            "--writers 1 preset small",
            "--threads 1 preset small",
            "--command mset chosen: auto, the default",
            "--value-size 512 default",
            "--host 127.0.0.1 default",
            "--ttl - not given",
            "--flush yes given",
            "--force no default",
            "--pass (not shown) given by REDISCLI_AUTH",
        ],
    );
    assert_shown(
        "--embedded --keys 1000000 --key-size 32 --value-size 64 --out nowhere",
        &[
            "--host - not used",
            "--embedded 3 given",
            "--command mset chosen: auto, the default",
            "--window 2 chosen: so many near by, more for servers that are far",
            "--out nowhere given",
        ],
    );
    assert_shown("--keys 9 --rate 100", &["--pipeline-depth - chosen by --rate, when the masters are known"]);
    // What it is about can be left open here.
    assert_shown(
        "--preset throughput",
        &["--keys - not given", "--pipeline-depth about 256.0 KiB preset throughput"],
    );
    assert!(!std::path::Path::new("nowhere").exists());
}

#[test]
fn passwords_are_not_shown_and_what_makes_no_sense_is_refused() {
    for words in ["--keys 9 -a secret-word", "--keys 9 -u redis://me:secret-word@localhost:1/0"] {
        let (code, stdout, stderr) = shown(words);
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stdout.contains("(not shown)") && !(stdout + &stderr).contains("secret-word"));
    }
    for (words, cause) in [
        ("--keys 9 --preset fast", "[possible values: throughput, balanced, small]"),
        ("--keys 9 --ttl 1h --command mset", "takes no --ttl"),
        ("--keys 9 -P 1.5", "`1.5` is not a depth: write keys, from 1 to 100000000, or bytes"),
        ("--resume nowhere", "does not go with --resume"),
    ] {
        let (code, stdout, stderr) = shown(words);
        assert_eq!((code, &*stdout), (Some(2), ""), "{stderr}");
        let told = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(cause), "{told}");
    }
}

#[test]
fn a_depth_may_be_given_in_bytes() {
    assert_shown("--keys 9 -P 0.5MiB", &["--pipeline-depth 0.5MiB given"]);
    let mut args = Data::sized(20_000, 64, 512).args();
    args.extend(["--embedded", "--pipeline-depth", "64KiB", "--json"].map(Into::into));
    let record = begin(&args, &[]).end().assert_exact();
    assert_eq!((record.options.pipeline_bytes, record.options.pipeline_depth), (Some(64 << 10), None));
    let bytes = record.done.pipeline_depth * (64 + 512);
    assert!((48 << 10..=64 << 10).contains(&bytes), "{bytes}");
}

#[test]
fn a_preset_is_done_and_written_down_and_an_option_beats_it() {
    for preset in Preset::ALL {
        let mut args = Data::of(20_000).args();
        let line = format!("--embedded --preset {} --pipeline-depth 77 --json", preset.name);
        args.extend(line.split(' ').map(Into::into));
        let record = begin(&args, &[]).end().assert_exact();
        let (asked, done) = (&record.options, &record.done);
        assert_eq!(asked.preset.as_deref(), Some(preset.name));
        assert_eq!(
            (asked.window, asked.writers, asked.threads),
            (preset.window, preset.writers, preset.threads)
        );
        assert_eq!((asked.pipeline_bytes, done.pipeline_depth), (None, 77));
        for (asked, done) in
            [(preset.window, done.window), (preset.writers, done.writers), (preset.threads, done.threads)]
        {
            assert!(asked.is_none_or(|asked| asked == done), "{record:?}");
        }
    }
    let window = |preset: &str| {
        let mut args = Data::sized(20_000, 64, 512).args();
        args.extend(["--embedded", "--preset", preset, "--json"].map(Into::into));
        begin(&args, &[]).end().assert_exact().done.window
    };
    assert!(window("small") < window("throughput"));
}

//! Manual pages: that they say what the help says, and that programs which show them find no fault.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::{fillbench, skip};

/// The commands that the help lists; the one that fills is the first, and has no name.
pub(super) fn commands() -> Vec<String> {
    let help = help("");
    let listed = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let listed = listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = listed.filter_map(|line| line.split_whitespace().next()).map(ToOwned::to_owned);
    let commands: Vec<String> = std::iter::once(String::new()).chain(names).collect();
    assert!(commands.iter().any(|command| command == "man"), "{commands:?}");
    commands
}

fn help(command: &str) -> String {
    let words = Some(command).filter(|command| !command.is_empty()).into_iter().chain(["--help"]);
    let output = fillbench(words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Options that a help names at the beginning of a line, long ones and those that are short only.
pub(super) fn options_of(command: &str) -> BTreeSet<String> {
    let help = help(command);
    let named = help.lines().filter(|line| line.trim_start().starts_with('-')).filter_map(|line| {
        let names = line.trim_start().split("  ").next()?;
        names.split([' ', ',', '=', '[', '<']).rfind(|word| word.starts_with('-')).map(ToOwned::to_owned)
    });
    let options: BTreeSet<String> = named.collect();
    assert!(options.contains("--help"), "{options:?}");
    options
}

fn page_name(command: &str) -> String {
    if command.is_empty() { "fillbench.1".into() } else { format!("fillbench-{command}.1") }
}

/// All pages, written into a folder.
fn write_pages(folder: &Path) {
    let output = fillbench(["man", "--out", folder.to_str().unwrap()]).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
}

/// A page as a terminal shows it; whoever shows it must find no fault.
fn shown(page: &Path) -> String {
    let mut groff = Command::new("groff");
    groff.args(["-ww", "-man", "-Tutf8", "-P-cbou", "-rLL=78n"]).arg(page);
    let output = groff.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.is_empty(), "{}: {told}", page.display());
    String::from_utf8(output.stdout).unwrap()
}

fn has_groff(test: &str) -> bool {
    let there = Command::new("groff").arg("--version").output().is_ok();
    if !there {
        skip(test, "no groff");
    }
    there
}

#[test]
fn there_is_a_page_of_each_command_and_of_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("share/man1");
    write_pages(&inner);
    let names = |folder: &Path| -> BTreeSet<String> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names(&inner), commands().iter().map(|command| page_name(command)).collect());
    let printed = fillbench(["man"]).output().unwrap();
    assert_eq!(printed.stdout, fs::read(inner.join("fillbench.1")).unwrap());
    // Those of another version are replaced.
    fs::write(inner.join("fillbench.1"), "old").unwrap();
    write_pages(&inner);
    assert_eq!(printed.stdout, fs::read(inner.join("fillbench.1")).unwrap());
}

#[test]
fn every_option_of_the_help_is_on_the_page() {
    if !has_groff("every_option_of_the_help_is_on_the_page") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    write_pages(folder.path());
    for command in commands() {
        let page = shown(&folder.path().join(page_name(&command)));
        let starts: BTreeSet<&str> = page
            .lines()
            .filter(|line| line.trim_start().starts_with('-'))
            .flat_map(|line| line.split([' ', ',', '=', '[']))
            .filter(|word| word.starts_with('-'))
            .collect();
        for option in options_of(&command) {
            assert!(starts.contains(option.as_str()), "{command:?}: {option} in {page}");
        }
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "EXIT STATUS", "SEE ALSO"] {
            let has_none = section == "EXAMPLES" && command == "serve";
            assert_ne!(page.lines().any(|line| line == section), has_none, "{command:?}: {section}");
        }
        assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
    }
}

#[test]
fn a_page_says_what_the_help_says() {
    if !has_groff("a_page_says_what_the_help_says") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    write_pages(folder.path());
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let page = |name: &str| words(&shown(&folder.path().join(name)));
    let main = page("fillbench.1");
    for part in [
        "fillbench - fill Redis and Valkey, standalone or cluster, and prove that every key is there",
        "-d, --data SIZE How much, keys and values together",
        "-h, --host [HOST] Host name or address",
        "--embedded[=N] Fill a small server",
        "--command COMMAND One key a command (set), or keys of one slot together (mset); auto: the faster that can do \
         the rest [default: auto]",
        "fillbench -h HOST --data 5 5 GiB into a server",
        "EXIT STATUS 0 every key is proven, or was thrown away with --discard 1 could not run or finish 2 bad usage",
        "REDISCLI_AUTH The password",
        "fillbench-verify(1), fillbench-sweep(1)",
    ] {
        assert!(main.contains(part), "{part} in {main}");
    }
    let compare = page("fillbench-compare.1");
    let example = "fillbench compare --live --spawn --server-binary old/valkey-server --server-binary new/valkey-server \
                   --data 1 EXIT STATUS";
    assert!(compare.contains(example), "{compare}");
    let serve = page("fillbench-serve.1");
    for part in ["crash[=TIME] be gone for good", "FILLBENCH_REQUIREPASS As --requirepass"] {
        assert!(serve.contains(part), "{part} in {serve}");
    }
    assert!(!serve.contains("REDISCLI_AUTH"));
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let output = fillbench(["man", "--out", file.to_str().unwrap()]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("failed to make"), "{told}");
}

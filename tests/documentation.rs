//! What README.md and the pages of docs/ say can be followed: commands are ones that the program takes, options
//! are there and none is left out, links lead somewhere. Each rule is a function of text, seen to fail on a bad
//! example before it is trusted with the pages.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory, Parser};
use fillbench::commands::Cli;

/// Lines of a page.
const MAX_LINES: usize = 400;

/// Words of README.md, output that it shows among them: what is more belongs into a page.
const MAX_README_WORDS: usize = 1900;

/// Options of other programs that are named: cargo's, redis-cli's and those of other benchmarks.
const OF_OTHERS: [&str; 6] = ["--cluster", "--cluster-mode", "--locked", "--path", "--pipe", "--release"];

/// What clap adds to every command, and needs no page.
const NEEDS_NO_PAGE: [&str; 2] = ["--help", "--version"];

/// A text, and where it stands.
struct Page {
    /// From the root of the repository.
    path: PathBuf,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(path: impl Into<PathBuf>) -> Page {
    let path = path.into();
    let text = fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    Page { path, text }
}

/// README.md and what it leaves to docs/.
fn manual() -> Vec<Page> {
    let entries = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = entries.map(|path| page(path.strip_prefix(root()).unwrap())).collect();
    assert!(pages.len() > 5, "too few pages to be all of them");
    pages.push(page("README.md"));
    pages
}

/// The lines in blocks of code that a shell would read, each whole.
fn shell_lines(text: &str) -> Vec<String> {
    let (mut lines, mut block, mut goes_on) = (Vec::<String>::new(), None, false);
    for line in text.lines() {
        let typed = match (line.strip_prefix("```"), block) {
            (Some(language), None) => {
                block = Some(language);
                continue;
            }
            (Some(_), Some(_)) => {
                block = None;
                continue;
            }
            (None, Some("sh")) => Some(line),
            (None, Some("console")) => line.strip_prefix("$ ").or(goes_on.then_some(line)),
            (None, _) => None,
        };
        let Some(typed) = typed else { continue };
        let part = typed.trim_end_matches('\\');
        match lines.last_mut().filter(|_| goes_on) {
            Some(last) => last.push_str(part),
            None => lines.push(part.into()),
        }
        goes_on = part != typed;
    }
    lines
}

/// The command lines of this program in those, word by word: from its name to what a shell would end them by.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for line in shell_lines(text) {
        let mut words = line.split_whitespace().take_while(|word| !word.starts_with('#'));
        while let Some(word) = words.next() {
            if word == "--" || word == "fillbench" {
                let own = words.by_ref().take_while(|word| !matches!(*word, "|" | ">"));
                let own = own.map(|word| word.trim_matches(['"', ';']));
                let own = std::iter::once("fillbench").chain(own.take_while(|word| *word != "}"));
                found.push(own.map(str::to_owned).collect());
            }
        }
    }
    found
}

fn refused(text: &str) -> Vec<String> {
    let errors =
        commands(text).into_iter().filter_map(|words| Some((Cli::try_parse_from(&words).err()?, words)));
    errors.map(|(error, words)| format!("{}: {error}", words.join(" "))).collect()
}

/// Everything in a text that looks like a long option.
fn options_in(text: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter == '-';
    let starts =
        text.match_indices("--").filter(|(at, _)| !text[..*at].ends_with(|c: char| is_part(c) || c == '!'));
    let names = starts.map(|(at, _)| {
        let rest = &text[at..];
        rest[..rest.find(|letter| !is_part(letter)).unwrap_or(rest.len())].trim_end_matches('-')
    });
    names.filter(|name| name.len() > 2).map(str::to_owned).collect()
}

/// The long options of a command and its subcommands.
fn options_of(command: &Command) -> BTreeSet<String> {
    let own = command.get_arguments().filter_map(|option| Some(format!("--{}", option.get_long()?)));
    own.chain(command.get_subcommands().flat_map(options_of)).collect()
}

/// What GitHub calls a heading in links to it.
fn anchor(heading: &str) -> String {
    let letters = heading.trim_start_matches('#').trim().to_lowercase();
    let letters = letters.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    letters.collect::<String>().replace(' ', "-")
}

/// Where the links of a text lead within the repository.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    targets.filter(|target| !target.contains("://")).collect()
}

/// The links of a page that lead nowhere.
fn broken(page: &Page) -> Vec<String> {
    let leads = |link: &&str| {
        let (file, heading) =
            link.split_once('#').map_or((*link, None), |(file, heading)| (file, Some(heading)));
        let here = root().join(&page.path);
        let file = if file.is_empty() { here } else { here.with_file_name("").join(file) };
        match heading {
            None => file.exists(),
            Some(heading) => fs::read_to_string(file)
                .is_ok_and(|text| text.lines().any(|line| line.starts_with('#') && anchor(line) == heading)),
        }
    };
    let broken = links(&page.text).into_iter().filter(|link| !leads(link));
    broken.map(|link| format!("{}: {link}", page.path.display())).collect()
}

#[test]
fn every_command_is_taken() {
    let pages = manual();
    assert!(pages.iter().map(|page| commands(&page.text).len()).sum::<usize>() > 30);
    let refused: Vec<_> = pages.iter().flat_map(|page| refused(&page.text)).collect();
    assert!(refused.is_empty(), "\n{}", refused.join("\n"));
}

#[test]
fn every_option_is_there_and_none_is_left_out() {
    let own = options_of(&Cli::command());
    let known: BTreeSet<_> =
        own.iter().cloned().chain(options_in(&page("benchmark/ci-regression.sh").text)).collect();
    let mut named = BTreeSet::new();
    for page in manual() {
        let options = options_in(&page.text);
        let unknown: Vec<_> =
            options.difference(&known).filter(|name| !OF_OTHERS.contains(&name.as_str())).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", page.path.display());
        named.extend(options);
    }
    let left_out: Vec<_> =
        own.difference(&named).filter(|name| !NEEDS_NO_PAGE.contains(&name.as_str())).collect();
    assert!(left_out.is_empty(), "{left_out:?}");
}

#[test]
fn every_link_leads_somewhere() {
    let others =
        ["ARCHITECTURE.md", "CHANGELOG.md", "PERFORMANCE.md", "benchmark/README.md", "slot-tags/README.md"];
    let pages = manual().into_iter().chain(others.map(page));
    let broken: Vec<_> = pages.flat_map(|page| broken(&page)).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn pages_are_not_long() {
    for Page { path, text } in manual() {
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines", path.display());
    }
    let words = page("README.md").text.split_whitespace().count();
    assert!(words <= MAX_README_WORDS, "README.md has {words} words");
}

mod rules {
    //! Each rule on examples that it has to tell apart.

    use super::*;

    const COMMANDS: &str = "\
```sh
fillbench --keys 1 \\
    --writers 2   # not --this
run() { fillbench --spawn --data 1 --csv \"$1.csv\"; }
cargo run --release -- --embedded --keys 7
fillbench completions bash > fillbench.bash
```
```console
$ fillbench --keys 3 \\
    --json | jq .rates
filled with fillbench --nonsense
```
```text
fillbench --nonsense
```
";

    #[test]
    fn commands_are_those_that_a_shell_would_run() {
        let found: Vec<_> = commands(COMMANDS).iter().map(|words| words.join(" ")).collect();
        assert_eq!(
            found,
            [
                "fillbench --keys 1 --writers 2",
                "fillbench --spawn --data 1 --csv $1.csv",
                "fillbench --embedded --keys 7",
                "fillbench completions bash",
                "fillbench --keys 3 --json",
            ]
        );
        assert_eq!(refused(COMMANDS), Vec::<String>::new());
        for bad in ["--key-sizes 1", "--keys 1 --data 1", "--keys many", "report"] {
            assert_eq!(refused(&format!("```sh\nfillbench {bad}\n```\n")).len(), 1, "{bad}");
        }
    }

    #[test]
    fn options_are_found_wherever_they_stand() {
        let found =
            options_in("`--key-size`, --a, `--log…`, `[--b]` and `--c=N`; not a--b, -- or <!-- chart -->");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["--a", "--b", "--c", "--key-size", "--log"]);
        let own = options_of(&Cli::command());
        assert!(own.contains("--key-size") && own.contains("--masters"), "{own:?}");
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let of = |text: &str| broken(&Page { path: "docs/fill.md".into(), text: text.into() });
        assert!(
            of(
                "[a](results.md), [b](../README.md), [c](https://a.b/c), [d](results.md#the-folder-of-a-fill)"
            )
            .is_empty()
        );
        for bad in ["[a](README.md)", "[a](results.md#no-such-heading)", "[a](#no-such-heading)"] {
            assert_eq!(of(bad).len(), 1, "{bad}");
        }
        assert_eq!(anchor("## `runs.csv`: a row for each run"), "runscsv-a-row-for-each-run");
    }
}

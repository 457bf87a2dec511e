//! Completions, asked as a person's shell asks them.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::man::{commands, options_of};
use crate::common::{fillbench, skip};

/// Lines that begin, and words that each of them may go on with. All are asked of each shell.
const ASKED: [(&str, &[&str]); 6] = [
    ("fillbench --pipeline-d", &["--pipeline-depth"]),
    ("fillbench sw", &["sweep"]),
    ("fillbench verify --re", &["--readers", "--repair"]),
    ("fillbench --command m", &["mset"]),
    ("fillbench compare --metric latency_us_p99", &["latency_us_p99", "latency_us_p99_9"]),
    ("fillbench --keys 5 --preset b", &["balanced"]),
];

/// The script for a shell, in a file of the name by which it is found.
fn script(shell: &str, folder: &Path) -> std::path::PathBuf {
    let output = fillbench(["completions", shell]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let path = folder.join("_fillbench");
    fs::write(&path, output.stdout).unwrap();
    path
}

fn is_there(shell: &str, test: &str) -> bool {
    let there = Command::new(shell).arg("-c").arg("true").status().is_ok_and(|status| status.success());
    if !there {
        skip(test, &format!("no {shell}"));
    }
    there
}

/// What a shell prints that reads this; it must find no fault.
fn said(shell: &str, options: &[&str], text: &str) -> String {
    // Files would be completed, too.
    let empty = tempfile::tempdir().unwrap();
    let mut child = Command::new(shell)
        .args(options)
        .current_dir(empty.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.is_empty(), "{shell}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn bash_completes() {
    let folder = tempfile::tempdir().unwrap();
    let script = script("bash", folder.path());
    for (line, wanted) in ASKED {
        // As readline calls what `complete -F` names.
        let text = format!(
            "source '{}'\n\
             complete -p fillbench >/dev/null\n\
             COMP_WORDS=({line}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             _fillbench fillbench \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
            script.display()
        );
        let mut words: Vec<String> =
            said("bash", &["--norc"], &text).lines().map(ToOwned::to_owned).collect();
        words.sort();
        assert_eq!(words, wanted, "{line}");
    }
}

#[test]
fn fish_completes() {
    if !is_there("fish", "fish_completes") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = script("fish", folder.path());
    for (line, wanted) in ASKED {
        let text = format!("source '{}'; complete --do-complete '{line}'", script.display());
        let output = said("fish", &["--no-config"], &text);
        // Behind a tab, it says what the word is.
        let mut words: Vec<&str> = output.lines().filter_map(|line| line.split('\t').next()).collect();
        words.sort_unstable();
        assert_eq!(words, wanted, "{line}");
    }
}

#[test]
fn zsh_completes() {
    if !is_there("zsh", "zsh_completes") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    script("zsh", folder.path());
    for (line, wanted) in ASKED {
        let output = said("zsh", &["--no-rcs"], &asking_zsh(folder.path(), line, wanted));
        for word in wanted {
            assert!(output.contains(word), "{line}: {word} in {output}");
        }
    }
}

/// Zsh completes at a terminal only: zpty is one. What appears there within ten seconds is printed.
fn asking_zsh(folder: &Path, line: &str, wanted: &[&str]) -> String {
    let all = wanted.iter().map(|word| format!("$answer == *{word}*")).collect::<Vec<_>>().join(" && ");
    format!(
        r#"
zmodload zsh/zpty
zpty shell 'TERM=dumb zsh --no-rcs -i'
zpty -w shell 'PS1=; stty cols 200 rows 50'
zpty -w shell "fpath=('{folder}' \$fpath); autoload -Uz compinit; compinit -u -D; bindkey '^I' complete-word"
zpty -w shell 'print re''ady'
zpty -r shell answer '*ready*'
zpty -w -n shell "{line}"$'\t\t'
answer= part=
for turn in {{1..100}}; do
    while zpty -r -t shell part; do answer+=$part; done
    [[ {all} ]] && break
    sleep 0.1
done
print -r -- "$answer"
zpty -d shell
"#,
        folder = folder.display()
    )
}

#[test]
fn a_shell_that_is_none_is_refused_with_those_that_are() {
    let output = fillbench(["completions", "tcsh"]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty() && told.contains("bash, elvish, fish, powershell, zsh"), "{told}");
    assert_eq!(fillbench(["completions"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn every_option_of_the_help_is_completed() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = fillbench(["completions", shell]).output().unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        for command in commands() {
            for option in options_of(&command) {
                // Fish has options without their dashes.
                let word = if shell == "fish" { option.trim_start_matches('-') } else { &option };
                assert!(script.contains(word), "{shell}, {command:?}: {option}");
            }
        }
    }
}

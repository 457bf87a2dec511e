//! Puts together what `--version` says beside the version: the commit, what it was built for, and what it can do there.
//! It depends on the sources alone, never on the time or the machine, so that the same commit gives the same program.

use std::env;
use std::path::Path;
use std::process::Command;

/// What is compiled. While it differs from the commit, the program is not the commit's.
const SOURCES: [&str; 5] = ["Cargo.lock", "Cargo.toml", "build.rs", "slot-tags", "src"];

/// Hexadecimal digits of a commit. As many as git would show depends on what else is in the repository.
const DIGITS: usize = 12;

/// A commit, as it is shown.
struct Commit {
    id: String,
    /// When it was made, as in `2026-11-22`.
    date: String,
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let (version, target) = (variable("CARGO_PKG_VERSION"), variable("TARGET"));
    // Without optimization, figures say nothing, and a commit would have each of them compile everything anew.
    let of = if variable("PROFILE") == "debug" {
        " (debug build)".into()
    } else if let Some(Commit { id, date }) = commit() {
        println!("cargo::rustc-env=FILLBENCH_COMMIT_DATE={date}");
        format!(" ({id} {date})")
    } else {
        String::new()
    };
    // What a run's limit is told by, besides its rates: elsewhere, it is `unknown` more often.
    let procfs = if variable("CARGO_CFG_TARGET_OS") == "linux" { " procfs" } else { "" };
    println!("cargo::rustc-env=FILLBENCH_VERSION={version}{of} {target}, features: tls{procfs}");
}

/// The commit that these sources are of; none if they are no checkout of their own, as those of an archive are not.
fn commit() -> Option<Commit> {
    // Whatever repository an archive was unpacked in is another's.
    if !Path::new(".git").exists() {
        return None;
    }
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    // What changes when another commit is checked out or made. A file that is not there would be taken for changed each
    // time: a branch may be packed, and the log switched off.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for head in ["HEAD", "logs/HEAD"].into_iter().chain(branch.as_deref()) {
        let path = git(&["rev-parse", "--git-path", head])?;
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let shown = git(&["-c", "log.showSignature=false", "log", "-1", "--format=%H %cs"])?;
    let (hash, date) = shown.split_once(' ')?;
    let changed = git(&[&["status", "--porcelain", "--untracked-files=no", "--"], &SOURCES[..]].concat())?;
    let mark = if changed.is_empty() { "" } else { "-dirty" };
    Some(Commit { id: format!("{}{mark}", hash.get(..DIGITS)?), date: date.into() })
}

/// What git answers; nothing if there is none, or it finds fault.
fn git(words: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    // Its index stays as it is, and a hook's repository is not looked at instead.
    git.arg("--no-optional-locks").args(words);
    git.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE");
    let output = git.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

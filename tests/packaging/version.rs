//! The build script, in a package that has nothing else: which commit it says a program is of, and when it looks
//! again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const BUILD_SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/build.rs");
const MANIFEST: &str =
    "[package]\nname = \"fillbench\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
const PROGRAM: &str = "fn main() { println!(\"{}\", env!(\"FILLBENCH_VERSION\")) }\n";
const DATE: &str = "2026-01-02T03:04:05Z";

/// A small package, built where it stands.
struct Package(PathBuf);

impl Package {
    /// With the build script and all sources that it knows of, in no repository yet.
    fn new(folder: PathBuf) -> Self {
        for inner in ["src", "slot-tags"] {
            fs::create_dir_all(folder.join(inner)).unwrap();
        }
        fs::copy(BUILD_SCRIPT, folder.join("build.rs")).unwrap();
        let package = Self(folder);
        package.write("Cargo.toml", MANIFEST);
        package.write("src/main.rs", PROGRAM);
        package.write("slot-tags/tags.txt", "aaa\n");
        package.write(".gitignore", "/target\n");
        // The lock file stands beside it from the first commit on.
        package.run(Command::new(env!("CARGO")).args(["generate-lockfile", "--offline"]));
        package
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn run(&self, command: &mut Command) -> (String, String) {
        for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "RUSTFLAGS"] {
            command.env_remove(name);
        }
        let output = command.current_dir(&self.0).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let (shown, told) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{command:?}: {shown}{told}");
        (shown, told)
    }

    fn git(&self, words: &str) -> String {
        let mut git = Command::new("git");
        git.args([
            "-c",
            "user.name=Somebody",
            "-c",
            "user.email=somebody@example.com",
            "-c",
            "commit.gpgsign=false",
        ]);
        git.args(words.split(' ')).env("GIT_COMMITTER_DATE", DATE).env("GIT_AUTHOR_DATE", DATE);
        self.run(&mut git).0
    }

    fn commit(&self) {
        self.git("add .");
        self.git("commit --quiet --allow-empty --message=Change");
    }

    /// What the program says of itself, built as a release is.
    fn version(&self) -> String {
        self.run(Command::new(env!("CARGO")).args(["run", "--release", "--quiet", "--offline"])).0
    }

    /// What it says where it is built of the commit, and of nothing else.
    fn of_the_commit(&self, mark: &str) -> String {
        said(&format!(" ({}{mark} 2026-01-02)", &self.git("rev-parse HEAD")[..12]))
    }
}

/// A version with what is said of its commit.
fn said(of: &str) -> String {
    let host = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into())).arg("-vV").output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let procfs = if cfg!(target_os = "linux") { " procfs" } else { "" };
    format!("0.1.0{of} {host}, features: tls{procfs}")
}

fn in_a_repository(folder: &TempDir) -> Package {
    let package = Package::new(folder.path().join("package"));
    package.git("init --quiet");
    package.commit();
    package
}

#[test]
fn a_release_build_names_its_commit_for_as_long_as_it_is_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let package = in_a_repository(&folder);
    let first = package.version();
    assert_eq!(first, package.of_the_commit(""));
    // Nothing is compiled again for nothing.
    let (_, told) =
        package.run(Command::new(env!("CARGO")).args(["build", "--release", "--verbose", "--offline"]));
    assert!(told.contains("Fresh fillbench") && !told.contains("Running"), "{told}");
    package.write("src/main.rs", &format!("{PROGRAM}// Changed.\n"));
    assert_eq!(package.version(), package.of_the_commit("-dirty"));
    package.commit();
    assert_eq!(package.version(), package.of_the_commit(""));
    assert_ne!(package.version(), first);
    // A commit that changes no file is another one all the same.
    let before = package.version();
    package.git("commit --quiet --allow-empty --message=Nothing");
    assert_eq!(package.version(), package.of_the_commit(""));
    assert_ne!(package.version(), before);
    package.git("checkout --quiet HEAD~2");
    assert_eq!(package.version(), first);
    // What is no source does not make it another program.
    package.write(".gitignore", "/target\n/other\n");
    assert_eq!(package.version(), first);
}

#[test]
fn a_worktree_has_commits_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let package = in_a_repository(&folder);
    package.git("worktree add --quiet -b branch ../worktree");
    let worktree = Package(folder.path().join("worktree"));
    let first = worktree.version();
    assert_eq!(first, package.of_the_commit(""));
    worktree.git("commit --quiet --allow-empty --message=Nothing");
    assert_eq!(worktree.version(), worktree.of_the_commit(""));
    assert_ne!(worktree.version(), first);
}

#[test]
fn an_archive_is_of_no_commit_even_inside_of_a_repository() {
    let folder = tempfile::tempdir().unwrap();
    let around = in_a_repository(&folder);
    let package = Package::new(around.0.join("unpacked"));
    around.commit();
    assert_eq!(package.version(), said(""));
    let alone = tempfile::tempdir().unwrap();
    assert_eq!(Package::new(alone.path().into()).version(), said(""));
}

#[test]
fn a_debug_build_says_that_it_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let package = in_a_repository(&folder);
    let (shown, _) = package.run(Command::new(env!("CARGO")).args(["run", "--quiet", "--offline"]));
    assert_eq!(shown, said(" (debug build)"));
}

#[test]
fn the_sources_that_are_watched_are_there() {
    let text = fs::read_to_string(BUILD_SCRIPT).unwrap();
    let list =
        text.split_once("const SOURCES").unwrap().1.split_once("= [").unwrap().1.split_once(']').unwrap().0;
    let sources: Vec<&str> = list.split(',').map(|word| word.trim().trim_matches('"')).collect();
    assert!(sources.len() > 3, "{sources:?}");
    for source in sources {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(source).exists(), "{source}");
    }
}

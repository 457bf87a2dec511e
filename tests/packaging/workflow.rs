//! The workflow that makes releases: it is YAML, asks for no more rights than it needs, and its steps that need no
//! other machine run as they stand there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use yaml_rust2::{Yaml, YamlLoader};

const WORKFLOW: &str = include_str!("../../.github/workflows/release.yml");

fn workflow() -> Yaml {
    YamlLoader::load_from_str(WORKFLOW).unwrap().remove(0)
}

fn steps<'a>(workflow: &'a Yaml, job: &str) -> &'a [Yaml] {
    workflow["jobs"][job]["steps"].as_vec().unwrap()
}

fn script<'a>(workflow: &'a Yaml, job: &str, step: &str) -> &'a str {
    let step = steps(workflow, job).iter().find(|one| one["name"].as_str() == Some(step));
    step.unwrap()["run"].as_str().unwrap()
}

/// Runs a step's script as GitHub does.
fn run(script: &str, folder: &Path, tag: &str) -> Output {
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).current_dir(folder);
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    command.env("GITHUB_REF_NAME", tag).env("PATH", path).output().unwrap()
}

#[test]
fn each_step_does_one_thing_and_writes_nothing_into_scripts() {
    let workflow = workflow();
    let jobs = workflow["jobs"].as_hash().unwrap();
    assert_eq!(jobs.len(), 3);
    for (name, job) in jobs {
        assert!(job["timeout-minutes"].as_i64().is_some(), "{name:?}");
        for step in job["steps"].as_vec().unwrap() {
            assert!(step["name"].as_str().is_some(), "{step:?}");
            assert_ne!(step["run"].is_badvalue(), step["uses"].is_badvalue(), "{step:?}");
            let Some(script) = step["run"].as_str() else { continue };
            // What GitHub puts into a script would be executed: names of tags are anybody's words.
            assert!(!script.contains("${{"), "{script}");
            let checked = Command::new("bash").args(["-n", "-c", script]).output().unwrap();
            assert!(checked.status.success(), "{checked:?}");
        }
    }
}

#[test]
fn only_the_job_that_releases_may_write() {
    let workflow = workflow();
    let rights = |job: &Yaml| -> Vec<(String, String)> {
        let rights = job["permissions"].as_hash().unwrap().iter();
        rights.map(|(on, what)| (on.as_str().unwrap().into(), what.as_str().unwrap().into())).collect()
    };
    assert_eq!(rights(&workflow), [("contents".to_owned(), "read".to_owned())]);
    for (name, job) in workflow["jobs"].as_hash().unwrap() {
        if name.as_str() == Some("release") {
            assert_eq!(rights(job), [("contents".to_owned(), "write".to_owned())]);
            assert_eq!(job["if"].as_str(), Some("github.event_name == 'push'"));
        } else {
            assert!(job["permissions"].is_badvalue(), "{name:?}");
        }
    }
    let tags = workflow["on"]["push"]["tags"].as_vec().unwrap();
    assert_eq!(tags.iter().map(|tag| tag.as_str().unwrap()).collect::<Vec<_>>(), ["v[0-9]+.[0-9]+.[0-9]+*"]);
    for (job, needs) in [("build", "check"), ("release", "build")] {
        assert_eq!(workflow["jobs"][job]["needs"].as_str(), Some(needs));
    }
}

#[test]
fn a_tag_that_is_not_this_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    let changelog = folder.path().join("CHANGELOG.md");
    fs::write(&changelog, format!("## [Unreleased]\n\n## [{version}] - 2026-12-01\n")).unwrap();
    let workflow = workflow();
    let script =
        script(&workflow, "check", "See that the tag is this version, and that the changelog has it");
    let passes = |tag: &str| run(script, folder.path(), tag).status.success();
    assert!(passes(&format!("v{version}")));
    assert!(!passes("v99.0.0"));
    assert!(!passes(&format!("v{version}-rc.1")));
    fs::write(&changelog, "## [Unreleased]\n").unwrap();
    assert!(!passes(&format!("v{version}")));
}

#[test]
fn a_release_has_its_own_notes_and_checksums_that_hold() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for inner in ["bin", "packages"] {
        fs::create_dir(at(inner)).unwrap();
    }
    // What it is told is written down in place of a release.
    fs::write(at("bin/gh"), "#!/bin/sh\nprintf '%s\\n' \"$@\" > ../told\n").unwrap();
    fs::set_permissions(at("bin/gh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(at("packages/a.tar.gz"), "a").unwrap();
    fs::write(at("packages/b_0.1.0-1_amd64.deb"), "b").unwrap();
    let changelog = "# Changelog\n\n## [Unreleased]\n\n- Next.\n\n## [1.2.3] - 2026-12-01\n\n### Added\n\n- This.\n\n\
                     ## [1.2.3-rc.1] - 2026-11-01\n\n- Before.\n";
    fs::write(at("CHANGELOG.md"), changelog).unwrap();
    let workflow = workflow();
    let script = script(&workflow, "release", "Release it");
    for (tag, notes, is_early) in
        [("v1.2.3", "\n### Added\n\n- This.\n\n", false), ("v1.2.3-rc.1", "\n- Before.\n", true)]
    {
        let output = run(script, folder.path(), tag);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(fs::read_to_string(at("notes.md")).unwrap(), notes);
        let told = fs::read_to_string(at("told")).unwrap();
        assert!(told.starts_with(&format!("release\ncreate\n{tag}\n--verify-tag\n")), "{told}");
        assert!(told.ends_with("SHA256SUMS\na.tar.gz\nb_0.1.0-1_amd64.deb\n"), "{told}");
        assert_eq!(told.contains("--prerelease"), is_early, "{told}");
        let sums = fs::read_to_string(at("packages/SHA256SUMS")).unwrap();
        assert_eq!(sums.lines().count(), 2, "{sums}");
        let mut check = Command::new("sha256sum");
        assert!(
            check.args(["--check", "SHA256SUMS"]).current_dir(at("packages")).status().unwrap().success()
        );
        fs::remove_file(at("packages/SHA256SUMS")).unwrap();
    }
}

//! The workflow that users copy: it is YAML, and the step that measures runs as it stands there.

use std::fs;
use std::process::Command;

use yaml_rust2::{Yaml, YamlLoader};

use super::place::{FILLBENCH, Place, SCRIPT, ended};

const WORKFLOW: &str = include_str!("../../benchmark/github-workflow.yml");

fn workflow() -> Yaml {
    YamlLoader::load_from_str(WORKFLOW).unwrap().remove(0)
}

fn steps(workflow: &Yaml) -> &[Yaml] {
    workflow["jobs"]["regression"]["steps"].as_vec().unwrap()
}

/// What the step does that has this in its script.
fn script_with<'a>(workflow: &'a Yaml, text: &str) -> &'a str {
    let scripts = steps(workflow).iter().filter_map(|step| step["run"].as_str());
    let found: Vec<_> = scripts.filter(|script| script.contains(text)).collect();
    assert_eq!(found.len(), 1, "{text}");
    found[0]
}

#[test]
fn each_step_does_one_thing() {
    let workflow = workflow();
    assert!(!workflow["on"]["pull_request"].is_badvalue());
    for step in steps(&workflow) {
        assert!(step["name"].as_str().is_some(), "{step:?}");
        assert_ne!(step["run"].is_badvalue(), step["uses"].is_badvalue(), "{step:?}");
    }
    // A comparison that says `regression` ends the job: what comes then has to run all the same.
    let measures = steps(&workflow)
        .iter()
        .position(|step| step["run"].as_str().is_some_and(|script| script.contains("ci-regression.sh")));
    for step in &steps(&workflow)[measures.unwrap() + 1..] {
        assert!(step["if"].as_str().unwrap().contains("!cancelled()"), "{step:?}");
    }
}

#[test]
fn the_step_that_measures_runs_as_it_is() {
    let place = Place::new();
    for folder in ["fillbench/benchmark", "bin", "base/src", "new/src"] {
        fs::create_dir_all(place.path(folder)).unwrap();
    }
    fs::copy(SCRIPT, place.path("fillbench/benchmark/ci-regression.sh")).unwrap();
    // There is no release build beside this script: the one on PATH is taken. The workflow's ports and sizes are
    // those of the script, which are not free here, and too large.
    let wrapper = format!("#!/bin/sh\nexec '{FILLBENCH}' \"$@\"\n");
    place.program("bin/fillbench", &wrapper);
    for side in ["base", "new"] {
        place.server(&format!("{side}/src/valkey-server"), "");
    }
    let workflow = workflow();
    let script = script_with(&workflow, "ci-regression.sh").replace(
        "--out regression",
        &format!("--out regression --port {} --despite server,client", place.port),
    );
    let path = format!("{}:{}", place.path("bin").display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.args(["-e", "-c", &format!("{} -- --keys 100", script.trim_end())]);
    command.current_dir(place.path("")).env("TMPDIR", place.path("tmp")).env("PATH", path);
    let inconclusive = workflow["env"]["INCONCLUSIVE"].as_str().unwrap();
    command
        .env("RUNS", "1")
        .env("INCONCLUSIVE", inconclusive)
        .env("GITHUB_STEP_SUMMARY", place.path("summary.md"));
    command.env_remove("GITHUB_ACTIONS").env_remove("REDISCLI_AUTH");
    let run = ended(&mut command);
    assert_eq!(run.code, Some(if inconclusive == "warn" { 0 } else { 5 }), "{}{}", run.shown, run.told);
    assert_eq!(place.comparison()["verdict"], "inconclusive");
    assert!(place.text("summary.md").contains("**inconclusive**"));
    // What later steps take.
    assert!(script_with(&workflow, "gh pr comment").contains("regression/report.md"));
    assert!(place.path("regression/report.md").is_file());
    place.assert_nothing_is_left();
}

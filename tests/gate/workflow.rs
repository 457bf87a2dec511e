//! The workflow that users copy: it is YAML, and the step that measures runs as it stands there.

use std::fs;

use fillbench::results::ComparisonVerdict;
use yaml_rust2::{Yaml, YamlLoader};

use super::place::{FILL, FILLBENCH, Place, SCRIPT, ended};

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
    // There is no release build beside this script: the one on PATH is taken.
    place.program("bin/fillbench", &format!("#!/bin/sh\nexec '{FILLBENCH}' \"$@\"\n"));
    place.server("base/src/valkey-server", "");
    place.server("new/src/valkey-server", "--fault delay=1ms");
    let workflow = workflow();
    let script = script_with(&workflow, "ci-regression.sh").trim_end().to_owned();
    let mut command = place.bash(&format!("{script} -- {FILL}"));
    command
        .env("RUNS", "8")
        .env("INCONCLUSIVE", workflow["env"]["INCONCLUSIVE"].as_str().unwrap())
        .env("GITHUB_STEP_SUMMARY", place.path("summary.md"));
    let run = ended(&mut command);
    assert_eq!(run.code, Some(4), "{}{}", run.shown, run.told);
    assert_eq!(place.comparison().verdict, ComparisonVerdict::Regression);
    assert!(place.text("summary.md").contains("**regression**"));
    // What later steps take.
    assert!(place.path("regression/comparison.md").is_file());
    place.assert_nothing_is_left();
}

/// A comment of its own is written anew, and nobody else's.
#[test]
fn the_step_that_tells_edits_what_it_has_written() {
    let workflow = workflow();
    let step =
        steps(&workflow).iter().find(|step| step["run"].as_str().is_some_and(|run| run.contains("gh api")));
    let (step, marker) = (step.unwrap(), "<!-- fillbench regression of this -->");
    assert!(step["env"]["MARKER"].as_str().unwrap().starts_with("<!-- fillbench "));
    for (own, expected) in [
        ("", "--method POST repos/o/r/issues/7/comments -F body=@comment.md"),
        ("41\n42\n", "--method PATCH repos/o/r/issues/comments/42 -F body=@comment.md"),
    ] {
        let place = Place::new();
        fs::create_dir_all(place.path("bin")).unwrap();
        fs::create_dir_all(place.path("regression")).unwrap();
        fs::write(place.path("regression/comparison.md"), "### fillbench: better\n").unwrap();
        let gh =
            "#!/bin/sh\ncase \"$*\" in\n*--paginate*) printf \"$OWN\" ;;\n*) echo \"$*\" >>calls ;;\nesac\n";
        place.program("bin/gh", gh);
        let mut command = place.bash(step["run"].as_str().unwrap());
        command.env("GITHUB_REPOSITORY", "o/r").env("NUMBER", "7").env("MARKER", marker).env("OWN", own);
        let run = ended(&mut command);
        assert_eq!(run.code, Some(0), "{}{}", run.shown, run.told);
        assert_eq!(place.text("calls"), format!("api --silent {expected}\n"));
        assert_eq!(place.text("comment.md"), format!("{marker}\n### fillbench: better\n"));
    }
}

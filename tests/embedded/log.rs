//! The log: on stderr or in a file, lines of text or of JSON, and never a password among them.

use std::fs;
use std::path::Path;

use fillbench::results::{Incident, IncidentKind};
use serde_json::Value;

use crate::embedded::serve::{addresses, serve_with};
use crate::fill::run::{Run, begin};

const PASSWORD: &str = "hunter2";

fn fill(line: &str, envs: &[(&str, &Path)]) -> Run {
    let args: Vec<String> = line.split_whitespace().map(Into::into).collect();
    begin(&args, envs).end()
}

/// The lines of a log, each a document.
fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(!text.contains(PASSWORD), "{text}");
    let line = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
    text.lines().map(line).collect()
}

/// The first line with a message.
#[track_caller]
fn line<'a>(lines: &'a [Value], message: &str) -> &'a Value {
    let found = lines.iter().find(|line| line["message"] == message);
    found.unwrap_or_else(|| panic!("no `{message}` in {lines:#?}"))
}

#[test]
fn each_line_is_a_document_that_tells_what_happened_and_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let [served, filled] = ["served", "filled"].map(|name| folder.path().join(name));
    let log = |path: &Path| format!("--log debug --log-format json --log-file {}", path.display());
    let password = Path::new(PASSWORD);
    let serve = format!("--port 0 --masters 2 --fault 1:restart@100 {}", log(&served));
    let running = serve_with(&serve, &[("FILLBENCH_REQUIREPASS", password)]);
    let port = addresses(&running)[0].port();
    let run =
        fill(&format!("-p {port} --keys 20000 --json {}", log(&filled)), &[("REDISCLI_AUTH", password)]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!format!("{run:?}").contains(PASSWORD), "{run:?}");
    running.signal("TERM");
    running.end();

    let filled = lines(&filled);
    assert_eq!(line(&filled, "planned")["level"], "INFO");
    let connected = line(&filled, "connected");
    assert_eq!(
        (&connected["target"], &connected["level"]),
        (&"fillbench::net::connector".into(), &"DEBUG".into())
    );
    assert_eq!(line(&filled, "audited")["role"], "master");
    let told = filled.iter().filter(|line| line["message"] == "incident");
    let told: Vec<_> = told.map(|line| (line["kind"].clone(), line["master"].clone())).collect();
    let incidents = run.record().incidents.into_iter();
    let incidents: Vec<_> = incidents.map(|one| (one.kind.name().into(), one.master.into())).collect();
    assert!(!told.is_empty() && told == incidents, "{told:?}, and in the record {incidents:?}");
    assert_eq!(line(&filled, "incident")["level"], "WARN");
    let ended = line(&filled, "ended");
    assert_eq!(ended["verdict"], serde_json::to_value(run.record().verdict).unwrap());
    assert!(filled.iter().all(|line| line["timestamp"].is_string()), "{filled:#?}");
    let served = lines(&served);
    assert_eq!(line(&served, "listening")["level"], "INFO");
    assert!(line(&served, "connected")["client"].is_u64());
    assert_eq!(line(&served, "restarts without its keys")["level"], "INFO");
}

#[test]
fn it_goes_to_stderr_and_leaves_stdout_and_the_summary_alone() {
    let run = fill("--embedded --keys 1000 --json --log info", &[]);
    run.assert_exact();
    let logged =
        |word: &str| run.stderr.lines().any(|line| line.contains(" INFO fillbench: ") && line.contains(word));
    assert!(logged("planned") && logged("filling") && logged("ended verdict=\"exact\""), "{run:?}");
    assert!(run.stderr.contains("exact: all 1,000 keys are proven"), "{run:?}");
    let run = fill("--embedded --keys 1000 --json", &[("FILLBENCH_LOG", Path::new("warn"))]);
    run.assert_exact();
    assert!(!run.stderr.contains("INFO") && !run.stderr.contains("WARN"), "{run:?}");
}

#[test]
fn what_cannot_be_logged_is_told_before_anything_is_sent() {
    let run = fill("--embedded --keys 1000 --log loud", &[]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("--log loud: write off, error, warn, info"), "{run:?}");
    let run = fill("verify --keys 1000 -p 1", &[("FILLBENCH_LOG", Path::new("loud"))]);
    assert_eq!(run.code, 2, "{run:?}");
    let run = fill("--embedded --keys 1000 --json --log-file /nowhere/log", &[]);
    assert_eq!((run.code, run.record().account.executed), (1, 0), "{run:?}");
    run.assert_error(&["cannot write /nowhere/log", "--log-file"]);
}

#[test]
fn a_refusal_that_ends_the_sending_is_an_incident() {
    let running = serve_with("--port 0 --standalone --fault oom@100", &[]);
    let address = addresses(&running)[0];
    let run = fill(&format!("-p {} --keys 20000 --json", address.port()), &[]);
    let record = run.record();
    assert_eq!(run.code, 3, "{run:?}");
    let refused = |one: &&Incident| one.kind == IncidentKind::Refused;
    let refused = record.incidents.iter().find(refused).unwrap_or_else(|| panic!("{run:?}"));
    assert!(refused.text.starts_with("OOM") && refused.recovered_seconds.is_none(), "{refused:?}");
    assert_eq!(refused.master, address.to_string());
    // When it happened, and in the summary.
    let (then, afterwards) = run.stderr.split_once("missing: ").unwrap_or_else(|| panic!("{run:?}"));
    assert!(then.contains(&format!("incident: refused at {address}")), "{run:?}");
    assert!(afterwards.contains("\n  incidents  0:0") && afterwards.contains("refused"), "{run:?}");
}

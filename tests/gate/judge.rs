//! `benchmark/gate_judge.py`, which says how often the gate is right: on the recording that is published, with this
//! program.

use std::path::Path;
use std::process::Command;

use super::place::FILLBENCH;

#[test]
fn the_published_recording_can_be_judged_again() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_recording = |name: &str| name.starts_with("gate-valkey-") && name.ends_with(".csv");
    let names = std::fs::read_dir(root.join("results")).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let recording = names.find(|name| is_recording(name)).unwrap();
    let place = tempfile::tempdir().unwrap();
    let page = place.path().join("page.md");
    let mut judge = Command::new("python3");
    judge.arg(root.join("benchmark/gate_judge.py")).arg(root.join("results").join(recording));
    judge
        .args(["--runs", "40", "--jobs", "2", "--slower", "50", "--fillbench", FILLBENCH, "--out"])
        .arg(&page);
    let output = judge.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = std::fs::read_to_string(page).unwrap();
    let row = page.lines().find(|line| line.contains("A made 50 % slower") && line.contains("drawn"));
    let cells: Vec<_> = row.unwrap_or_default().split('|').map(str::trim).collect();
    // Both of two jobs: half as fast is seen in any noise.
    assert_eq!((cells[5], cells[6]), ("2", "2"), "{page}");
}

//! Being told to stop, and servers that are somebody else's.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::place::{DESPITE, FILLBENCH, Place};

#[test]
fn nothing_is_left_of_what_is_stopped() {
    let place = Place::new();
    let server = place.server("server", "");
    let mut command = place.script();
    command
        .args(["--runs", "10000"])
        .args([&server, &server])
        .args(["--", "--keys", "100"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut script = command.spawn().unwrap();
    let since = Instant::now();
    while !place.path("regression/new.csv").is_file() {
        assert!(since.elapsed() < Duration::from_secs(120), "there is no second run");
        std::thread::sleep(Duration::from_millis(20));
    }
    let asked =
        std::process::Command::new("kill").args(["-TERM", &script.id().to_string()]).status().unwrap();
    assert!(asked.success());
    assert_eq!(script.wait().unwrap().code(), Some(130));
    place.assert_nothing_is_left();
}

/// A server that is ended with the test, however that ends.
struct Served(std::process::Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn servers_behind_urls_are_left_running_and_their_passwords_are_not_told() {
    let place = Place::new();
    let mut command = std::process::Command::new(FILLBENCH);
    command.args(["serve", "--standalone", "--requirepass", "s3/cr3t@x", "--port", &place.port.to_string()]);
    let _served = Served(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let since = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", place.port)).is_err() {
        assert!(since.elapsed() < Duration::from_secs(30), "the server does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    let url = PathBuf::from(format!("redis://:s3/cr3t@x@127.0.0.1:{}", place.port));
    let run = place.run(&format!("--runs 2 --yes {DESPITE}"), [&url, &url]);
    assert_eq!(run.code, Some(5), "{}{}", run.shown, run.told);
    assert_eq!(place.column("regression/new.csv", "verdict"), ["exact", "exact"]);
    assert!(std::net::TcpStream::connect(("127.0.0.1", place.port)).is_ok());
    let report = place.text("regression/report.md");
    assert!(report.contains(&format!("Base: `redis://127.0.0.1:{}`", place.port)), "{report}");
    for entry in std::fs::read_dir(place.path("regression")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("cr3t"), "{}: {text}", path.display());
    }
    assert!(!run.shown.contains("cr3t") && !run.told.contains("cr3t"));
}

//! Being told to stop, and servers that are somebody else's.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::place::{FILL, FILLBENCH, Place};

#[test]
fn nothing_is_left_of_what_is_stopped() {
    let place = Place::new();
    let server = place.server("server", "");
    let mut command = place.script();
    command.args(["--runs", "1000"]).args([&server, &server]).arg("--").args(FILL.split(' '));
    let mut script = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let since = Instant::now();
    let runs = || std::fs::read_to_string(place.path("regression/new/runs.csv")).unwrap_or_default();
    while runs().lines().count() < 3 {
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
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let mut command = std::process::Command::new(FILLBENCH);
    command.args(["serve", "--standalone", "--requirepass", "s3/cr3t@x", "--port", &port]);
    let _served = Served(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let since = Instant::now();
    while TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
        assert!(since.elapsed() < Duration::from_secs(30), "the server does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    let url = PathBuf::from(format!("redis://:s3/cr3t@x@127.0.0.1:{port}"));
    let fill = FILL.replace("--renew 1 ", "");
    let run = place.run(&format!("--yes {}", url.display()), &url, &fill);
    assert!([Some(0), Some(4), Some(5)].contains(&run.code), "{}{}", run.shown, run.told);
    let verdicts = place.column("regression/new/runs.csv", "verdict");
    assert!(verdicts.len() == 8 && verdicts.iter().all(|verdict| verdict == "exact"), "{verdicts:?}");
    assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_ok());
    let report = place.text("regression/comparison.md");
    assert!(report.contains(&format!("Base: `127.0.0.1:{port}`")), "{report}");
    for folder in ["regression", "regression/base", "regression/new"] {
        for entry in std::fs::read_dir(place.path(folder)).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                let text = std::fs::read_to_string(entry.path()).unwrap();
                assert!(!text.contains("cr3t"), "{}: {text}", entry.path().display());
            }
        }
    }
    assert!(!run.shown.contains("cr3t") && !run.told.contains("cr3t"));
}

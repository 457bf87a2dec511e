//! The page in a real browser: chromium, without a window. A wrapper shows it in frames of several widths and
//! measures there; it is made for the test, since the page itself runs nothing.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;

use super::made::{Place, report};
use crate::common::skip;

/// Starting a browser on a busy machine takes a while.
const LIMIT: Duration = Duration::from_secs(150);

/// A phone, a tablet, a desk.
const WIDTHS: &str = "[360, 768, 1280]";

/// Measures the frames, and leaves what it found as JSON.
const SCRIPT: &str = include_str!("measure.js");

/// The browser: named by the environment, or on PATH.
fn chromium(test: &str) -> Option<PathBuf> {
    let named = std::env::var_os("FILLBENCH_TEST_CHROMIUM").map(PathBuf::from);
    let on_path = || {
        let folders = std::env::var_os("PATH")?;
        std::env::split_paths(&folders).map(|folder| folder.join("chromium")).find(|path| path.is_file())
    };
    let found = named.or_else(on_path);
    if found.is_none() {
        skip(test, "no chromium");
    }
    found
}

/// Runs the browser with a profile of its own, which goes away.
fn browse(chromium: &PathBuf, place: &Place, args: &[&str]) -> Output {
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new("timeout");
    command.arg("--kill-after=5").arg(LIMIT.as_secs().to_string()).arg(chromium);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]);
    command.args(["--disable-extensions", "--disable-background-networking", "--disable-dev-shm-usage"]);
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    command.args(args).current_dir(place.path("."));
    command.output().unwrap()
}

/// Shows the page in frames, and gives what was measured in each.
fn measured(chromium: &PathBuf, place: &Place, page: &str, args: &[&str]) -> Vec<Value> {
    let html = place.read(page);
    let policy = html.find("<meta http-equiv").unwrap();
    let end = policy + html[policy..].find('>').unwrap() + 1;
    // A frame's own policy would not be its parent's, and the frame would not let itself be measured.
    let bare = format!("{}{}", &html[..policy], &html[end..]);
    let source = serde_json::to_string(&bare).unwrap().replace("</", "<\\/");
    let wrapper = format!(
        "<!doctype html><body><script>const source = {source};\nfor (const width of {WIDTHS}) {{ const frame = \
         document.createElement('iframe'); frame.width = width; frame.height = 800; frame.style.border = 0; \
         frame.srcdoc = source; document.body.append(frame); }}\n{SCRIPT}</script>"
    );
    fs::write(place.path("wrapper.html"), wrapper).unwrap();
    let url = format!("file://{}", place.path("wrapper.html").display());
    let output =
        browse(chromium, place, &[args, &["--dump-dom", "--virtual-time-budget=20000", &url]].concat());
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = dom.split_once("<pre id=\"found\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let found = found.unwrap_or_else(|| panic!("nothing was measured: {output:?}")).0;
    let text = found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

#[track_caller]
fn assert_fine(frame: &Value) {
    assert!(frame["drawings"].as_u64().unwrap() >= 4, "{frame}");
    assert_eq!(frame["outside"], serde_json::json!([]), "wider than the screen: {frame}");
    assert!(frame["scroll"].as_f64() <= frame["width"].as_f64(), "{frame}");
    for none in ["repeated", "low", "unnamed", "skipped", "loaded"] {
        assert_eq!(frame[none], serde_json::json!([]), "{none}: {frame}");
    }
    assert_eq!(frame["scripts"], 0, "{frame}");
    assert_eq!(
        (&frame["first"], &frame["landmarks"]),
        (&1.into(), &serde_json::json!([1, 1, 1, 1])),
        "{frame}"
    );
}

#[test]
fn a_page_fits_every_screen_in_light_and_dark() {
    let Some(chromium) = chromium("a_page_fits_every_screen_in_light_and_dark") else { return };
    let place = Place::with_sweep();
    report(&place, "sweep").written();
    let [light, dark] = [1, 0].map(|scheme| {
        let scheme = format!("--blink-settings=preferredColorScheme={scheme}");
        measured(&chromium, &place, "sweep/report.html", &[&scheme])
    });
    let figure = |frame: &Value, name: &str| frame[name].as_f64().unwrap();
    for (light, dark) in light.iter().zip(&dark) {
        assert_fine(light);
        assert_fine(dark);
        assert!(figure(light, "paper") > 0.9 && figure(light, "text") < 0.1, "{light}");
        assert!(figure(dark, "paper") < 0.1 && figure(dark, "text") > 0.7, "{dark}");
        let ink = |frame: &Value| -> Vec<f64> {
            frame["ink"].as_array().unwrap().iter().map(|ink| ink.as_f64().unwrap()).collect()
        };
        assert!(ink(light).iter().all(|&ink| ink < 0.3), "dark letters on light: {light}");
        assert!(ink(dark).iter().all(|&ink| ink > 0.3), "light letters on dark: {dark}");
        assert!(figure(light, "smallest") > 6.5, "letters too small to read: {light}");
    }
    assert_eq!(light[0]["wide"], 1, "on a phone, the table scrolls by itself: {}", light[0]);
}

#[test]
fn a_run_with_an_incident_fits_and_prints() {
    let Some(chromium) = chromium("a_run_with_an_incident_fits_and_prints") else { return };
    let place = Place::with_incident();
    report(&place, "run").written();
    measured(&chromium, &place, "run/report.html", &[]).iter().for_each(assert_fine);
    let url = format!("file://{}", place.path("run/report.html").display());
    let output = browse(&chromium, &place, &["--print-to-pdf=page.pdf", "--no-pdf-header-footer", &url]);
    let pdf = fs::read(place.path("page.pdf")).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let text = String::from_utf8_lossy(&pdf);
    let pages = text.matches("/Type /Page\n").count();
    assert!(text.starts_with("%PDF") && (2..=8).contains(&pages), "{pages} pages in {} bytes", pdf.len());
}

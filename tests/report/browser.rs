//! The page in a real browser. A wrapper shows it in frames of several widths and measures there; it is
//! made for the test, since the page itself runs nothing.

use std::fs;

use serde_json::Value;

use super::made::{Place, report};
use crate::chart::browser::Browser;

/// A phone, a tablet, a desk.
const WIDTHS: &str = "[360, 768, 1280]";

/// Measures the frames, and leaves what it found as JSON.
const SCRIPT: &str = include_str!("measure.js");

/// Shows the page in frames, and gives what was measured in each.
fn measured(browser: &Browser, place: &Place, page: &str, is_dark: bool) -> Vec<Value> {
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
    let dom = browser.dom(&place.path("wrapper.html"), is_dark);
    let found = dom.split_once("<pre id=\"found\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let found = found.unwrap_or_else(|| panic!("nothing was measured: {dom}")).0;
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
    let Some(browser) = Browser::find("a_page_fits_every_screen_in_light_and_dark") else { return };
    let place = Place::with_sweep();
    report(&place, "sweep").written();
    let [light, dark] = [false, true].map(|is_dark| measured(&browser, &place, "sweep/report.html", is_dark));
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
    let Some(browser) = Browser::find("a_run_with_an_incident_fits_and_prints") else { return };
    let place = Place::with_incident();
    report(&place, "run").written();
    measured(&browser, &place, "run/report.html", false).iter().for_each(assert_fine);
    browser.print(&place.path("run/report.html"), &place.path("page.pdf"));
    let pdf = fs::read(place.path("page.pdf")).unwrap();
    let text = String::from_utf8_lossy(&pdf);
    let pages = text.matches("/Type /Page\n").count();
    assert!(text.starts_with("%PDF") && (2..=8).contains(&pages), "{pages} pages in {} bytes", pdf.len());
}

//! Charts as a real browser shows them: on a phone and on a desk, in light and dark, nothing covers
//! anything, nothing is cut off, and text is large enough to be read.
//!
//! The drawings stay in `target/tmp/charts`, to be looked at.

pub(crate) mod browser;
mod samples;

use std::path::PathBuf;

use browser::Browser;
use samples::Sample;

/// Finds in every frame of a page what is wrong with the charts.
const LOOK: &str = include_str!("look.js");

/// A page in which each sample stands in a phone's frame and in a desk's: frames can be as narrow as a
/// phone, which a window cannot.
fn page(samples: &[Sample]) -> String {
    let inline: String = samples.iter().map(|(_, svg)| svg.as_str()).collect();
    let inner = format!("<!doctype html><meta charset=utf-8><style>body{{margin:8px}}</style>{inline}");
    let source = inner.replace('&', "&amp;").replace('"', "&quot;");
    let frame = |name: &str, width: u32| {
        format!("<iframe name={name} width={width} height=9000 frameborder=0 srcdoc=\"{source}\"></iframe>")
    };
    let files: Vec<_> = samples.iter().map(|(_, svg)| svg).collect();
    let files = serde_json::to_string(&files).unwrap().replace('<', "\\u003c");
    format!(
        "<!doctype html><meta charset=utf-8><title>Charts</title>{}{}<pre id=found></pre>\
         <script>const files = {files};\n{LOOK}</script>",
        frame("phone", 360),
        frame("desk", 900)
    )
}

/// Where drawings and pages are left.
fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("charts");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// What the browser finds wrong with the samples in a page. They have to be on a ground of this colour.
fn wrong_with(samples: &[Sample], browser: &Browser, page_name: &str, ground: &str) -> Vec<String> {
    let place = folder().join(page_name);
    std::fs::write(&place, page(samples)).unwrap();
    let dom = browser.dom(&place, ground != "rgb(255, 255, 255)");
    let answer = dom.split_once("<pre id=\"found\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let (answer, _) = answer.unwrap_or_else(|| panic!("no answer in {}", place.display()));
    let (seen, wrong) = answer.split_once('\n').unwrap_or_else(|| panic!("no answer: `{answer}`"));
    let count = samples.len();
    assert_eq!(seen, format!("looked at {} charts on {ground} and {count} files", 2 * count));
    wrong.lines().map(str::to_owned).collect()
}

#[test]
fn a_browser_shows_every_chart_whole_and_legible() {
    let Some(browser) = Browser::find("a_browser_shows_every_chart_whole_and_legible") else { return };
    let samples = samples::all();
    for (name, svg) in &samples {
        std::fs::write(folder().join(format!("{name}.svg")), svg).unwrap();
    }
    let wrong = wrong_with(&samples, &browser, "light.html", "rgb(255, 255, 255)");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What a look at charts has to find is put into some, and found; and a reader who likes it dark has it dark.
#[test]
fn what_is_wrong_with_a_chart_is_found() {
    let Some(browser) = Browser::find("what_is_wrong_with_a_chart_is_found") else { return };
    let mut samples = samples::all();
    let add = |svg: &mut String, x: &str, y: &str, style: &str| {
        let text = format!("<text class=\"tick\" x=\"{x}\" y=\"{y}\" style=\"{style}\">spoilt</text></svg>");
        *svg = svg.replace("</svg>", &text);
    };
    add(&mut samples[0].1, "300", "8", "");
    add(&mut samples[0].1, "302", "8", "");
    add(&mut samples[1].1, "540", "8", "");
    add(&mut samples[2].1, "300", "8", "font-size:9px");
    let at = samples[6].1.rsplit_once("class=\"marker\" d=\"M").and_then(|(_, d)| d.split_once('a')).unwrap();
    let (x, y) = at.0.split_once(' ').map(|(x, y)| (x.to_owned(), y.to_owned())).unwrap();
    add(&mut samples[6].1, &x, &y, "");
    samples[3].1 = samples[3].1.replace("</desc>", "&nbsp;</desc>");
    let wrong = wrong_with(&samples, &browser, "dark.html", "rgb(21, 24, 28)");
    for expected in [
        "phone: Throughput against the size of values: \"spoilt\" covers \"spoilt\"",
        "\"spoilt\" is cut off",
        "\"spoilt\" is 5.5 pixels high",
        "\"spoilt\" covers \"a marker\"",
        "no XML: &lt;svg",
    ] {
        assert!(wrong.iter().any(|one| one.contains(expected)), "{expected} in\n{}", wrong.join("\n"));
    }
}

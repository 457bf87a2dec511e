//! What the page and the text say of a sweep, of a run with an incident, and of runs that went wrong.

use super::made::{Place, report};

/// Checks that everything the page shows is in the page.
#[track_caller]
fn assert_self_contained(html: &str) {
    let foreign: Vec<_> = html
        .match_indices("http")
        .map(|(at, _)| &html[at..(at + 40).min(html.len())])
        .filter(|text| !text.starts_with("http://www.w3.org/2000/svg") && !text.starts_with("http-equiv"))
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    for never in ["<script", "javascript:", "@import", "url(//", "<link", "<iframe", " onload=", "src=\""] {
        assert!(!html.contains(never), "`{never}` in the page");
    }
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn a_sweep_is_shown_whole() {
    let place = Place::with_sweep();
    report(&place, "sweep").written();
    let (html, markdown) = (place.read("sweep/report.html"), place.read("sweep/report.md"));
    assert_self_contained(&html);
    for words in [
        "8 fills of 4 points: fillbench",
        "Throughput by pipeline depth",
        "Throughput by writers",
        "Latency of pipelines by percentile",
        "A typical run: ",
        "Balance of the masters",
        "Processor time for each GB",
        "Most throughput in bounded memory",
        "Small footprint",
        "--writers ",
        "--pipeline-depth 10",
        "a cluster of 2 masters, embedded",
    ] {
        assert!(html.contains(words), "no `{words}` in the page");
    }
    for words in ["8 fills of 4 points", "### Small footprint", "```sh", "--writers ", "## All points"] {
        assert!(markdown.contains(words), "no `{words}` in the text");
    }
    // All four points, with both of their runs.
    let rows = html.matches("<tr><td").count();
    assert_eq!(rows, 4, "rows of points");
    assert_eq!(markdown.lines().filter(|line| line.starts_with("| 100")).count(), 4, "{markdown}");
}

#[test]
fn every_drawing_is_in_the_page_and_beside_it() {
    let place = Place::with_sweep();
    report(&place, "sweep").written();
    let (html, markdown) = (place.read("sweep/report.html"), place.read("sweep/report.md"));
    let charts: Vec<_> = std::fs::read_dir(place.path("sweep/charts")).unwrap().map(Result::unwrap).collect();
    assert_eq!(charts.len(), html.matches("<figure>").count());
    assert!(charts.len() >= 5, "{charts:?}");
    for chart in charts {
        let name = chart.file_name().into_string().unwrap();
        let svg = std::fs::read_to_string(chart.path()).unwrap();
        assert!(svg.trim_start().starts_with("<svg") && svg.contains("</svg>"), "{name}");
        assert!(svg.contains("role=\"img\"") && svg.contains("<title") && svg.contains("<desc"), "{name}");
        let shown = markdown.lines().find(|line| line.contains(&format!("](charts/{name})")));
        let alt = shown.unwrap_or_else(|| panic!("{name} is not in the text"));
        assert!(alt.starts_with("![") && !alt.starts_with("![]"), "{alt}");
    }
}

#[test]
fn a_single_run_shows_what_happened_in_it() {
    let place = Place::with_incident();
    let reported = report(&place, "run");
    reported.written().says("One fill: fillbench");
    let (html, markdown) = (place.read("run/report.html"), place.read("run/report.md"));
    assert_self_contained(&html);
    for words in [
        "connection lost",
        "over after",
        "Throughput over time",
        "Latency over time",
        "Balance of the masters",
    ] {
        assert!(html.contains(words), "no `{words}` in the page");
    }
    assert!(markdown.contains("- 1: connection lost at 127.0.0.1:"), "{markdown}");
    // One run has nothing to choose from, and no parameter does anything.
    assert!(!html.contains("Best settings") && !html.contains("Throughput by") && html.contains("In short"));
    reported.says("incidents 1").says("verdict exact");
}

#[test]
fn what_says_little_is_told_first() {
    let place = Place::with_sweep();
    let record = place.record_of_sweep();
    let run = record.split('/').nth(2).unwrap().to_owned();
    // One run failed, in words that are markup elsewhere; all the others were limited by the client.
    let others: Vec<_> = std::fs::read_dir(place.path("sweep/runs")).unwrap().map(Result::unwrap).collect();
    for other in others {
        let name = format!("sweep/runs/{}/run.json", other.file_name().to_str().unwrap());
        place.rewrite(&name, |text| {
            let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
            record["limited_by"] = "client".into();
            if record["run"] == run {
                record["verdict"] = "failed".into();
                record["error"] = serde_json::json!({"message": "<b>full</b> & | *over*", "cure": null});
            }
            record.to_string()
        });
    }
    let reported = report(&place, "sweep");
    reported
        .written()
        .says("The client limited 7 of 7 measured runs")
        .says("1 of 8 runs counts in no figure");
    let (html, markdown) = (place.read("sweep/report.html"), place.read("sweep/report.md"));
    assert!(html.contains("The client limited 7 of 7 measured runs"), "{html}");
    assert!(html.contains("ended as `failed`: &lt;b&gt;full&lt;") && !html.contains("<b>full"));
    assert!(markdown.contains("\\<b\\>full\\</b\\> \\& \\| \\*over\\*"), "{markdown}");
    assert!(html.contains("<strong>client</strong>"));
}

#[test]
fn text_of_others_does_nothing_wherever_it_is_shown() {
    let place = Place::with_sweep();
    for entry in std::fs::read_dir(place.path("sweep/runs")).unwrap() {
        let name = format!("sweep/runs/{}/run.json", entry.unwrap().file_name().to_str().unwrap());
        place.rewrite(&name, |text| {
            let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
            record["target"]["version"] = "\u{1b}]0;owned\u{7}<img src=x>|`a`\n@team #1\u{202e}".into();
            record["options"]["command"] = "set; touch x\n```".into();
            record.to_string()
        });
    }
    let reported = report(&place, "sweep");
    reported.written().says("?]0;owned?<img src=x>");
    let is_obeyed = |letter: char| letter.is_control() && letter != '\n';
    assert!(!reported.shown.contains(is_obeyed) && !reported.told.contains(is_obeyed), "{reported:?}");
    let (html, markdown) = (place.read("sweep/report.html"), place.read("sweep/report.md"));
    assert!(!html.contains(|letter| is_obeyed(letter) || letter == '\u{202e}'), "{html}");
    assert!(!html.contains("<img") && html.contains("&lt;img src=x&gt;"));
    assert!(markdown.contains("?\\]0;owned?\\<img src=x\\>\\|\\`a\\` @&#8203;team #&#8203;1"), "{markdown}");
    // One line, one word.
    assert!(markdown.contains("\n--command 'set; touch x ```' --"), "{markdown}");
}

#[test]
fn a_sweep_that_lacks_runs_is_told_by_its_folder() {
    let place = Place::with_sweep();
    let record = place.record_of_sweep();
    let run = record.split('/').nth(2).unwrap();
    place.put_others("others.csv", &[]);
    std::fs::remove_dir_all(place.path(&format!("sweep/runs/{run}"))).unwrap();
    place.rewrite("sweep/runs.csv", |text| {
        text.lines().filter(|line| !line.starts_with(run)).map(|line| format!("{line}\n")).collect()
    });
    // Runs of elsewhere do not stand in for what is not there.
    report(&place, "sweep others.csv --out out")
        .written()
        .says("The sweep in sweep lacks 1 run: fillbench sweep --resume sweep goes on with it.");
    report(&place, "sweep").written().says("7 fills of 4 points").says("lacks 1 run");
    // A copy that has it makes it whole.
    let copy = Place::with_sweep();
    std::fs::rename(copy.path("sweep"), place.path("copy")).unwrap();
    let reported = report(&place, "sweep copy --out out");
    assert!(!reported.written().shown.contains("lacks"), "{reported:?}");
}

#[test]
fn runs_of_other_servers_are_kept_apart() {
    let place = Place::with_sweep();
    place.put_others("other.csv", &[("target_server", "redis"), ("target_version", "7.0.15")]);
    report(&place, "sweep other.csv --out both").written().says("These runs are of 2 servers or versions");
    let html = place.read("both/report.html");
    for words in ["16 fills of 8 points: 2 servers", "server redis 7.0.15", "<h4>Most throughput</h4>"] {
        assert!(html.contains(words), "no `{words}` in the page");
    }
}

//! Many runs make no page that nobody can load.

use std::fs;

use super::made::{Place, report};

const RUNS: u64 = 10_000;

#[test]
fn ten_thousand_runs_make_a_small_page() {
    let place = Place::with_sweep();
    let text = place.read("sweep/runs.csv");
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let header = table.headers().unwrap().clone();
    let row: Vec<String> = table.records().next().unwrap().unwrap().iter().map(str::to_owned).collect();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let mut many = csv::Writer::from_path(place.path("many.csv")).unwrap();
    many.write_record(&header).unwrap();
    for number in 0..RUNS {
        let mut row = row.clone();
        row[at("run")] = format!("run-{number}");
        row[at("asked_pipeline_depth")] = (1 + number % 100).to_string();
        row[at("asked_writers")] = (1 + number / 100 % 50).to_string();
        row[at("value_size")] = (64 << (number / 5000)).to_string();
        row[at("keys_per_second")] = format!("{:?}", 1e5 + (number * 7919 % 10_007) as f64);
        if number % 10 == 9 {
            row[at("verdict")] = "failed".into();
            row[at("error_message")] = format!("no room, {}", "word ".repeat(20));
        }
        many.write_record(&row).unwrap();
    }
    many.flush().unwrap();
    report(&place, "many.csv --out out").written().says("9,000 fills of 9,000 points");
    let html = place.read("out/report.html");
    assert!(html.len() < 1_500_000, "{} bytes", html.len());
    assert!(html.contains("Of 9,000 points, 8,600 are left out") && html.contains("and 980 more"));
    let of_charts: u64 = fs::read_dir(place.path("out/charts"))
        .unwrap()
        .map(|chart| chart.unwrap().metadata().unwrap().len())
        .sum();
    assert!(of_charts < 1_000_000, "{of_charts} bytes");
}

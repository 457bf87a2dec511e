//! What a terminal shows: brief, within 80 columns, in letters that it has.

use super::made::{Place, report, report_in};

#[test]
fn a_sweep_in_brief() {
    let place = Place::with_sweep();
    let reported = report(&place, "sweep");
    reported
        .written()
        .says("8 fills of 4 points")
        .says("Most throughput:")
        .says("Small footprint:")
        .says("times as fast as")
        .says("on average over 2 combinations of all else")
        .says("latency of");
    let is_line = |line: &str| line.starts_with("  --pipeline-depth 10") && line.contains(" --writers ");
    assert!(reported.shown.lines().any(is_line), "{}", reported.shown);
    assert!(reported.shown.contains('█'));
    assert!(!reported.shown.contains('\u{1b}'), "no colours: {}", reported.shown);
    for line in reported.shown.lines() {
        // Options stand in one line, so that they can be copied.
        assert!(line.chars().count() < 80 || line.trim_start().starts_with("--"), "{line}");
    }
}

#[test]
fn a_plain_terminal_gets_plain_letters() {
    let place = Place::with_sweep();
    for locale in ["C", "POSIX", "en_US.ISO-8859-1"] {
        let reported = report_in(&place, "sweep", locale);
        assert!(reported.written().shown.is_ascii(), "{}", reported.shown);
        assert!(reported.shown.contains("####"), "{}", reported.shown);
    }
}

#[test]
fn what_says_less_than_it_seems_to_is_told() {
    let place = Place::with_sweep();
    let told = |seconds: &str| {
        place.put_others("others.csv", &[("seconds_fill", seconds)]);
        let reported = report(&place, "others.csv --out out");
        let shown = flat(&reported.written().shown);
        shown.contains("8 of 8 measured runs filled for less than 0.20 s, which is too short")
    };
    assert!(told("0.1") && !told("0.3"));

    // One workload with all settings, and one with half of them.
    place.put_others("others.csv", &[("key_size", "64")]);
    let mut number = 0;
    place.rewrite("others.csv", |text| {
        let mut table = csv::Reader::from_reader(text.as_bytes());
        let header = table.headers().unwrap().clone();
        let writers = header.iter().position(|column| column == "asked_writers").unwrap();
        let mut half = csv::Writer::from_writer(Vec::new());
        half.write_record(&header).unwrap();
        for row in table.records().map(Result::unwrap).filter(|row| &row[writers] == "1") {
            number += 1;
            half.write_record(&row).unwrap();
        }
        String::from_utf8(half.into_inner().unwrap()).unwrap()
    });
    let shown = flat(&report(&place, "sweep/runs.csv others.csv --out out").written().shown);
    assert_eq!(number, 4);
    assert!(shown.contains("note: 1 workload that not all settings were run with do not count."), "{shown}");
}

#[test]
fn the_sides_of_a_comparison_are_not_taken_for_one_unsaid() {
    let place = Place::with_sweep();
    for folder in ["compared", "compared/base", "compared/new"] {
        std::fs::create_dir(place.path(folder)).unwrap();
    }
    std::fs::copy(place.path("sweep/runs.csv"), place.path("compared/base/runs.csv")).unwrap();
    place.put_others("compared/new/runs.csv", &[]);
    let is_told =
        || flat(&report(&place, "compared").written().shown).contains("holds the two sides of a comparison");
    assert!(!is_told());
    std::fs::write(place.path("compared/comparison.json"), "{}").unwrap();
    assert!(is_told());
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

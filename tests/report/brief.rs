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

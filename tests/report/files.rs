//! Which files a report writes, and which it leaves alone.

use std::fs;

use super::made::{Place, report};

#[test]
fn a_report_is_written_again_and_leaves_nothing_else() {
    let place = Place::with_sweep();
    let names = |place: &Place| {
        let mut names: Vec<_> = fs::read_dir(place.path("sweep"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let before = names(&place);
    let told = report(&place, "sweep").written().told.clone();
    assert!(told.contains("sweep/report.html, sweep/report.md and "), "{told}");
    let mut expected = before;
    expected.extend(["charts".into(), "report.html".into(), "report.md".into()]);
    expected.sort();
    assert_eq!(names(&place), expected);
    let first = place.read("sweep/report.html");
    // What an earlier report drew and this one does not goes; what is somebody else's stays.
    fs::write(place.path("sweep/charts/stale.svg"), "<svg/>\n<!-- fillbench report -->\n").unwrap();
    fs::write(place.path("sweep/charts/theirs.svg"), "<svg/>").unwrap();
    report(&place, "sweep").written();
    assert_eq!(place.read("sweep/report.html"), first, "the same runs make the same page");
    assert_eq!(names(&place), expected);
    assert!(!place.path("sweep/charts/stale.svg").exists() && place.path("sweep/charts/theirs.svg").exists());
    // The runs are as they were for whoever reads them next.
    report(&place, "sweep --out elsewhere").written();
    assert_eq!(place.read("elsewhere/report.html"), first);
}

#[test]
fn files_of_others_are_left_alone() {
    for name in ["report.html", "report.md", "charts/latency.svg"] {
        let place = Place::with_sweep();
        fs::create_dir_all(place.path("sweep/charts")).unwrap();
        fs::write(place.path(&format!("sweep/{name}")), "mine").unwrap();
        let cause = format!("sweep/{name} is there already, and is no report of fillbench");
        report(&place, "sweep").refused(1, &cause, "give --out another folder");
        assert_eq!(place.read(&format!("sweep/{name}")), "mine");
        let written = ["report.html", "report.md"]
            .map(|other| other != name && place.path(&format!("sweep/{other}")).exists());
        assert_eq!(written, [false, false], "{name}");
    }
}

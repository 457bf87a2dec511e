//! What a report cannot be made of: cause, cure and exit code.

use std::fs;

use super::made::{Place, report};

#[test]
fn what_is_not_there_or_holds_no_runs_is_told() {
    let place = Place::new();
    report(&place, "nowhere").refused(
        2,
        "cannot read nowhere: no such file or directory",
        "name a file or folder",
    );
    fs::create_dir(place.path("empty")).unwrap();
    report(&place, "empty").refused(2, "empty holds no runs", "what fills left with --out");
    assert_eq!(fs::read_dir(place.path("empty")).unwrap().count(), 0);
}

#[test]
fn where_it_goes_has_to_be_said_or_follow() {
    let place = Place::with_sweep();
    report(&place, "sweep/runs.csv").refused(2, "sweep/runs.csv is no folder", "--out DIR");
    report(&place, "sweep sweep").refused(2, "there are several folders", "--out DIR");
    report(&place, "sweep/runs.csv --out new/deep").written();
    assert!(place.path("new/deep/report.html").exists());
    // The same runs by two names are taken once.
    report(&place, "sweep sweep/runs.csv --out new/deep").written().says("8 fills of 4 points");
}

#[test]
fn options_that_make_no_sense_are_told() {
    let place = Place::with_sweep();
    report(&place, "sweep --in-flight much").refused(2, "is not a size", "");
    report(&place, "sweep --within 10").refused(2, "is not a share", "");
    report(&place, "").refused(2, "<DIR>", "");
}

#[test]
fn what_is_damaged_is_told_by_file_and_row() {
    let damage = |name: &str, from: &str, to: &str, cause: &str| {
        let place = Place::with_sweep();
        place.rewrite(name, |text| {
            assert!(text.contains(from), "no `{from}` in {name}");
            text.replacen(from, to, 1)
        });
        report(&place, "sweep").refused(2, cause, "");
        assert!(!place.path("sweep/report.html").exists());
    };
    damage(
        "sweep/sweep.json",
        "\"grid\"",
        "\"grit\"",
        "sweep/sweep.json holds no runs: holds no record of a sweep",
    );
    let place = Place::with_sweep();
    let record = place.record_of_sweep();
    place.rewrite(&record, |text| text[..text.len() / 2].to_owned());
    report(&place, "sweep").refused(
        2,
        &format!("{record} holds no runs: EOF while parsing"),
        "name a runs.csv",
    );
    let place = Place::with_sweep();
    place.rewrite(&record_of(&place), |text| {
        text.replacen("\"peak_rss_bytes\": ", "\"peak_rss_bytes\": -", 1)
    });
    report(&place, "sweep").refused(2, "field client.peak_rss_bytes is `-", "as fillbench wrote it");
    // Rows of all runs that are looked at closely: the first is one of them or none.
    for (table, column) in [("latency.csv", "count"), ("intervals.csv", "keys")] {
        let place = Place::with_sweep();
        place.rewrite(&format!("sweep/{table}"), |text| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
            let at = header.iter().position(|name| *name == column).unwrap();
            for line in lines.iter_mut().skip(1) {
                let mut cells: Vec<&str> = line.split(',').collect();
                cells[at] = "many";
                *line = cells.join(",");
            }
            lines.join("\n") + "\n"
        });
        let cause = format!("column {column} is `many`, which is no whole number");
        report(&place, "sweep").refused(2, &cause, "as fillbench wrote it");
    }
}

fn record_of(place: &Place) -> String {
    place.record_of_sweep()
}

#[test]
fn a_row_that_is_cut_off_is_told_with_what_makes_it_whole() {
    let place = Place::with_sweep();
    place.rewrite("sweep/runs.csv", |text| text[..text.len() - 10].to_owned());
    report(&place, "sweep").refused(2, "sweep/runs.csv, row 9 is cut off", "fillbench sweep --resume sweep");
    fs::copy(place.path("sweep/runs.csv"), place.path("alone.csv")).unwrap();
    report(&place, "alone.csv --out out").refused(2, "alone.csv, row 9 is cut off", "take that row out");
}

#[test]
fn a_table_of_something_else_is_passed_over_where_it_is_not_named() {
    let place = Place::with_sweep();
    let trimmed = "run,verdict,schema\na,exact,fillbench.run/1\n";
    fs::create_dir(place.path("tables")).unwrap();
    fs::write(place.path("tables/trimmed.csv"), trimmed).unwrap();
    report(&place, "tables/trimmed.csv --out out").refused(
        2,
        "row 2 has no column target_server",
        "as fillbench wrote",
    );
    let passed_over = "passed over: tables/trimmed.csv, which has no column target_server";
    report(&place, "tables").refused(2, &format!("tables holds no runs; {passed_over}"), "what fills left");
    fs::rename(place.path("tables/trimmed.csv"), place.path("sweep/trimmed.csv")).unwrap();
    report(&place, "sweep").written().says("sweep/trimmed.csv, which has no column target_server");
    assert!(place.read("sweep/report.md").contains("Passed over, as tables of other things"));
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let place = Place::with_sweep();
    fs::write(place.path("file"), "").unwrap();
    report(&place, "sweep --out file/below").refused(
        1,
        "cannot write file/below",
        "a place that can be written",
    );
    fs::create_dir_all(place.path("blocked")).unwrap();
    fs::write(place.path("blocked/charts"), "").unwrap();
    report(&place, "sweep --out blocked").refused(
        1,
        "cannot write blocked/charts",
        "a place that can be written",
    );
    assert!(!place.path("blocked/report.html").exists());
}

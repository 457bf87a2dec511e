//! What stands in the folder of a fill that was gone on with: tables that can be read to the end, and rows
//! that name their run.

use std::collections::BTreeMap;

use crate::fill::data::Data;
use crate::resume::kept::{Kept, assert_exact};
use crate::verify::place::Place;

#[test]
fn tables_stay_whole_and_their_rows_name_their_run() {
    let (place, kept, data) = (Place::embedded(Some(2)), Kept::new(), Data::of(160_000));
    kept.cut_off(&place, &data, "--rate 40000", 3);
    let first = kept.record().run;
    let table = kept.out.with_file_name("all.csv");
    let csv = format!("--csv {}", table.display());
    let record = assert_exact(&kept.resume(&csv).end(), &place, &data);

    let mut keys = BTreeMap::new();
    let mut intervals = csv::Reader::from_path(kept.out.join("intervals.csv")).unwrap();
    let columns = intervals.headers().unwrap().clone();
    let column = |name: &str| columns.iter().position(|one| one == name).unwrap();
    for row in intervals.records().map(Result::unwrap) {
        *keys.entry(row[column("run")].to_owned()).or_insert(0) +=
            row[column("keys")].parse::<u64>().unwrap();
    }
    assert_eq!(keys.keys().collect::<Vec<_>>(), [&first, &record.run]);
    assert!(keys[&first] > 0);
    assert_eq!(keys[&record.run], record.done.keys);
    // A run that was killed came to no row.
    for path in [kept.out.join("runs.csv"), table] {
        let mut runs = csv::Reader::from_path(&path).unwrap();
        let names: Vec<_> = runs.records().map(|row| row.unwrap()[0].to_owned()).collect();
        assert_eq!(names, [record.run.as_str()], "{}", path.display());
    }
}

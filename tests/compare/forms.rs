//! What machines and pull requests get.

use fillbench::results::{Comparison, ComparisonVerdict};

use crate::compare::made::{Place, STEADY, compare, times};

#[test]
fn json_is_one_document_with_all_that_was_found() {
    let place = Place::new();
    let base = place.table("base.csv", &STEADY, &[]);
    let new = place.table("new.csv", &times(0.9), &[]);
    let compared = compare(&base, &new, "--json --threshold 5%");
    assert_eq!((compared.code, compared.told.as_str()), (Some(4), ""));
    let comparison: Comparison = serde_json::from_str(&compared.shown).unwrap();
    assert_eq!(comparison.schema, "fillbench.compare/1");
    assert_eq!(comparison.verdict, ComparisonVerdict::Regression);
    assert_eq!((comparison.options.threshold_percent, comparison.method.resamples), (5.0, 10_000));
    let point = &comparison.points[0];
    assert_eq!((point.base_runs, point.new_runs, point.repeats_needed), (7, 7, None));
    assert_eq!((point.parameters.keys, point.parameters.pipeline_depth), (Some(2000), Some(100)));
    let decisive = &point.metrics[0];
    assert_eq!((decisive.name.as_str(), decisive.higher_is_better), ("keys_per_second", true));
    assert_eq!((decisive.base_median, decisive.new_median), (100_000.0, 90_000.0));
    let (change, interval) = (decisive.change_percent.unwrap(), decisive.interval_percent.unwrap());
    assert!((change + 10.0).abs() < 1e-9 && interval.low < change && change < interval.high, "{decisive:?}");
    assert!((point.p_value - 2.0 / 3432.0).abs() < 1e-9, "{point:?}");
    assert_eq!(point.p_value, point.p_value_corrected);
    assert_eq!(compare(&base, &new, "--json --threshold 5%").shown, compared.shown);
}

#[test]
fn markdown_is_a_table_with_what_is_to_be_known_below() {
    let place = Place::new();
    for (side, factor) in [("base", 1.0), ("new", 0.8)] {
        place.table(&format!("{side}/1.csv"), &times(factor), &[("asked_writers", "1")]);
        place.table(&format!("{side}/2.csv"), &times(factor)[..3], &[("asked_writers", "2")]);
    }
    place.table("new/3.csv", &[1.0], &[("asked_writers", "3")]);
    let compared = compare(&place.path("base"), &place.path("new"), "--format markdown");
    compared.ended(4, "### fillbench: regression: keys_per_second is worse at 1 of 2 points");
    let rows: Vec<_> = compared.shown.lines().filter(|line| line.starts_with('|')).collect();
    assert!(
        rows[0].contains("| `keys_per_second` base | new | change | 99% interval | p | verdict |"),
        "{rows:?}"
    );
    assert!(rows[2].starts_with("| writers 1 | 7+7 | 100k | 80.0k | -20.0% | "), "{rows:?}");
    assert!(rows[2].ends_with("| **regression** |") && rows[3].ends_with("| **inconclusive** |"), "{rows:?}");
    compared
        .says("- writers 2: too few runs: whatever they measure, p cannot be below 0.1000")
        .says("- only new: writers 3 (1 run)")
        .says("</details>");
    // A cell less or more would break the table.
    for table in [&rows[..4], &rows[4..]] {
        let columns = |row: &str| row.replace("\\|", "").matches('|').count();
        assert!(table.iter().all(|row| columns(row) == columns(table[0])), "{table:?}");
    }
}

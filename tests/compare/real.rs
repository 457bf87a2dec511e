//! Real fills, five of each side.

use fillbench::results::Comparison;

use crate::common::fillbench;
use crate::compare::made::{Place, compare};

/// Nothing is said of the verdict: this machine has other things to do.
#[test]
fn fills_can_be_compared_as_they_are() {
    let place = Place::new();
    for side in ["base.csv", "new.csv"] {
        for _ in 0..5 {
            let line = "--embedded=1 --keys 30000 --key-size 32 --value-size 64 --quiet --csv";
            let output = fillbench(line.split(' ')).arg(place.path(side)).output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
    }
    let (base, new) = (place.path("base.csv"), place.path("new.csv"));
    // Where client and servers share two processors, the client may have been the limit.
    let compared = compare(&base, &new, "--despite client");
    assert!([Some(0), Some(4), Some(5)].contains(&compared.code), "{}{}", compared.shown, compared.told);
    compared.says("5+5").says("keys_per_second, and how its median changed").says("p99").says("p50");
    assert!(compared.shown.lines().all(|line| line.chars().count() < 80), "{}", compared.shown);
    let json = compare(&base, &new, "--despite client --json");
    assert_eq!(json.code, compared.code);
    let comparison: Comparison = serde_json::from_str(&json.shown).unwrap();
    assert_eq!((comparison.points.len(), comparison.only_base.len(), comparison.only_new.len()), (1, 0, 0));
    let point = &comparison.points[0];
    assert!((point.p_value_least - 2.0 / 252.0).abs() < 1e-12 && point.p_value >= point.p_value_least);
    let interval = point.metrics[0].interval_percent.unwrap();
    assert!(interval.low <= interval.high && interval.low > -100.0, "{interval:?}");
    assert_eq!(point.metrics.len(), 6, "{point:?}");
}

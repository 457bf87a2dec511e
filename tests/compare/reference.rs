//! The statistics beside scipy's: the values are those that `reference.py`, beside this file, prints.

use fillbench::compare::{RESAMPLES, SIGNIFICANCE, change_percent, interval_percent, p_value};

const BASE: [f64; 7] = [102.1, 99.4, 101.7, 98.2, 100.3, 97.6, 103.5];
const NEW: [f64; 7] = [95.2, 98.9, 94.1, 99.0, 96.3, 93.7, 97.1];

fn long() -> [Vec<f64>; 2] {
    let base = (0..40).map(|i| f64::from(i * 37 % 101) + 0.25);
    let new = (0..45).map(|i| f64::from(i * 53 % 101) + 6.5);
    [base.collect(), new.collect()]
}

#[test]
fn the_test_is_that_of_mann_and_whitney() {
    let [long_base, long_new] = long();
    let cases: [(&str, &[f64], &[f64], f64); 7] = [
        ("separate", &[1.0, 2.0, 3.0, 4.0, 5.0], &[6.0, 7.0, 8.0, 9.0, 10.0], 0.007936507936507936),
        ("overlapping", &BASE, &NEW, 0.006993006993006993),
        ("unequal", &BASE, &NEW[..4], 0.07272727272727272),
        ("tiny", &[3.0, 1.0], &[2.0, 4.0, 5.0], 0.4),
        (
            "ties",
            &[1.0, 2.0, 2.0, 3.0, 5.0, 5.0, 7.0],
            &[2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 9.0],
            0.22202797202797203,
        ),
        (
            "many ties",
            &[100.0, 100.0, 100.0, 100.0, 110.0, 110.0, 110.0],
            &[100.0, 100.0, 110.0, 110.0, 110.0, 110.0, 110.0],
            0.5920745920745921,
        ),
        ("long", &long_base, &long_new, 0.46420513874366726),
    ];
    for (name, base, new, expected) in cases {
        let found = p_value(base, new);
        assert!((found - expected).abs() < 1e-12, "{name}: {found}, and not {expected}");
    }
}

/// A change and its interval, in percent.
type Reference = (f64, [f64; 2]);

/// Scipy draws others, so the ends agree up to chance: a thirtieth of what the interval is wide.
#[test]
fn the_interval_is_that_of_the_bootstrap() {
    let [long_base, long_new] = long();
    let cases: [(&str, &[f64], &[f64], Reference); 4] = [
        ("overlapping", &BASE, &NEW, (-3.9880358923230275, [-7.86627335299902, 0.7128309572301372])),
        ("unequal", &BASE, &NEW[..4], (-3.2402791625124494, [-7.835455435847205, 0.8146639511201537])),
        ("even", &BASE[..6], &NEW[..6], (-4.106159238858287, [-7.654563297350359, 0.7637474541751565])),
        ("long", &long_base, &long_new, (15.897435897435908, [-35.68281938325991, 93.98496240601504])),
    ];
    for (name, base, new, (change, [low, high])) in cases {
        let found = change_percent(base, new).unwrap();
        assert!((found - change).abs() < 1e-9, "{name}: {found}, and not {change}");
        let found = interval_percent(base, new, RESAMPLES, SIGNIFICANCE).unwrap();
        let tolerance = (high - low) / 30.0;
        for (found, expected) in [(found.0, low), (found.1, high)] {
            assert!((found - expected).abs() < tolerance, "{name}: {found}, and not {expected}");
        }
    }
}

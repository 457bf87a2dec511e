//! How often the verdict is right on runs whose truth is known, because chance made them from it.

use std::f64::consts::TAU;

use proptest::prelude::*;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::decide::{Figures, Sides, decide};
use super::mann_whitney::{least_p_value, p_value};
use super::tests::options;
use super::{CompareOptions, Method, Metric};
use crate::results::{ComparisonVerdict, PointParameters};

/// Fewer resamples than a real comparison takes: thousands of them are made here.
const INDEPENDENT: Method = Method::Independent { resamples: 500 };

/// One point's verdict on throughputs.
fn verdict(base: &[f64], new: &[f64], threshold_percent: f64) -> ComparisonVerdict {
    verdict_by(INDEPENDENT, base, new, threshold_percent)
}

fn verdict_by(method: Method, base: &[f64], new: &[f64], threshold_percent: f64) -> ComparisonVerdict {
    let figures = |speeds: &[f64]| -> Vec<Figures> {
        let of_run = |speed: &f64| {
            let mut figures = [None; Metric::ALL.len()];
            figures[0] = Some(*speed);
            figures
        };
        speeds.iter().map(of_run).collect()
    };
    let (base, new) = (figures(base), figures(new));
    let sides = Sides {
        parameters: &PointParameters::default(),
        base: base.iter().collect(),
        new: new.iter().collect(),
        runs_each: 1,
        base_first: None,
    };
    decide(&[sides], &CompareOptions { threshold_percent, method, ..options() }, 1).remove(0).verdict
}

/// Runs around a truth, with so much noise (one standard deviation of a normal distribution, as a share).
fn runs(random: &mut Xoshiro256PlusPlus, count: usize, truth: f64, noise: f64) -> Vec<f64> {
    let mut uniform = || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let normal = |_| (-2.0 * (1.0 - uniform()).ln()).sqrt() * (TAU * uniform()).cos();
    (0..count).map(normal).map(|normal: f64| truth * (1.0 + noise * normal)).collect()
}

/// How many of so many comparisons, 7 runs against 7, end with a verdict.
fn share(rounds: u64, factor: f64, noise: f64, wanted: ComparisonVerdict) -> f64 {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let found = (0..rounds).filter(|_| {
        let base = runs(&mut random, 7, 1e6, noise);
        let new = runs(&mut random, 7, 1e6 * factor, noise);
        verdict(&base, &new, 3.0) == wanted
    });
    found.count() as f64 / rounds as f64
}

/// Without a threshold that helps, and with the fewest runs that can tell anything: there, p is below the level by a
/// hair, and what is promised has to hold all the same.
#[test]
fn the_fewest_runs_raise_no_more_false_alarms_than_others() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut in_all = 0;
    for (method, count) in [(INDEPENDENT, 5), (Method::Paired, 8), (INDEPENDENT, 6), (Method::Paired, 12)] {
        let verdicts = (0..400).map(|_| {
            let [base, new] = [0, 1].map(|_| runs(&mut random, count, 1e6, 0.05));
            verdict_by(method, &base, &new, 1e-6)
        });
        let called = verdicts.filter(|verdict| *verdict != ComparisonVerdict::Inconclusive).count();
        // One in a hundred is promised, and chance makes more than ten of that once in three hundred times.
        assert!(called <= 10, "{method:?} {count}: {called} of 400");
        in_all += called;
    }
    assert!(in_all > 3, "{in_all}: so rare is no accident, and costs power");
}

/// Figures that come in steps, as latencies do, are equal again and again.
#[test]
fn equal_figures_raise_no_more_false_alarms_than_others() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(11);
    let mut stepped = || -> Vec<f64> {
        runs(&mut random, 6, 1000.0, 0.01).iter().map(|figure| (figure / 20.0).round() * 20.0).collect()
    };
    let below = (0..4000).filter(|_| p_value(&stepped(), &stepped()) < 0.01).count();
    assert!(below <= 55, "{below} of 4000");
}

#[test]
fn equal_servers_are_seldom_called_slower() {
    let false_alarms = share(2000, 1.0, 0.05, ComparisonVerdict::Regression);
    assert!(false_alarms <= 0.01, "{false_alarms}");
    assert!(false_alarms > 0.0005, "{false_alarms}: so rare is no accident, and costs power");
}

#[test]
fn a_real_drop_is_found() {
    let found = share(1000, 0.9, 0.02, ComparisonVerdict::Regression);
    assert!(found > 0.95, "{found}");
    let better = share(1000, 1.12, 0.02, ComparisonVerdict::Better);
    assert!(better > 0.95, "{better}");
}

#[test]
fn steady_equal_servers_are_called_equal() {
    let same = share(500, 1.0, 0.005, ComparisonVerdict::NoChange);
    assert!(same > 0.95, "{same}");
}

/// From better to worse.
fn badness(verdict: ComparisonVerdict) -> u8 {
    match verdict {
        ComparisonVerdict::Better => 0,
        ComparisonVerdict::NoChange | ComparisonVerdict::Inconclusive => 1,
        ComparisonVerdict::Regression => 2,
    }
}

fn sample() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(1.0..1e7, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn identical_samples_are_never_a_regression(sample in sample(), threshold in 0.1..20.0) {
        let verdict = verdict(&sample, &sample, threshold);
        prop_assert!(!matches!(verdict, ComparisonVerdict::Regression | ComparisonVerdict::Better));
    }

    #[test]
    fn the_slower_the_new_side_the_worse_the_verdict(
        base in sample(), new in sample(), factor in 0.5..1.0, threshold in 0.1..20.0,
    ) {
        let slower: Vec<_> = new.iter().map(|figure| figure * factor).collect();
        let (before, after) = (verdict(&base, &new, threshold), verdict(&base, &slower, threshold));
        prop_assert!(badness(after) >= badness(before), "{before:?} became {after:?}");
    }

    #[test]
    fn sides_can_be_changed_for_the_test(base in sample(), new in sample()) {
        prop_assert!((p_value(&base, &new) - p_value(&new, &base)).abs() < 1e-9);
        prop_assert!((0.0..=1.0).contains(&p_value(&base, &new)));
        prop_assert!(p_value(&base, &new) >= least_p_value(base.len(), new.len()) * (1.0 - 1e-9));
    }
}

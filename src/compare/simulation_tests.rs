//! How often the verdict is right on runs whose truth is known, because chance made them from it.

use std::f64::consts::TAU;

use proptest::prelude::*;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::mann_whitney::{least_p_value, p_value, z};
use super::verdict::{Evidence, SIGNIFICANCE};
use super::{change_percent, interval_percent};
use crate::results::{ComparisonVerdict, PercentInterval};

/// Fewer than a real comparison takes: thousands of them are made here.
const RESAMPLES: u64 = 500;

/// One point's verdict on throughputs.
fn verdict(base: &[f64], new: &[f64], threshold_percent: f64) -> ComparisonVerdict {
    let interval = interval_percent(base, new, RESAMPLES);
    let change = change_percent(base, new).zip(interval.map(|(low, high)| PercentInterval { low, high }));
    let evidence = Evidence {
        runs: base.len().min(new.len()),
        change,
        higher_is_better: true,
        z: z(base, new),
        p_value: p_value(base, new),
        p_value_least: least_p_value(base.len(), new.len()),
        least_p_value: |runs| least_p_value(runs, runs),
        correction: 1.0,
        threshold_percent,
        significance: SIGNIFICANCE,
    };
    evidence.verdict().0
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

//! Runs that were made in turns, as pairs, and whether the order within those was left to chance.
//!
//! Whatever is first may be faster or slower for that alone: the machine is cooler, its credit of processor time
//! is not used up, the memory is what the run before left. A coin spreads that over both sides; where always the
//! same side was first, it cannot be told from a change, however many pairs there are.

use super::points::Point;
use super::{CompareError, Run};

/// An order of which a coin makes one so uneven, or one more so, less often than this was not drawn.
const UNLIKELY: f64 = 0.001;

/// Puts the runs of a point into the order in which they were made, so that the first of either side make a pair,
/// and the second, and so on; in how many of these the base's run was first.
///
/// # Errors
/// [`CompareError::NotInPairs`] if they were not made so.
pub(super) fn put_in_pairs(point: &mut Point<'_>) -> Result<usize, CompareError> {
    let not = |text| Err(CompareError::NotInPairs(text));
    // RFC 3339 with as many digits in all of them: their order is that of time.
    point.base.sort_by(|a, b| a.started_at.cmp(&b.started_at));
    point.new.sort_by(|a, b| a.started_at.cmp(&b.started_at));
    let (base, new) = (point.base.len(), point.new.len());
    if base != new {
        return not(format!("the base has {base} runs of a point, and the new side {new}"));
    }
    let pairs: Vec<_> = point.base.iter().zip(&point.new).map(|(&base, &new)| in_order(base, new)).collect();
    match pairs.windows(2).find(|two| two[1].0.started_at < two[0].1.started_at) {
        None => Ok(pairs.iter().zip(&point.base).filter(|((first, _), base)| first.id == base.id).count()),
        Some(two) => not(format!("{} began before {}, of an earlier pair", two[1].0.place, two[0].1.place)),
    }
}

/// The earlier run first.
fn in_order<'a>(base: &'a Run, new: &'a Run) -> (&'a Run, &'a Run) {
    if base.started_at <= new.started_at { (base, new) } else { (new, base) }
}

/// Why the order of pairs, the base first in so many of them, cannot have been left to chance; `None` if it can.
pub(super) fn not_drawn(base_first: usize, pairs: usize) -> Option<String> {
    let new_first = pairs - base_first;
    let (often, side) = if base_first >= new_first { (base_first, "base") } else { (new_first, "new") };
    (often == pairs || coins(often, pairs) < UNLIKELY).then(|| {
        format!(
            "the {side} side was run first in {often} of {pairs} pairs, and may differ for that alone: draw which \
             is first in each pair, as --live does"
        )
    })
}

/// How likely so many coins, or more, of all fall on the same side, on either (the exact binomial test).
fn coins(often: usize, all: usize) -> f64 {
    // The share of arrangements with so many, term by term; the first one as a sum of logarithms, because the
    // number of arrangements is beyond all numbers.
    let first: f64 = (1..=all - often).map(|one| ((often + one) as f64 / one as f64).ln()).sum();
    let mut term = (first - all as f64 * 2.0_f64.ln()).exp();
    let mut sum = 0.0;
    for count in often..=all {
        sum += term;
        term *= (all - count) as f64 / (count + 1) as f64;
    }
    (2.0 * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests::run;

    fn at(id: &str, second: u32, figure: f64) -> Run {
        Run { started_at: format!("2026-11-22T02:10:{second:02}.000Z"), ..run(id, figure) }
    }

    fn put<'a>(base: &'a [Run], new: &'a [Run]) -> Result<(Point<'a>, usize), CompareError> {
        let (base, new) = (base.iter().collect(), new.iter().collect());
        let mut point = Point { parameters: run("a", 1.0).parameters, base, new };
        let base_first = put_in_pairs(&mut point)?;
        Ok((point, base_first))
    }

    #[test]
    fn pairs_are_those_of_time() {
        let base = [at("b2", 4, 1.0), at("b1", 1, 1.0)];
        let new = [at("n1", 2, 1.0), at("n2", 3, 1.0)];
        let (point, base_first) = put(&base, &new).unwrap();
        let ids = |runs: &[&Run]| -> Vec<_> { runs.iter().map(|run| run.id.clone()).collect() };
        assert_eq!(
            (ids(&point.base), ids(&point.new)),
            (vec!["b1".into(), "b2".into()], vec!["n1".into(), "n2".into()])
        );
        assert_eq!(base_first, 1);
        assert_eq!(put(&new, &base).unwrap().1, 1);
        assert_eq!(put(&base[1..], &new[..1]).unwrap().1, 1);
    }

    #[test]
    fn runs_that_were_not_made_in_turns_are_refused() {
        let base = [at("b1", 1, 1.0), at("b2", 2, 1.0)];
        let new = [at("n1", 3, 1.0), at("n2", 4, 1.0)];
        let told = |base: &[Run], new: &[Run]| put(base, new).unwrap_err().to_string();
        assert!(told(&base, &new).contains("b2/run.json began before n1/run.json"), "{}", told(&base, &new));
        assert!(told(&base, &new[..1]).contains("2 runs of a point, and the new side 1"));
    }

    /// As `scipy.stats.binomtest(often, all).pvalue` has it.
    #[test]
    fn coins_are_those_of_the_binomial_distribution() {
        for (often, all, expected) in [
            (8, 8, 0.007_812_5),
            (11, 11, 0.000_976_562_5),
            (17, 20, 0.002_576_828_002_929_687_5),
            (5, 10, 1.0),
            (60, 100, 0.056_887_933_640_980_79),
            (66, 100, 0.001_789_930_391_486_852_6),
        ] {
            let found = coins(often, all);
            assert!((found - expected).abs() < 1e-9, "{often} of {all}: {found}");
        }
        assert!(coins(5200, 10_000) < 1e-4 && coins(5050, 10_000) > 0.3);
    }

    #[test]
    fn an_order_that_is_none_of_chance_is_told() {
        for (base_first, pairs) in [(8, 8), (0, 9), (11, 11), (0, 40), (34, 40), (6, 40), (5200, 10_000)] {
            assert!(not_drawn(base_first, pairs).is_some(), "{base_first} of {pairs}");
        }
        for (base_first, pairs) in [(1, 8), (7, 8), (20, 40), (12, 40), (5050, 10_000)] {
            assert_eq!(not_drawn(base_first, pairs), None, "{base_first} of {pairs}");
        }
        let told = not_drawn(1, 40).unwrap();
        assert!(told.starts_with("the new side was run first in 39 of 40 pairs"), "{told}");
    }
}

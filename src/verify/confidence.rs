//! What a sample says of all keys. Pure.

/// How sure the bound is that is told.
pub(super) const CONFIDENCE: f64 = 0.95;

/// Halvings of the interval in which the bound lies: as fine as the numbers are.
const HALVINGS: usize = 60;

/// The share of all keys that may be faulty, at most, where `faulty` of `looked_at` keys chosen by chance
/// are: with a chance of [`CONFIDENCE`] or more, the truth is not above it.
///
/// It is the largest share `p` for which `looked_at × D(faulty / looked_at ‖ p) ≤ ln(1 / (1 - CONFIDENCE))`,
/// D being the relative entropy of two coins: Hoeffding, "Probability inequalities for sums of bounded
/// random variables" (1963), theorem 1, which section 6 extends to drawing without putting back. Without a
/// fault it is `1 - 0.05^(1/n)`, as Clopper and Pearson have it: the rule of three, `3/n`.
pub(super) fn most_faulty(faulty: u64, looked_at: u64) -> f64 {
    let seen = faulty as f64 / looked_at as f64;
    let limit = -(1.0 - CONFIDENCE).ln() / looked_at as f64;
    let (mut low, mut high) = (seen, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if divergence(seen, middle) <= limit { low = middle } else { high = middle }
    }
    high
}

/// The relative entropy of a coin that shows heads in `a` of all cases, against one that does in `b`.
fn divergence(a: f64, b: f64) -> f64 {
    let part = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a * (a / b).ln() };
    part(a, b) + part(1.0 - a, 1.0 - b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_fault_it_is_the_rule_of_three() {
        for looked_at in [10, 1_000, 1_000_000, 1_000_000_000] {
            let exact = -(0.05f64.ln() / looked_at as f64).exp_m1();
            let bound = most_faulty(0, looked_at);
            assert!((bound - exact).abs() <= 1e-6 * exact, "{bound} and not {exact}");
            assert!(looked_at < 1_000 || (bound * looked_at as f64 - 3.0).abs() < 0.01, "{bound}");
        }
    }

    #[test]
    fn it_lies_above_what_was_seen_and_not_far() {
        // The exact one-sided bounds of Clopper and Pearson, which this may exceed and not undercut.
        for (faulty, looked_at, exact) in
            [(1, 100, 0.046_56), (5, 100, 0.102_25), (10, 1_000, 0.016_90), (50, 100, 0.586_45)]
        {
            let bound = most_faulty(faulty, looked_at);
            assert!(bound >= exact && bound < 1.5 * exact, "{faulty} of {looked_at}: {bound}, {exact}");
        }
        assert!(most_faulty(100, 100) >= 0.999_999);
    }
}

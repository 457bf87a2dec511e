//! Whether some runs are faster than others, over several workloads: a rank-sum test whose strata are the workloads
//! (van Elteren 1960, each pair of runs weighing the same). A run is only held against those of its own workload, so
//! that workloads need no common measure.

/// What a normal distribution exceeds once in twenty times.
const ONE_IN_TWENTY: f64 = 1.645;

/// Runs held against others.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RankSum {
    /// Pairs of runs of which the first is the faster; half of each that are equal.
    wins: f64,
    /// All pairs.
    pairs: f64,
    /// Of the wins, were there no difference.
    variance: f64,
}

impl RankSum {
    /// Adds the runs of one workload.
    pub(super) fn add(&mut self, own: &[f64], others: &[f64]) {
        let against = |own: &f64| -> f64 {
            let won = |other: &f64| if own > other { 1.0 } else { 0.5 * f64::from(own == other) };
            others.iter().map(won).sum()
        };
        let pairs = (own.len() * others.len()) as f64;
        self.wins += own.iter().map(against).sum::<f64>();
        self.pairs += pairs;
        self.variance += pairs * (own.len() + others.len() + 1) as f64 / 12.0;
    }

    /// Whether chance would have them so much faster once in twenty times at most.
    pub(super) fn tells(self) -> bool {
        self.is_rare(self.wins)
    }

    /// Whether so many runs tell anything, be the difference as clear as it may.
    pub(super) fn can_tell(self) -> bool {
        self.is_rare(self.pairs)
    }

    fn is_rare(self, wins: f64) -> bool {
        // Wins are whole numbers: half of a step is the correction for continuity.
        let beyond = wins - self.pairs / 2.0 - 0.5;
        beyond > 0.0 && beyond >= ONE_IN_TWENTY * self.variance.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many workloads, each with so many runs of either.
    fn apart(workloads: usize, runs: usize) -> RankSum {
        let mut ranks = RankSum::default();
        for _ in 0..workloads {
            ranks.add(&vec![2.0; runs], &vec![1.0; runs]);
        }
        ranks
    }

    #[test]
    fn what_can_be_told_is_what_chance_does_once_in_twenty_times() {
        // Exact: one in 20; in 36; in 32, and one in 6 and in 16.
        for (workloads, runs) in [(1, 3), (2, 2), (5, 1), (9, 3)] {
            assert!(
                apart(workloads, runs).tells() && apart(workloads, runs).can_tell(),
                "{workloads} {runs}"
            );
        }
        for (workloads, runs) in [(0, 0), (1, 1), (1, 2), (4, 1)] {
            assert!(!apart(workloads, runs).can_tell(), "{workloads} {runs}");
        }
    }

    #[test]
    fn overlaps_are_told_where_there_are_many_workloads() {
        let mut ranks = RankSum::default();
        // Six of nine pairs.
        let (own, others) = ([2.0, 4.0, 6.0], [1.0, 3.0, 5.0]);
        ranks.add(&own, &others);
        assert!(!ranks.tells() && ranks.can_tell());
        for _ in 1..9 {
            ranks.add(&own, &others);
        }
        assert!(ranks.tells());
        // What is faster in some workloads and slower in as many is neither.
        for _ in 0..9 {
            ranks.add(&others, &own);
        }
        assert!(!ranks.tells());
        let mut equal = RankSum::default();
        equal.add(&own, &own);
        assert!((equal.wins - equal.pairs / 2.0).abs() < 1e-12);
    }
}

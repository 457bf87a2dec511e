//! Pairs of runs, and the rounds that they make: what was run on the same two processes counts once.

use crate::compare::decide::{Figures, Sides};
use crate::compare::{Metric, Run};
use crate::results::PointParameters;

/// Two runs, one after the other, one of each side. Of the runs, only what is needed is kept: there may be a thousand
/// pairs.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) base: Measured,
    pub(super) new: Measured,
    /// Which one was first.
    pub(super) base_first: bool,
}

/// What is kept of a run.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    pub(super) id: String,
    pub(super) figures: Figures,
}

impl From<&Run> for Measured {
    fn from(run: &Run) -> Self {
        Self { id: run.id.clone(), figures: run.figures }
    }
}

impl Pair {
    /// By how much the new figure is more than the base's, in percent of that; `None` where there is nothing to
    /// divide.
    pub(super) fn change_percent(&self, metric: Metric) -> Option<f64> {
        let place = Metric::ALL.iter().position(|one| *one == metric)?;
        let (base, new) = (self.base.figures[place]?, self.new.figures[place]?);
        (base > 0.0 && new > 0.0).then(|| 100.0 * (new / base - 1.0))
    }
}

/// Rounds that are whole, each side's runs in one.
pub(super) struct Rounds {
    base: Vec<Figures>,
    new: Vec<Figures>,
    /// Pairs of a round.
    pairs_each: usize,
}

impl Rounds {
    /// The rounds of so many pairs each; what is left over counts when its round is whole.
    pub(super) fn of(pairs: &[Pair], pairs_each: usize) -> Self {
        let side = |of: fn(&Pair) -> &Measured| -> Vec<Figures> {
            pairs.chunks_exact(pairs_each).map(|round| middle(round, of)).collect()
        };
        Self { base: side(|pair| &pair.base), new: side(|pair| &pair.new), pairs_each }
    }

    /// What is decided on. A coin has drawn the order.
    pub(super) fn sides<'a>(&'a self, parameters: &'a PointParameters) -> Sides<'a> {
        Sides {
            parameters,
            base: self.base.iter().collect(),
            new: self.new.iter().collect(),
            runs_each: self.pairs_each,
            base_first: None,
        }
    }
}

/// The geometric mean of each figure of a side, so that the ratio of two sides' is the mean ratio of their pairs;
/// `None` where one of the runs has none.
fn middle(round: &[Pair], side: fn(&Pair) -> &Measured) -> Figures {
    std::array::from_fn(|place| {
        let mut figures = round.iter().map(|pair| side(pair).figures[place]);
        if round.len() == 1 {
            return figures.next().flatten();
        }
        let sum: Option<f64> = figures.map(|figure| figure.map(f64::ln)).sum();
        sum.map(|sum| (sum / round.len() as f64).exp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(base: f64, new: f64) -> Pair {
        let measured = |figure| {
            let mut figures = [None; Metric::ALL.len()];
            figures[0] = Some(figure);
            Measured { id: String::new(), figures }
        };
        Pair { base: measured(base), new: measured(new), base_first: true }
    }

    #[test]
    fn a_rounds_ratio_is_the_mean_of_its_pairs() {
        let pairs = [pair(100.0, 80.0), pair(50.0, 62.5), pair(10.0, 40.0), pair(10.0, 10.0), pair(1.0, 7.0)];
        let rounds = Rounds::of(&pairs, 2);
        assert_eq!((rounds.base.len(), rounds.new.len()), (2, 2));
        for (round, ratio) in [(0, 1.0), (1, 2.0)] {
            let [base, new] = [&rounds.base, &rounds.new].map(|side| side[round][0].unwrap());
            assert!((new / base - ratio).abs() < 1e-12, "{base} {new}");
            assert_eq!(rounds.base[round][1], None);
        }
        let parameters = PointParameters::default();
        let sides = rounds.sides(&parameters);
        assert_eq!((sides.base.len(), sides.runs_each, sides.base_first), (2, 2, None));
    }

    #[test]
    fn a_round_of_one_pair_is_that_pair() {
        let rounds = Rounds::of(&[pair(0.1, 0.3), pair(0.0, 1.0)], 1);
        assert_eq!((rounds.base[0][0], rounds.new[0][0]), (Some(0.1), Some(0.3)));
        assert_eq!(rounds.base[1][0], Some(0.0));
        assert_eq!(
            (pair(0.0, 1.0).change_percent(Metric::KeysPerSecond), Rounds::of(&[], 1).base.len()),
            (None, 0)
        );
        let change = pair(50.0, 40.0).change_percent(Metric::KeysPerSecond).unwrap();
        assert!((change + 20.0).abs() < 1e-12, "{change}");
    }
}

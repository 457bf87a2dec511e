//! Going through a sweep, run after run, whatever becomes of each. What a run does is the runner's matter.

use super::Pace;
use crate::results::{Turn, Verdict};

/// Does the runs of a sweep, one at a time, and writes each down before it returns.
pub trait Runner {
    /// Why nothing more can be done: a run that failed is none.
    type Error;

    /// Does one run. `pace` is to be told of warm-ups, and knows what is left.
    ///
    /// # Errors
    /// If it cannot be written down.
    fn run(&mut self, turn: Turn, pace: &mut Pace) -> Result<Step, Self::Error>;
}

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// It is over, and written down.
    Ended {
        /// How it ended.
        verdict: Verdict,
        /// How long it took, with everything before it.
        seconds: f64,
    },
    /// Somebody ended it, and with it the sweep. It is not written down.
    Interrupted,
}

/// What the runs of a sweep came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs with every key, or none of them kept, as was asked.
    pub well: u64,
    /// Runs with keys missing or wrong.
    pub inexact: u64,
    /// Runs that failed.
    pub failed: u64,
    /// Whether somebody ended it.
    pub interrupted: bool,
}

impl Tally {
    /// Counts one run.
    pub fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Exact | Verdict::Discarded => self.well += 1,
            Verdict::Missing | Verdict::Wrong => self.inexact += 1,
            Verdict::Failed | Verdict::Interrupted | Verdict::Unfinished => self.failed += 1,
        }
    }

    /// All runs that are written down.
    pub fn runs(&self) -> u64 {
        self.well + self.inexact + self.failed
    }
}

/// Goes through what is left; `tally` holds what was done before, and counts on.
///
/// # Errors
/// What the runner cannot go on after.
pub fn run<R: Runner>(
    turns: &[Turn],
    pace: &mut Pace,
    tally: &mut Tally,
    runner: &mut R,
) -> Result<(), R::Error> {
    for &turn in turns {
        match runner.run(turn, pace)? {
            Step::Ended { verdict, seconds } => {
                tally.count(verdict);
                let is_whole =
                    !matches!(verdict, Verdict::Failed | Verdict::Interrupted | Verdict::Unfinished);
                pace.ended(turn, is_whole.then_some(seconds));
            }
            Step::Interrupted => {
                tally.interrupted = true;
                break;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::sweep::shuffled;

    /// Ends each run as it is told.
    struct Told(Vec<Result<Step, &'static str>>, Vec<Turn>);

    impl Runner for Told {
        type Error = &'static str;

        fn run(&mut self, turn: Turn, _: &mut Pace) -> Result<Step, &'static str> {
            self.1.push(turn);
            self.0.remove(0)
        }
    }

    fn ended(verdict: Verdict) -> Result<Step, &'static str> {
        Ok(Step::Ended { verdict, seconds: 1.0 })
    }

    fn sweep(steps: Vec<Result<Step, &'static str>>) -> (Result<Tally, &'static str>, Vec<Turn>, u64) {
        let turns = shuffled(2, 2, 1);
        let mut pace = Pace::new(&turns, BTreeMap::new());
        let mut told = Told(steps, Vec::new());
        let mut tally = Tally { well: 10, ..Tally::default() };
        let result = run(&turns, &mut pace, &mut tally, &mut told);
        (result.map(|()| tally), told.1, pace.runs_left())
    }

    #[test]
    fn what_goes_wrong_is_counted_and_the_others_go_on() {
        let verdicts = [Verdict::Failed, Verdict::Missing, Verdict::Exact, Verdict::Discarded];
        let (tally, turns, left) = sweep(verdicts.map(ended).into());
        let expected = Tally { well: 12, inexact: 1, failed: 1, interrupted: false };
        assert_eq!((tally, turns, left), (Ok(expected), shuffled(2, 2, 1), 0));
        assert_eq!(expected.runs(), 14);
    }

    #[test]
    fn an_interrupted_run_is_the_last_and_does_not_count() {
        let (tally, turns, left) = sweep(vec![ended(Verdict::Exact), Ok(Step::Interrupted)]);
        let expected = Tally { well: 11, interrupted: true, ..Tally::default() };
        assert_eq!((tally, turns.len(), left), (Ok(expected), 2, 3));
    }

    #[test]
    fn what_cannot_be_written_down_ends_it() {
        let (tally, turns, _) = sweep(vec![ended(Verdict::Exact), Err("the disk is full")]);
        assert_eq!((tally, turns.len()), (Err("the disk is full"), 2));
    }
}

//! Going through a sweep, run after run, whatever becomes of each. What a run does is the runner's matter.

use super::Pace;
use crate::results::{LimitedBy, Turn, Verdict};

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

/// Runs in a row that may lose their servers, though these come back each time.
const LOST_IN_A_ROW: u32 = 3;

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// It is over, and written down.
    Ended {
        /// How it ended.
        verdict: Verdict,
        /// What limited it.
        limited_by: LimitedBy,
        /// How its servers were doing.
        servers: Servers,
        /// How long it took, with everything before it.
        seconds: f64,
    },
    /// Somebody ended it, and with it the sweep. It is not written down.
    Interrupted,
}

/// How the servers of a run were doing when it was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Servers {
    /// They answered.
    There,
    /// They did not answer, and do again.
    Back,
    /// They do not answer, and were waited for.
    Gone,
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
    /// Runs that were limited by this client, whatever else became of them.
    pub by_client: u64,
    /// Whether it was ended because the servers were gone, or went again and again.
    pub lost: bool,
    /// Whether somebody ended it.
    pub interrupted: bool,
}

impl Tally {
    /// Counts one run.
    pub fn count(&mut self, verdict: Verdict, limited_by: LimitedBy) {
        self.by_client += u64::from(limited_by == LimitedBy::Client);
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

/// Goes through what is left; `tally` holds what was done before, and counts on. Ends early where the servers are
/// gone: all that is left would fail, too, and would have to be done again.
///
/// # Errors
/// What the runner cannot go on after.
pub fn run<R: Runner>(
    turns: &[Turn],
    pace: &mut Pace,
    tally: &mut Tally,
    runner: &mut R,
) -> Result<(), R::Error> {
    let mut lost_in_a_row = 0;
    for &turn in turns {
        match runner.run(turn, pace)? {
            Step::Ended { verdict, limited_by, servers, seconds } => {
                tally.count(verdict, limited_by);
                let is_whole =
                    !matches!(verdict, Verdict::Failed | Verdict::Interrupted | Verdict::Unfinished);
                pace.ended(turn, is_whole.then_some(seconds));
                lost_in_a_row = if servers == Servers::There { 0 } else { lost_in_a_row + 1 };
                if servers == Servers::Gone || lost_in_a_row == LOST_IN_A_ROW {
                    tally.lost = true;
                    break;
                }
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
        Ok(Step::Ended { verdict, limited_by: LimitedBy::Server, servers: Servers::There, seconds: 1.0 })
    }

    fn lost(servers: Servers) -> Result<Step, &'static str> {
        let (verdict, limited_by) = (Verdict::Failed, LimitedBy::Unknown);
        Ok(Step::Ended { verdict, limited_by, servers, seconds: 1.0 })
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
        let expected = Tally { well: 12, inexact: 1, failed: 1, ..Tally::default() };
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
    fn servers_that_are_gone_end_it() {
        let (tally, turns, left) = sweep(vec![ended(Verdict::Exact), lost(Servers::Gone)]);
        let expected = Tally { well: 11, failed: 1, lost: true, ..Tally::default() };
        assert_eq!((tally, turns.len(), left), (Ok(expected), 2, 2));
    }

    #[test]
    fn servers_that_come_back_are_gone_on_with_unless_they_go_again_and_again() {
        let back = || lost(Servers::Back);
        let (tally, turns, _) = sweep(vec![back(), back(), ended(Verdict::Exact), back()]);
        assert_eq!((tally.map(|tally| (tally.failed, tally.lost)), turns.len()), (Ok((3, false)), 4));
        let (tally, turns, _) = sweep(vec![back(), back(), back()]);
        assert_eq!((tally.map(|tally| (tally.failed, tally.lost)), turns.len()), (Ok((3, true)), 3));
    }

    #[test]
    fn runs_that_the_client_limited_are_counted() {
        let mut tally = Tally::default();
        tally.count(Verdict::Exact, LimitedBy::Client);
        tally.count(Verdict::Missing, LimitedBy::Client);
        tally.count(Verdict::Exact, LimitedBy::Unknown);
        assert_eq!((tally.by_client, tally.runs()), (2, 3));
    }

    #[test]
    fn what_cannot_be_written_down_ends_it() {
        let (tally, turns, _) = sweep(vec![ended(Verdict::Exact), Err("the disk is full")]);
        assert_eq!((tally, turns.len()), (Err("the disk is full"), 2));
    }
}

//! Which run is next, what became of those before, and whether anything is settled.

use super::design::{Coin, Design};
use super::record::{comparison, look};
use super::round::{Pair, Rounds};
use crate::bottleneck::SHORTEST_SECONDS;
use crate::compare::comparable::obstacles;
use crate::compare::comparison::chosen_otherwise;
use crate::compare::decide::decide;
use crate::compare::points::Point;
use crate::compare::{CompareError, CompareOptions, Difference, Obstacle, Run};
use crate::results::{
    ComparedPoint, Comparison, ComparisonVerdict, LiveEnd, LiveLook, MetricChange, PointParameters, Side,
};
use crate::units::plural;

/// So many runs may fail; then the servers are what has to be looked at, and not their speed.
pub const FAILED_RUNS_MAX: u64 = 3;

/// Runs that say nothing of the servers may be one, and this share of all: an accident here and there is left out
/// with its pair, and as likely on either side. More of them are no accident.
const LEFT_OUT_SHARE: f64 = 0.02;

/// How to compare, and what.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// How to compare. Other servers on the other side are no obstacle: they are what is asked about.
    pub compare: CompareOptions,
    /// When the runs are looked at.
    pub design: Design,
    /// Whether the servers of both sides are started anew for each round.
    pub renewed: bool,
    /// Percent of a run's keys that warm up for it: for the record, as the next.
    pub warm_up_percent: f64,
    /// The same for the first run of a server that was started anew.
    pub first_warm_up_percent: f64,
    /// What the sides are called, base first.
    pub names: [String; 2],
    /// What should be known of the sides beside.
    pub warnings: Vec<String>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A run.
    Run {
        /// Whose.
        side: Side,
        /// For the pair with this number, from 1.
        pair: u64,
        /// Whether it is the first of a round.
        begins_round: bool,
    },
    /// Nothing: it came to this end.
    Over(LiveEnd),
}

/// What became of a run that was handed in.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// It waits for the other one of its pair.
    Half,
    /// It made a pair, with this change from base to new in percent, where that can be told.
    Pair(Option<f64>),
    /// It made a pair, and this look was due.
    Look(Option<f64>, LiveLook),
    /// It failed, or says nothing of the servers, and its pair is begun again.
    LeftOut,
    /// It left keys missing or wrong, which ends it: such a server is worse than slow.
    Inexact,
}

/// A live comparison.
#[derive(Clone, Debug)]
pub struct Live {
    options: LiveOptions,
    coin: Coin,
    /// Of the pair that is made now.
    base_first: bool,
    first: Option<Run>,
    pairs: Vec<Pair>,
    /// Runs of the first pair, base and new: all others have to be like them.
    model: Option<[Run; 2]>,
    looks: Vec<LiveLook>,
    /// Runs that failed, base and new.
    failed: [u64; 2],
    /// Runs that say nothing of the servers, base and new.
    left_out: [u64; 2],
    end: LiveEnd,
}

impl Live {
    /// Before the first run.
    pub fn new(options: LiveOptions) -> Self {
        let mut coin = options.design.coin();
        Self {
            base_first: coin.toss(),
            coin,
            options,
            first: None,
            pairs: Vec::new(),
            model: None,
            looks: Vec::new(),
            failed: [0, 0],
            left_out: [0, 0],
            end: LiveEnd::Unfinished,
        }
    }

    /// What is to be done.
    pub fn next(&self) -> Next {
        if self.end != LiveEnd::Unfinished {
            return Next::Over(self.end);
        }
        let is_base = self.base_first == self.first.is_none();
        let side = if is_base { Side::Base } else { Side::New };
        let pairs = self.pairs.len() as u64;
        let begins_round = self.first.is_none() && pairs.is_multiple_of(self.options.design.round_pairs);
        Next::Run { side, pair: pairs + 1, begins_round }
    }

    /// Takes the run that was next.
    ///
    /// # Errors
    /// [`CompareError::NotComparable`] if it is not like those before, or one too many says nothing of the servers.
    pub fn take(&mut self, mut run: Run) -> Result<Taken, CompareError> {
        let Next::Run { side, .. } = self.next() else { return Ok(Taken::LeftOut) };
        // The first run of a server has more of it than the others of its round, and the record says so of all.
        run.parameters.warm_up_percent = None;
        if ["missing", "wrong"].contains(&run.verdict.as_str()) && !self.is_despite(Difference::Verdict) {
            self.end = LiveEnd::Inexact;
            return Ok(Taken::Inexact);
        }
        if !self.is_measured(&run) {
            self.failed[side as usize] += 1;
            if self.failed.iter().sum::<u64>() >= FAILED_RUNS_MAX {
                self.end = LiveEnd::Failed;
            }
            return Ok(self.begin_again());
        }
        if let Some(text) = says_nothing(&run).filter(|_| !self.is_despite(Difference::Client)) {
            return self.leave_out(side, &text);
        }
        let Some(first) = self.first.take() else {
            self.first = Some(run);
            return Ok(Taken::Half);
        };
        let runs = if self.base_first { [first, run] } else { [run, first] };
        let in_the_way = self.obstacles(&runs);
        if !in_the_way.is_empty() {
            return Err(self.refuse(in_the_way));
        }
        let [base, new] = runs.each_ref().map(Into::into);
        let pair = Pair { base, new, base_first: self.base_first };
        let change = pair.change_percent(self.options.compare.metric);
        self.model.get_or_insert(runs);
        self.pairs.push(pair);
        self.base_first = self.coin.toss();
        let is_due = self.options.design.looks.contains(&(self.pairs.len() as u64));
        Ok(if is_due { Taken::Look(change, self.look()) } else { Taken::Pair(change) })
    }

    /// Somebody ended it.
    pub fn interrupt(&mut self) {
        if self.end == LiveEnd::Unfinished {
            self.end = LiveEnd::Interrupted;
        }
    }

    /// There is no more time: what came after the last look is looked at, where there is any. That takes the place
    /// of the looks that were planned for later, and no side had a greater part in when it came: equal servers are
    /// called other no more often for it.
    pub fn run_out_of_time(&mut self) -> Option<LiveLook> {
        if self.end != LiveEnd::Unfinished {
            return None;
        }
        let look = self.has_more_than_looked_at().then(|| self.look());
        if self.end == LiveEnd::Unfinished {
            self.end = LiveEnd::MaxTime;
        }
        look
    }

    /// How often it was looked at.
    pub fn looks(&self) -> u64 {
        self.looks.len() as u64
    }

    /// How many runs may still follow, at most.
    pub fn runs_left(&self) -> u64 {
        let pairs = self.options.design.max_runs() - self.pairs.len() as u64;
        2 * pairs - u64::from(self.first.is_some())
    }

    /// What is known so far of the change; nothing is decided by it but at a look.
    pub fn so_far(&self) -> MetricChange {
        let LiveOptions { compare, design, .. } = &self.options;
        let parameters = PointParameters::default();
        self.rounds().sides(&parameters).change(compare.metric, compare, design.looks.len())
    }

    /// The record of it, as far as it has come; `None` before the first round is whole.
    pub fn comparison(&self) -> Option<Comparison> {
        let [base, new] = self.model.as_ref().filter(|_| self.counted() > 0)?;
        let mut point = self.judge(&base.parameters);
        if self.has_more_than_looked_at() {
            // What is looked at unplanned decides nothing.
            point.verdict = ComparisonVerdict::Inconclusive;
            let (pairs, end) = (self.counted(), self.end);
            point.reason = format!("it was {} after {pairs} pairs, before the next look", end.words());
            point.repeats_needed = None;
        }
        let warnings = self.warnings().chain(chosen_otherwise(base, new)).collect();
        let pairs = &self.pairs[..self.counted()];
        Some(comparison(&self.options, pairs, &self.looks, (point, warnings), self.end))
    }

    fn rounds(&self) -> Rounds {
        Rounds::of(&self.pairs, self.options.design.round_pairs as usize)
    }

    /// Pairs of whole rounds.
    fn counted(&self) -> usize {
        self.pairs.len() - self.pairs.len() % self.options.design.round_pairs as usize
    }

    fn has_more_than_looked_at(&self) -> bool {
        self.counted() as u64 > self.looks.last().map_or(0, |look| look.pairs)
    }

    /// The verdict on all whole rounds, as if a look were due.
    fn judge(&self, parameters: &PointParameters) -> ComparedPoint {
        let LiveOptions { compare, design, .. } = &self.options;
        decide(&[self.rounds().sides(parameters)], compare, design.looks.len()).remove(0)
    }

    fn look(&mut self) -> LiveLook {
        let look = look(self.counted(), &self.judge(&PointParameters::default()));
        let is_last = look.pairs >= self.options.design.max_runs();
        self.looks.push(look.clone());
        if look.verdict != ComparisonVerdict::Inconclusive {
            self.end = LiveEnd::Settled;
        } else if is_last {
            self.end = LiveEnd::MaxRuns;
        }
        look
    }

    /// Whether a run has the figure, and may be believed.
    fn is_measured(&self, run: &Run) -> bool {
        let is_believed = run.verdict == "exact" || self.is_despite(Difference::Verdict);
        is_believed && run.figure(self.options.compare.metric).is_some()
    }

    fn is_despite(&self, difference: Difference) -> bool {
        self.options.compare.despite.contains(&difference)
    }

    fn begin_again(&mut self) -> Taken {
        (self.first, self.base_first) = (None, self.coin.toss());
        Taken::LeftOut
    }

    /// Leaves out a run that says nothing of the servers, for this reason, unless it is one too many.
    fn leave_out(&mut self, side: Side, text: &str) -> Result<Taken, CompareError> {
        self.left_out[side as usize] += 1;
        let (left_out, counted) = (self.left_out.iter().sum::<u64>(), 2 * self.pairs.len() as u64);
        if left_out <= 1 + (LEFT_OUT_SHARE * counted as f64) as u64 {
            return Ok(self.begin_again());
        }
        let text = format!(
            "{text}; so it is with {left_out} of {} runs, and no more than 1, and {} in 100, may be left out",
            left_out + counted,
            100.0 * LEFT_OUT_SHARE
        );
        Err(self.refuse(vec![Obstacle { difference: Difference::Client, text }]))
    }

    fn refuse(&mut self, in_the_way: Vec<Obstacle>) -> CompareError {
        self.end = LiveEnd::Failed;
        CompareError::NotComparable(in_the_way)
    }

    /// What should be known beside.
    fn warnings(&self) -> impl Iterator<Item = String> {
        let told = |counts: [u64; 2], what: &'static str| {
            let sides = Side::BOTH.into_iter().zip(counts).filter(|(_, count)| *count > 0);
            sides.map(move |(side, count)| {
                format!("{} of the {} side {what}", plural(count, "run"), side.name())
            })
        };
        let of_client = "said nothing of the servers (the client was the limit, or it was over too soon), and did not \
                         count, nor did the pair";
        let failed = told(self.failed, "failed, and did not count");
        self.options.warnings.iter().cloned().chain(failed).chain(told(self.left_out, of_client))
    }

    /// What is in the way of comparing a pair, base and new, within itself and with the first one.
    fn obstacles(&self, pair: &[Run; 2]) -> Vec<Obstacle> {
        let despite = &self.options.compare.despite;
        let first = self.model.as_ref().unwrap_or(pair);
        let parameters = &first[0].parameters;
        let runs = |side: usize| self.model.iter().chain([pair]).map(|pair| &pair[side]).collect();
        let (base, new) = (runs(0), runs(1));
        // Of the other side, other servers on another host are expected; on the same side they have to stay what
        // they are.
        let theirs = [Difference::Server, Difference::Target];
        let found_in = |point: Point<'_>, passed_by: Vec<Difference>| {
            let points = [point];
            obstacles(&points, &points, self.options.compare.metric, &passed_by)
        };
        let across = Point { parameters: parameters.clone(), base, new };
        let mut found = found_in(across, despite.iter().copied().chain(theirs).collect());
        for (then, now) in first.iter().zip(pair) {
            let same = Point { parameters: parameters.clone(), base: vec![then], new: vec![now] };
            let is_passed_by = |one: &Difference| despite.contains(one) || !theirs.contains(one);
            found.extend(found_in(same, Difference::ALL.into_iter().filter(is_passed_by).collect()));
        }
        if !self.is_despite(Difference::Target) {
            let [base, new] = pair;
            if base.replicas != new.replicas {
                let text = format!(
                    "{} was sent to {} replicas, and {} to {}",
                    base.place, base.replicas, new.place, new.replicas
                );
                found.push(Obstacle { difference: Difference::Target, text });
            }
            let others = [&first[1], base, new];
            let other = others.into_iter().find(|run| run.parameters != *parameters);
            found.extend(other.map(|run| Obstacle {
                difference: Difference::Target,
                text: format!("{} was run with {}", run.place, differing(&run.parameters, parameters)),
            }));
        }
        found
    }
}

/// `target_masters 3, and the base with 1`
fn differing(new: &PointParameters, base: &PointParameters) -> String {
    let pairs = new.named().into_iter().zip(base.named());
    let told = pairs.filter(|(new, base)| new != base).map(|((name, new), (_, base))| {
        let or_none = |text: String| if text.is_empty() { "nothing".into() } else { text };
        format!("{name} {}, and the base with {}", or_none(new), or_none(base))
    });
    told.collect::<Vec<_>>().join("; ")
}

/// Why a run says nothing of the servers, if so.
fn says_nothing(run: &Run) -> Option<String> {
    let (place, seconds) = (&run.place, run.facts.fill_seconds);
    match run.limited_by.as_str() {
        "client" => Some(format!("{place} was limited by the client, and says nothing of the servers")),
        "unknown" if seconds < SHORTEST_SECONDS => Some(format!(
            "{place} took {seconds:.2} s to fill, too short a time to say what limited it: fill more"
        )),
        _ => None,
    }
}

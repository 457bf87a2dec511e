//! Which run is next, what became of those before, and whether anything is settled.

use super::design::Design;
use super::judge::{Pair, change, judge, look};
use super::record::{comparison, warnings};
use crate::compare::comparable::obstacles;
use crate::compare::points::Point;
use crate::compare::{CompareError, CompareOptions, Difference, Obstacle, Run};
use crate::results::{Comparison, ComparisonVerdict, LiveEnd, LiveLook, MetricChange, PointParameters, Side};

/// So many runs may fail; then the servers are what has to be looked at, and not their speed.
pub const FAILED_RUNS_MAX: u64 = 3;

/// How to compare, and what.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// How to compare. Other servers on the other side are no obstacle: they are what is asked about.
    pub compare: CompareOptions,
    /// When the runs are looked at.
    pub design: Design,
    /// Percent of a run's keys that warm up for it: for the record.
    pub warm_up_percent: f64,
    /// What the sides are called, base first.
    pub names: [String; 2],
    /// What should be known of the sides beside.
    pub warnings: Vec<String>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A run of this side, for the pair with this number, from 1.
    Run {
        /// Whose.
        side: Side,
        /// For which pair.
        pair: u64,
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
    /// It failed, and its pair is begun again.
    Failed,
}

/// A live comparison.
#[derive(Clone, Debug)]
pub struct Live {
    options: LiveOptions,
    /// For each pair that may be begun, whether the base is first.
    order: Vec<bool>,
    begun: usize,
    first: Option<Run>,
    pairs: Vec<Pair>,
    looks: Vec<LiveLook>,
    /// Runs that failed, base and new.
    failed: [u64; 2],
    end: LiveEnd,
}

impl Live {
    /// Before the first run.
    pub fn new(options: LiveOptions) -> Self {
        let most = options.design.max_runs() + FAILED_RUNS_MAX;
        Self {
            order: options.design.order().take(most as usize).collect(),
            options,
            begun: 0,
            first: None,
            pairs: Vec::new(),
            looks: Vec::new(),
            failed: [0, 0],
            end: LiveEnd::Unfinished,
        }
    }

    /// What is to be done.
    pub fn next(&self) -> Next {
        if self.end != LiveEnd::Unfinished {
            return Next::Over(self.end);
        }
        let is_base = self.base_first() == self.first.is_none();
        let side = if is_base { Side::Base } else { Side::New };
        Next::Run { side, pair: self.pairs.len() as u64 + 1 }
    }

    /// Takes the run that was next.
    ///
    /// # Errors
    /// [`CompareError::NotComparable`] if it says nothing of the servers, or not the same as those before.
    pub fn take(&mut self, run: Run) -> Result<Taken, CompareError> {
        let Next::Run { side, .. } = self.next() else { return Ok(Taken::Failed) };
        if !self.is_measured(&run) {
            self.failed[side as usize] += 1;
            (self.first, self.begun) = (None, self.begun + 1);
            if self.failed.iter().sum::<u64>() >= FAILED_RUNS_MAX {
                self.end = LiveEnd::Failed;
            }
            return Ok(Taken::Failed);
        }
        let Some(first) = self.first.take() else {
            self.first = Some(run);
            return Ok(Taken::Half);
        };
        let base_first = self.base_first();
        let (base, new) = if base_first { (first, run) } else { (run, first) };
        self.begun += 1;
        let pair = Pair { base, new, base_first };
        let in_the_way = self.obstacles(&pair);
        if !in_the_way.is_empty() {
            self.end = LiveEnd::Failed;
            return Err(CompareError::NotComparable(in_the_way));
        }
        let change = pair.change_percent(self.options.compare.metric);
        self.pairs.push(pair);
        let is_due = self.options.design.looks.contains(&(self.pairs.len() as u64));
        Ok(if is_due { Taken::Look(change, self.look()) } else { Taken::Pair(change) })
    }

    /// Somebody ended it.
    pub fn interrupt(&mut self) {
        if self.end == LiveEnd::Unfinished {
            self.end = LiveEnd::Interrupted;
        }
    }

    /// How many runs may still follow, at most.
    pub fn runs_left(&self) -> u64 {
        let pairs = self.options.design.max_runs() - self.pairs.len() as u64;
        2 * pairs - u64::from(self.first.is_some())
    }

    /// What is known so far of the change; nothing is decided by it but at a look.
    pub fn so_far(&self) -> MetricChange {
        let options = &self.options;
        change(&self.pairs, options.compare.metric, options.design.significance())
    }

    /// The record of it, as far as it has come; `None` before the first pair.
    pub fn comparison(&self) -> Option<Comparison> {
        let first = self.pairs.first()?;
        let mut point = judge(&self.pairs, &self.options);
        if self.looks.last().is_none_or(|look| look.pairs < self.pairs.len() as u64) {
            // What is looked at unplanned decides nothing.
            point.verdict = ComparisonVerdict::Inconclusive;
            let (pairs, end) = (self.pairs.len(), self.end);
            point.reason = format!("it was {} after {pairs} pairs, before the next look", end.words());
            point.repeats_needed = None;
        }
        let warnings = warnings(&self.options, &self.failed, first);
        Some(comparison(&self.options, &self.pairs, &self.looks, (point, warnings), self.end))
    }

    fn base_first(&self) -> bool {
        self.order.get(self.begun).copied().unwrap_or(true)
    }

    /// Whether a run has the figure, and may be believed.
    fn is_measured(&self, run: &Run) -> bool {
        let CompareOptions { metric, despite, .. } = &self.options.compare;
        let is_believed = run.verdict == "exact" || despite.contains(&Difference::Verdict);
        is_believed && run.figure(*metric).is_some()
    }

    fn look(&mut self) -> LiveLook {
        let look = look(&self.pairs, &judge(&self.pairs, &self.options));
        let is_last = look.pairs >= self.options.design.max_runs();
        self.looks.push(look.clone());
        if look.verdict != ComparisonVerdict::Inconclusive {
            self.end = LiveEnd::Settled;
        } else if is_last {
            self.end = LiveEnd::MaxRuns;
        }
        look
    }

    /// What is in the way of comparing a pair, within itself and with the first one.
    fn obstacles(&self, pair: &Pair) -> Vec<Obstacle> {
        let despite = &self.options.compare.despite;
        let first = self.pairs.first().unwrap_or(pair);
        let parameters = &first.base.parameters;
        let both: Vec<&Pair> = self.pairs.first().into_iter().chain([pair]).collect();
        let runs = |side: fn(&Pair) -> &Run| both.iter().map(|pair| side(pair)).collect();
        let (base, new) = (runs(|pair| &pair.base), runs(|pair| &pair.new));
        // Of the other side, other servers are expected; on the same side they have to stay what they are.
        let across = Point { parameters: parameters.clone(), base, new };
        let others: Vec<_> = despite.iter().copied().chain([Difference::Server]).collect();
        let mut found = obstacles(&[across], &others);
        if !despite.contains(&Difference::Server) {
            let but_servers: Vec<_> =
                Difference::ALL.into_iter().filter(|one| *one != Difference::Server).collect();
            for (then, now) in [(&first.base, &pair.base), (&first.new, &pair.new)] {
                let same = Point { parameters: parameters.clone(), base: vec![then], new: vec![now] };
                found.extend(obstacles(&[same], &but_servers));
            }
        }
        if !despite.contains(&Difference::Target) {
            let runs = [&first.new, &pair.base, &pair.new];
            let other = runs.into_iter().find(|run| run.parameters != *parameters);
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

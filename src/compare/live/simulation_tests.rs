//! How often live comparisons are right about servers whose truth is known, on machines that drift and whose
//! noise stays for a while: over the whole of each, with every look that it takes.

use std::f64::consts::TAU;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::state::{Live, LiveOptions, Next};
use super::{Design, MIN_RUNS};
use crate::compare::tests::{options, run};
use crate::compare::{CompareOptions, Method, Metric};
use crate::results::{ComparisonVerdict, LiveEnd, Side};

/// A machine.
#[derive(Clone, Copy)]
struct Machine {
    /// One standard deviation of a run, as a share.
    noise: f64,
    /// How much of a run's noise the next one has, too, 0 to 1.
    stays: f64,
    /// By how much each run is faster than the one before, as a share.
    drift: f64,
    /// One standard deviation of what a process is faster than others of the same program, for as long as it lives.
    process: f64,
}

const STEADY: Machine = Machine { noise: 0.02, stays: 0.0, drift: 0.0, process: 0.0 };

/// What is compared on it.
#[derive(Clone, Copy)]
struct Asked {
    /// How fast the new side is.
    factor: f64,
    threshold_percent: f64,
    max_runs: u64,
    /// Pairs that are made on the same two processes.
    round_pairs: u64,
    /// Whether those count once, or each for itself.
    counts_rounds: bool,
}

/// Compares equal servers, a process each pair.
const EQUAL: Asked =
    Asked { factor: 1.0, threshold_percent: 3.0, max_runs: 40, round_pairs: 1, counts_rounds: true };

/// Shares of all comparisons.
#[derive(Debug)]
struct Came {
    regression: f64,
    better: f64,
    no_change: f64,
    /// Runs of both sides, on average.
    runs: f64,
}

impl Machine {
    /// Compares so many times.
    fn compare(self, times: u64, asked: Asked) -> Came {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(5);
        let all: Vec<_> = (0..times).map(|number| self.once(&mut random, number, asked)).collect();
        let share =
            |wanted| all.iter().filter(|(verdict, _)| *verdict == wanted).count() as f64 / times as f64;
        Came {
            regression: share(ComparisonVerdict::Regression),
            better: share(ComparisonVerdict::Better),
            no_change: share(ComparisonVerdict::NoChange),
            runs: all.iter().map(|(_, runs)| *runs as f64).sum::<f64>() / times as f64,
        }
    }

    fn once(self, random: &mut Xoshiro256PlusPlus, number: u64, asked: Asked) -> (ComparisonVerdict, u64) {
        let Asked { factor, threshold_percent, max_runs, round_pairs, counts_rounds } = asked;
        let counted = if counts_rounds { round_pairs } else { 1 };
        let mut live = Live::new(LiveOptions {
            compare: CompareOptions { threshold_percent, method: Method::Paired, ..options() },
            design: Design::new(max_runs, counted, number),
            renewed: true,
            warm_up_percent: 0.0,
            first_warm_up_percent: 0.0,
            names: ["base".into(), "new".into()],
            warnings: Vec::new(),
        });
        let (mut noise, mut runs, mut processes) = (normal(random), 0, [0.0; 2]);
        while let Next::Run { side, .. } = live.next() {
            if runs % (2 * round_pairs) == 0 {
                processes = [normal(random), normal(random)].map(|normal| self.process * normal);
            }
            noise = self.stays * noise + (1.0 - self.stays * self.stays).sqrt() * normal(random);
            let truth = if side == Side::New { factor } else { 1.0 };
            let without = self.noise * noise + self.drift * runs as f64;
            let speed = 1e6 * truth * (without + processes[side as usize]).exp();
            let mut measured = run("r", speed);
            // What decides nothing need not be counted a thousand times.
            measured.figures = [None; Metric::ALL.len()];
            measured.figures[0] = Some(speed);
            live.take(measured).unwrap();
            runs += 1;
        }
        let ended = live.comparison().unwrap();
        assert!(matches!(ended.live.unwrap().ended, LiveEnd::Settled | LiveEnd::MaxRuns));
        (ended.verdict, runs)
    }
}

fn normal(random: &mut Xoshiro256PlusPlus) -> f64 {
    let mut uniform = || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    (-2.0 * (1.0 - uniform()).ln()).sqrt() * (TAU * uniform()).cos()
}

/// Machines on which two equal servers are compared. On the last one, the base is a fifth slower in the first
/// run of a comparison than in the last one.
const MACHINES: [Machine; 4] = [
    STEADY,
    Machine { stays: 0.8, ..STEADY },
    Machine { drift: -0.01, process: 0.02, ..STEADY },
    Machine { stays: 0.5, drift: 0.003, noise: 0.05, process: 0.03 },
];

/// A threshold next to nothing leaves the test alone with the noise: what it promises has to hold without help. Of
/// 420 comparisons, one in a hundred is called other, and chance makes more than ten of that once in two hundred
/// times.
#[test]
fn looking_again_and_again_raises_no_more_false_alarms_than_are_promised() {
    let called = MACHINES.into_iter().zip([(120, 1), (120, 1), (120, 1), (60, 4)]);
    let called: f64 = called
        .map(|(machine, (times, round_pairs))| {
            let max_runs = 40 * round_pairs;
            let asked = Asked { threshold_percent: 1e-6, max_runs, round_pairs, ..EQUAL };
            let came = machine.compare(times, asked);
            times as f64 * (came.regression + came.better)
        })
        .sum();
    assert!(called < 10.5, "{called}");
    assert!(called > 0.5, "{called}: so rare is no accident, and costs power");
}

/// Why rounds count once: two processes that differ by themselves look like two programs to every one of their
/// pairs.
#[test]
fn pairs_of_the_same_processes_are_no_evidence_each_for_itself() {
    let machine = Machine { process: 0.02, noise: 0.01, ..STEADY };
    let asked = Asked { max_runs: 80, round_pairs: 8, threshold_percent: 1e-6, ..EQUAL };
    let fooled = machine.compare(100, Asked { counts_rounds: false, ..asked });
    let rounds = machine.compare(100, asked);
    assert!(fooled.regression + fooled.better > 0.3, "{fooled:?}");
    assert!(rounds.regression + rounds.better <= 0.04, "{rounds:?}");
}

/// The threshold makes them rarer still.
#[test]
fn equal_servers_are_hardly_ever_called_slower() {
    for machine in MACHINES {
        let came = machine.compare(100, EQUAL);
        assert!(came.regression <= 0.01, "{came:?}");
        let is_quiet = machine.noise + machine.process <= STEADY.noise;
        assert!(!is_quiet || came.no_change > 0.95 && came.runs < 55.0, "{came:?}");
    }
}

#[test]
fn five_percent_are_found_and_one_percent_is_let_pass() {
    for machine in &MACHINES[..2] {
        let came = machine.compare(100, Asked { factor: 0.95, ..EQUAL });
        assert!(came.regression >= 0.95 && came.runs < 55.0, "{came:?}");
        let came = machine.compare(100, Asked { factor: 0.99, ..EQUAL });
        assert!(came.regression <= 0.05, "{came:?}");
        let came = machine.compare(50, Asked { factor: 1.06, ..EQUAL });
        assert!(came.better >= 0.95, "{came:?}");
    }
}

#[test]
fn the_fewest_runs_find_what_is_large() {
    let came = STEADY.compare(100, Asked { factor: 0.85, max_runs: MIN_RUNS, ..EQUAL });
    assert!(came.regression > 0.95 && came.runs <= 16.0, "{came:?}");
}

/// Why the order is drawn: a drift is an effect to whoever always begins with the base.
#[test]
fn in_a_fixed_order_drift_would_look_like_an_effect() {
    use crate::compare::signed_rank::p_value;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(5);
    let fooled = |order: &mut dyn FnMut(usize) -> bool, random: &mut Xoshiro256PlusPlus| {
        let changes: Vec<_> = (0..40)
            .map(|pair| {
                let drift = if order(pair) { 0.02 } else { -0.02 };
                drift + 0.02 * normal(random)
            })
            .collect();
        p_value(&changes) < 0.01
    };
    let base_first = (0..100).filter(|_| fooled(&mut |_| true, &mut random)).count();
    let drawn = (0..100u64).filter(|seed| {
        let mut coin = Design::new(40, 1, *seed).coin();
        fooled(&mut |_| coin.toss(), &mut random)
    });
    let drawn = drawn.count();
    assert!(base_first == 100 && drawn <= 4, "{base_first} {drawn}");
}

//! How often live comparisons are right about servers whose truth is known, on machines that drift and whose
//! noise stays for a while: over the whole of each, with every look that it takes.

use std::f64::consts::TAU;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::state::{Live, LiveOptions, Next};
use super::{Design, MIN_RUNS};
use crate::compare::tests::{options, run};
use crate::compare::{CompareOptions, Metric};
use crate::results::{ComparisonVerdict, LiveEnd, Side};

/// A machine, and how many of so many comparisons on it came to what.
#[derive(Clone, Copy)]
struct Machine {
    /// One standard deviation of a run, as a share.
    noise: f64,
    /// How much of a run's noise the next one has, too, 0 to 1.
    stays: f64,
    /// By how much each run is faster than the one before, as a share.
    drift: f64,
}

const STEADY: Machine = Machine { noise: 0.02, stays: 0.0, drift: 0.0 };

/// Shares of all comparisons.
struct Came {
    regression: f64,
    better: f64,
    no_change: f64,
    /// Runs of both sides, on average.
    runs: f64,
}

impl Machine {
    /// Compares so many times; `factor` is how fast the new side is.
    fn compare(self, times: u64, factor: f64, threshold_percent: f64, max_runs: u64) -> Came {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(5);
        let all: Vec<_> = (0..times)
            .map(|number| self.once(&mut random, number, (factor, threshold_percent, max_runs)))
            .collect();
        let share =
            |wanted| all.iter().filter(|(verdict, _)| *verdict == wanted).count() as f64 / times as f64;
        Came {
            regression: share(ComparisonVerdict::Regression),
            better: share(ComparisonVerdict::Better),
            no_change: share(ComparisonVerdict::NoChange),
            runs: all.iter().map(|(_, runs)| *runs as f64).sum::<f64>() / times as f64,
        }
    }

    fn once(
        self,
        random: &mut Xoshiro256PlusPlus,
        number: u64,
        (factor, threshold_percent, max_runs): (f64, f64, u64),
    ) -> (ComparisonVerdict, u64) {
        let mut live = Live::new(LiveOptions {
            compare: CompareOptions { threshold_percent, ..options() },
            design: Design::new(max_runs, number),
            warm_up_percent: 0.0,
            names: ["base".into(), "new".into()],
            warnings: Vec::new(),
        });
        let (mut noise, mut runs) = (normal(random), 0);
        while let Next::Run { side, .. } = live.next() {
            noise = self.stays * noise + (1.0 - self.stays * self.stays).sqrt() * normal(random);
            let truth = if side == Side::New { factor } else { 1.0 };
            let speed = 1e6 * truth * (self.noise * noise + self.drift * runs as f64).exp();
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
    Machine { drift: -0.01, ..STEADY },
    Machine { stays: 0.5, drift: 0.003, noise: 0.05 },
];

/// A threshold next to nothing leaves the test alone with the noise: what it promises has to hold without help.
#[test]
fn looking_again_and_again_raises_no_more_false_alarms_than_are_promised() {
    for machine in MACHINES {
        let came = machine.compare(400, 1.0, 1e-6, 40);
        let called = came.regression + came.better;
        assert!(called <= 0.05 && came.regression <= 0.035, "{called} {}", came.regression);
        assert!(called > 0.005, "{called}: so rare is no accident, and costs power");
    }
}

/// The threshold makes them rarer still.
#[test]
fn equal_servers_are_hardly_ever_called_slower() {
    for machine in MACHINES {
        let came = machine.compare(200, 1.0, 3.0, 40);
        assert!(came.regression <= 0.01, "{}", came.regression);
        let is_quiet = machine.noise <= STEADY.noise;
        assert!(!is_quiet || came.no_change > 0.95 && came.runs < 45.0, "{} {}", came.no_change, came.runs);
    }
}

#[test]
fn five_percent_are_found_and_one_percent_is_let_pass() {
    for machine in &MACHINES[..3] {
        let came = machine.compare(100, 0.95, 3.0, 40);
        assert!(came.regression >= 0.95 && came.runs < 50.0, "{} {}", came.regression, came.runs);
        let came = machine.compare(100, 0.99, 3.0, 40);
        assert!(came.regression <= 0.05, "{}", came.regression);
        let came = machine.compare(50, 1.06, 3.0, 40);
        assert!(came.better >= 0.95, "{}", came.better);
    }
}

#[test]
fn the_fewest_runs_find_what_is_large() {
    let came = STEADY.compare(100, 0.85, 3.0, MIN_RUNS);
    assert!(came.regression > 0.95 && came.runs <= 12.0, "{} {}", came.regression, came.runs);
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
        p_value(&changes) < 0.05
    };
    let base_first = (0..100).filter(|_| fooled(&mut |_| true, &mut random)).count();
    let drawn = (0..100u64).filter(|seed| {
        let order: Vec<_> = Design::new(40, *seed).order().take(40).collect();
        fooled(&mut |pair| order[pair], &mut random)
    });
    let drawn = drawn.count();
    assert!(base_first == 100 && drawn <= 10, "{base_first} {drawn}");
}

//! Live comparisons of what a machine really did: the recording of `benchmark/gate.py` that is published, with its
//! drift, its bursts, and processes that differ. Rounds are drawn from it, each of them runs that followed each other
//! on the same two processes.

use std::collections::BTreeMap;
use std::path::Path;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::Design;
use super::state::{Live, LiveOptions, Next};
use crate::compare::tests::{options, run};
use crate::compare::{CompareOptions, Method, Metric};
use crate::results::ComparisonVerdict;

/// As `benchmark/ci-regression.sh` asks for it.
const MAX_RUNS: u64 = 1000;
const ROUND_PAIRS: usize = 5;

/// Keys a second by server (0 and 1, of one program) and side (A as it is; B and C slowed down).
type Round = BTreeMap<(usize, String), f64>;

/// Whole rounds, one after another, of one pair of processes after another.
fn sessions() -> Vec<Vec<Round>> {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    let is_recording = |name: &str| name.starts_with("gate-valkey-") && name.ends_with(".csv");
    let names = std::fs::read_dir(&results).unwrap().map(|entry| entry.unwrap().file_name());
    let name = names.map(|name| name.into_string().unwrap()).find(|name| is_recording(name)).unwrap();
    let mut table = csv::Reader::from_path(results.join(name)).unwrap();
    let columns = table.headers().unwrap().clone();
    let place = |name: &str| columns.iter().position(|column| column == name).unwrap();
    let places = ["session", "round", "server", "side", "keys_per_second"].map(place);
    let mut found: BTreeMap<usize, BTreeMap<usize, Round>> = BTreeMap::new();
    for row in table.records().map(Result::unwrap) {
        let [session, round, server, side, rate] = places.map(|place| row[place].to_owned());
        let of_session = found.entry(session.parse().unwrap()).or_default();
        let round = of_session.entry(round.parse().unwrap()).or_default();
        round.insert((server.parse().unwrap(), side), rate.parse().unwrap());
    }
    let whole =
        |rounds: BTreeMap<usize, Round>| rounds.into_values().filter(|round| round.len() == 4).collect();
    let sessions = found.into_values().map(whole);
    sessions.filter(|rounds: &Vec<Round>| rounds.len() >= ROUND_PAIRS).collect()
}

/// What is compared with A.
#[derive(Clone, Copy)]
enum Trial {
    /// A of another process, made slower by so many percent.
    A(f64),
    /// What was slowed down while it was recorded, on the same process.
    Slowed(&'static str),
}

/// One job's verdict, and its runs of each side.
fn job(sessions: &[Vec<Round>], trial: Trial, number: u64) -> (ComparisonVerdict, u64) {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(number);
    let mut below = |count: usize| (random.next_u64() % count as u64) as usize;
    let mut live = Live::new(LiveOptions {
        compare: CompareOptions { method: Method::Paired, ..options() },
        design: Design::new(MAX_RUNS, ROUND_PAIRS as u64, number),
        renewed: true,
        warm_up_percent: 0.0,
        first_warm_up_percent: 0.0,
        names: ["base".into(), "new".into()],
        warnings: Vec::new(),
    });
    let (mut rounds, mut server, mut rates) = ([].iter(), 0, None);
    while let Next::Run { side, begins_round, .. } = live.next() {
        if begins_round {
            let session = &sessions[below(sessions.len())];
            let first = below(session.len() - ROUND_PAIRS + 1);
            (rounds, server) = (session[first..first + ROUND_PAIRS].iter(), below(2));
        }
        // Both runs of a pair are of one recorded round.
        let is_first = rates.is_none();
        let pair: [f64; 2] = rates.take().unwrap_or_else(|| trial.rates(rounds.next().unwrap(), server));
        rates = is_first.then_some(pair);
        let mut measured = run("r", 1.0);
        measured.figures = [None; Metric::ALL.len()];
        measured.figures[0] = Some(pair[side as usize]);
        live.take(measured).unwrap();
    }
    let comparison = live.comparison().unwrap();
    (comparison.verdict, comparison.points[0].base_runs)
}

impl Trial {
    /// The base's and the new run's, where this server is the base.
    fn rates(self, round: &Round, server: usize) -> [f64; 2] {
        let of = |server, side: &str| round[&(server, side.to_owned())];
        match self {
            Self::A(percent) => [of(server, "A"), of(1 - server, "A") * (1.0 - percent / 100.0)],
            Self::Slowed(side) => [of(1, "A"), of(1, side)],
        }
    }
}

/// How many of so many jobs end with a regression, with no change, and how many runs of each side they take.
fn jobs(sessions: &[Vec<Round>], trial: Trial, count: u64) -> (u64, u64, f64) {
    let all: Vec<_> = (0..count).map(|number| job(sessions, trial, number)).collect();
    let with = |wanted| all.iter().filter(|(verdict, _)| *verdict == wanted).count() as u64;
    let runs = all.iter().map(|(_, runs)| *runs as f64).sum::<f64>() / count as f64;
    (with(ComparisonVerdict::Regression), with(ComparisonVerdict::NoChange), runs)
}

/// A debug build is slow: there, chance has less to say.
const JOBS: u64 = if cfg!(debug_assertions) { 15 } else { 400 };

/// Shares of [`JOBS`], rounded to the side that passes.
fn share(percent: u64) -> u64 {
    (JOBS * percent).div_ceil(100)
}

#[test]
fn recorded_noise_is_told_from_what_is_slower() {
    let sessions = sessions();
    let (alarms, same, runs) = jobs(&sessions, Trial::A(0.0), JOBS);
    assert!(alarms <= share(1), "A: {alarms} {same} {runs}");
    let (found, _, runs) = jobs(&sessions, Trial::A(5.0), JOBS);
    assert!(found >= JOBS - share(5), "5 %: {found} {runs}");
    let (found, _, runs) = jobs(&sessions, Trial::Slowed("B"), JOBS);
    assert!(found >= JOBS - share(5), "B: {found} {runs}");
    let (alarms, same, runs) = jobs(&sessions, Trial::Slowed("C"), JOBS);
    assert!(alarms <= share(5), "C: {alarms} {same} {runs}");
}

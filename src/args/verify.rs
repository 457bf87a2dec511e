//! Options that say how a dataset is verified, and the record of a fill that says which it was.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::{Args, ValueEnum};
use humantime::format_duration;

use super::fill::quarter_of_the_processors;
use super::past::{in_folder, read_run};
use super::steady::check_ttl;
use super::{DatasetArgs, UsageError};
use crate::dataset::{Amount, Request, Spec, Worker};
use crate::proof::{ANY_CLOCK, Depth, Lifetime};
use crate::results::{PastRun, RUN_FILE, SlotRun, VerifyAsked};
use crate::slots::SLOTS;
use crate::units::{parse_percent, parse_time_above_zero, show_count};
use crate::verify::{SampleChoice, VerifyOptions};

/// How to verify, as it was typed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Verify")]
pub struct VerifyArgs {
    /// Take the dataset from the folder that a fill left with --out, and the server too if none is named
    #[arg(long, value_name = "DIR", conflicts_with_all = DATASET)]
    from: Option<PathBuf>,
    /// Time to live that the fill gave each key [default: none]
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero)]
    ttl: Option<Duration>,
    /// Whether each key is there, has its length and time to live as well, or every byte of its value
    #[arg(long, value_enum, default_value_t = CheckName::Value)]
    check: CheckName,
    /// Look at so many percent of the keys, like 1%, chosen by chance, and say what that tells of all
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent, conflicts_with = "repair")]
    sample: Option<f64>,
    /// Another seed chooses other keys
    #[arg(long, value_name = "N", default_value_t = 1, requires = "sample")]
    sample_seed: u64,
    /// Write every key again that is not as it should be, and look once more
    #[arg(long)]
    repair: bool,
    /// Connections that read from each master
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=256))]
    readers: u64,
    /// Threads of this client [default: a quarter of the processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=256))]
    threads: Option<u64>,
    /// How long a master may be silent, and keys may be nowhere to be read
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero, default_value = "30s")]
    proof_timeout: Duration,
    /// How long the whole run may take
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero)]
    deadline: Option<Duration>,
}

/// The options that a folder stands in for.
const DATASET: [&str; 7] = ["data", "keys", "key_size", "value_size", "key_prefix", "seed", "ttl"];

/// Names for [`Depth`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CheckName {
    Exists,
    Size,
    Value,
}

/// What is to be verified.
pub struct Verifiable {
    /// The keys and values that should be there.
    pub spec: Arc<Spec>,
    /// The time to live that they were given.
    pub ttl: Option<Duration>,
    /// The fill that is said to have written them.
    pub past: Option<PastRun>,
    /// What should be known of that fill.
    pub warnings: Vec<String>,
}

impl VerifyArgs {
    /// Finds out what should be there. Reads the folder that is named.
    ///
    /// # Errors
    /// [`UsageError`] if nothing says what should be there, or the folder does not.
    pub fn verifiable(&self, dataset: &DatasetArgs) -> Result<Verifiable, UsageError> {
        if let Some(ttl) = self.ttl {
            check_ttl(ttl)?;
        }
        let Some(folder) = &self.from else {
            if !dataset.says_how_much() {
                return Err(UsageError::new(
                    "which keys should be there is not said: give --data or --keys, the sizes, the prefix and the \
                     seed as the fill was given them, or the folder that it left: --from DIR; \
                     fillbench verify --help shows everything",
                ));
            }
            if self.ttl.is_some() && self.check == CheckName::Exists {
                let text = "--check exists looks at no time to live: leave out --ttl, or give --check size";
                return Err(UsageError::new(text));
            }
            return Ok(Verifiable { spec: dataset.spec()?, ttl: self.ttl, past: None, warnings: Vec::new() });
        };
        let past = read(folder)?;
        let spec = spec_of(&past).map_err(|text| in_folder(folder, &text))?;
        let ttl = past.options.ttl_seconds.map(Duration::try_from_secs_f64).transpose();
        let ttl = ttl.map_err(|error| in_folder(folder, &error.to_string()))?;
        let warnings = warnings(folder, &past, ttl);
        Ok(Verifiable { spec: spec.into(), ttl, past: Some(past), warnings })
    }

    /// The engine's options.
    pub fn options(&self, what: &Verifiable) -> VerifyOptions {
        let written_after = what.past.as_ref().and_then(PastRun::started_at);
        VerifyOptions {
            spec: what.spec.clone(),
            lifetime: Lifetime::given(what.ttl, written_after, ANY_CLOCK),
            depth: match self.check {
                CheckName::Exists => Depth::Existence,
                CheckName::Size => Depth::Size,
                CheckName::Value => Depth::Value,
            },
            sample: self.sample.map(|percent| SampleChoice { percent, seed: self.sample_seed }),
            repair: self.repair,
            readers: self.readers,
            patience: self.proof_timeout,
        }
    }

    /// Threads of the client.
    pub fn threads(&self) -> u64 {
        self.threads.unwrap_or_else(quarter_of_the_processors)
    }

    /// How long the whole run may take.
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// Enters what was asked into a record's options.
    pub fn describe(&self, what: &Verifiable, asked: &mut VerifyAsked) {
        asked.from = self.from.as_ref().map(|folder| folder.display().to_string());
        asked.ttl_seconds = what.ttl.map(|ttl| ttl.as_secs_f64());
        asked.check = self.check.to_possible_value().map_or_else(String::new, |name| name.get_name().into());
        asked.sample_percent = self.sample;
        asked.sample_seed = self.sample_seed;
        asked.repair = self.repair;
        asked.readers = self.readers;
        asked.threads = self.threads();
        asked.proof_timeout_seconds = self.proof_timeout.as_secs_f64();
        asked.deadline_seconds = self.deadline.map(|deadline| deadline.as_secs_f64());
        asked.keys = what.spec.keys();
    }
}

/// The record that a fill left in a folder.
fn read(folder: &Path) -> Result<PastRun, UsageError> {
    let other = "say what the fill was given: --data or --keys, sizes, prefix and seed";
    let past = PastRun::parse(&read_run(folder, "--from", other)?);
    let past = past.map_err(|error| {
        let path = folder.join(RUN_FILE);
        UsageError::new(format!("{} {error}: give another folder, or {other}", path.display()))
    })?;
    if past.verdict == "discarded" {
        let text = format!(
            "the fill that left {} was told to keep nothing (--discard): there is nothing to verify",
            folder.display()
        );
        return Err(UsageError::new(text));
    }
    Ok(past)
}

fn spec_of(past: &PastRun) -> Result<Spec, String> {
    let options = &past.options;
    let amount = match (options.data_bytes, options.keys, &past.done.slots) {
        (_, _, Some(_)) => Amount::Open,
        (Some(bytes), _, _) => Amount::Bytes(bytes),
        (None, Some(keys), _) => Amount::Keys(keys),
        (None, None, None) => return Err("it does not say how many keys there are".into()),
    };
    let request = Request {
        amount,
        key_size: options.key_size,
        value_size: options.value_size,
        prefix: options.key_prefix.clone(),
        seed: options.seed,
    };
    let spec = Spec::new(&request).and_then(|spec| match &past.done.slots {
        Some(runs) => spec.with_counts(&counts(runs)),
        None => Ok(spec),
    });
    let spec = spec.map_err(|error| error.to_string())?;
    // One worker wrote its share, and nobody knows of the others here.
    let Some((index, count)) = options.worker_index.zip(options.worker_count) else { return Ok(spec) };
    let worker = Worker::new(index, count).map_err(|error| error.to_string())?;
    spec.share(worker).map_err(|error| error.to_string())
}

/// The keys of each slot.
fn counts(runs: &[SlotRun]) -> Vec<u64> {
    let mut counts = vec![0; usize::from(SLOTS)];
    for run in runs {
        for slot in run.first..=run.last.min(SLOTS - 1) {
            counts[usize::from(slot)] = run.keys;
        }
    }
    counts
}

/// What a fill says of itself that explains keys that are not there.
fn warnings(folder: &Path, past: &PastRun, ttl: Option<Duration>) -> Vec<String> {
    let mut warnings = Vec::new();
    let shown = folder.display();
    if past.verdict == "unfinished" {
        warnings.push(format!(
            "the fill that left {shown} has not ended, or was killed: fillbench --resume {shown} goes on"
        ));
    } else if !past.ended() {
        warnings.push(format!(
            "the fill that left {shown} ended as `{}`, with {} of {} keys executed",
            past.verdict,
            show_count(past.account.executed),
            show_count(past.account.planned),
        ));
    }
    let age = past.started_at().and_then(|then| SystemTime::now().duration_since(then).ok());
    if let (Some(ttl), Some(age)) = (ttl, age)
        && age >= ttl
    {
        let [ttl, age] = [ttl, Duration::from_secs(age.as_secs())].map(format_duration);
        warnings.push(format!(
            "the fill that left {shown} began {age} ago and gave its keys {ttl} to live: those that are gone may \
             have expired"
        ));
    }
    warnings
}

//! Options of `fillbench compare --live`: which servers are the sides, how long to go on, and where the runs are kept.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgMatches, Args, Id};

use super::given::given_ids;
use super::sweep::{WARM_UP_PERCENT, some_seed};
use super::{AccessArgs, ConnectionArgs, ThrowawayArgs, UsageError};
use crate::compare::live::{Design, MAX_RUNS, MIN_RUNS};
use crate::net::Secret;
use crate::results::{Options, Side};
use crate::sweep::warm_up;
use crate::target::{Layout, Site, Throwaway};
use crate::units::parse_time_above_zero;

/// Runs of two sides in turns, as it was typed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Live")]
pub struct LiveArgs {
    /// Fill the servers at two URIs in turns, until it is settled which is slower; both are emptied
    #[arg(long)]
    live: bool,
    /// Start real servers for both sides, clusters of N masters or `standalone`, and stop them afterwards
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "3")]
    #[arg(requires = "live")]
    spawn: Option<Layout>,
    /// The servers that --spawn starts: give it twice, the base first
    #[arg(long, value_name = "FILE", requires = "spawn")]
    server_binary: Vec<PathBuf>,
    /// Start these servers anew after so many pairs of runs, which then count as one [default: 1]
    #[arg(long, value_name = "PAIRS", requires = "spawn", value_parser = clap::value_parser!(u64).range(1..=MAX_RUNS / MIN_RUNS))]
    renew: Option<u64>,
    /// The most runs of each side
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u64).range(MIN_RUNS..=MAX_RUNS))]
    max_runs: u64,
    /// Begin no run later than this, and take what is there by then for all that there will be
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero)]
    max_time: Option<Duration>,
    /// Fill so many keys that a run of the faster side takes about so long, as a few fills show first
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero, conflicts_with_all = ["data", "keys", "until_memory"])]
    fill_time: Option<Duration>,
    /// Fill so much of a run's keys before it, and flush them, or 0 for nothing [default: 10%, and all where a server
    /// was just started]
    #[arg(long, value_name = "PERCENT", value_parser = warm_up)]
    warm_up: Option<f64>,
    /// Draw the order within each pair of runs with this number [default: another one each time]
    #[arg(long, value_name = "N")]
    shuffle_seed: Option<u64>,
    /// Write everything into a new or empty folder, each run as soon as it is over
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Show warnings and errors only, and what comes of it
    #[arg(short, long)]
    quiet: bool,
}

/// What may be said without `--live`.
const WITHOUT: [&str; 10] =
    ["base", "new", "metric", "threshold", "despite", "paired", "format", "json", "help", "live"];

/// One side, whole.
pub struct LiveSide {
    /// Where it is; where servers are started, how they are reached.
    pub site: Site,
    /// What is started for it.
    pub throwaway: Option<Throwaway>,
    /// What its runs are asked, as far as that is the side's matter.
    pub asked: Options,
    /// What it is called; empty until its servers are started.
    pub name: String,
}

impl LiveArgs {
    /// The option of a command line that goes with `--live` only, if it was given without: its id.
    pub fn stray(given: &ArgMatches) -> Option<&Id> {
        given_ids(given).find(|id| !given.get_flag("live") && !WITHOUT.contains(&id.as_str()))
    }

    /// Whether runs are made, and not read.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// The sides, base first, of what was typed for them.
    ///
    /// # Errors
    /// [`UsageError`] if one of them is not well named; it never holds a password.
    pub fn sides(
        &self,
        typed: [Option<&OsStr>; 2],
        access: &AccessArgs,
    ) -> Result<[LiveSide; 2], UsageError> {
        let Some(layout) = &self.spawn else {
            // Clap wants no option that others exclude, and the URIs exclude --spawn.
            if !self.server_binary.is_empty() {
                let text = "--server-binary names what --spawn starts: give that in place of the URIs";
                return Err(UsageError::new(text));
            }
            if self.renew.is_some() {
                let text = "--renew starts anew what --spawn has started: give that in place of the URIs";
                return Err(UsageError::new(text));
            }
            let [base, new] = typed;
            return Ok([attached(Side::Base, base, access)?, attached(Side::New, new, access)?]);
        };
        let [base, new] = &self.server_binary[..] else {
            let text = "--live --spawn wants two servers: --server-binary FILE --server-binary FILE, the base first; \
                        the same one twice shows how noisy the machine is";
            return Err(UsageError::new(text));
        };
        Ok([spawned(layout, base, access)?, spawned(layout, new, access)?])
    }

    /// When runs are looked at, and in which order they are made.
    ///
    /// # Errors
    /// [`UsageError`] if there would be too few rounds to tell anything.
    pub fn design(&self) -> Result<Design, UsageError> {
        let pairs = self.renew.unwrap_or(1);
        if self.max_runs < MIN_RUNS * pairs {
            let text = format!(
                "--renew {pairs} has {pairs} pairs count as one, and fewer than {MIN_RUNS} of those can never tell: \
                 give --max-runs {} at least",
                MIN_RUNS * pairs
            );
            return Err(UsageError::new(text));
        }
        Ok(Design::new(self.max_runs, pairs, self.shuffle_seed.unwrap_or_else(some_seed)))
    }

    /// Percent of a run's keys that warm up for it, where its server has just been started, or not.
    pub fn warm_up_percent(&self, has_just_started: bool) -> f64 {
        self.warm_up.unwrap_or(if has_just_started { 100.0 } else { WARM_UP_PERCENT })
    }

    /// How long the runs may go on.
    pub fn max_time(&self) -> Option<Duration> {
        self.max_time
    }

    /// How long a run is to take, where that is what says how many keys are filled.
    pub fn fill_time(&self) -> Option<Duration> {
        self.fill_time
    }

    /// The folder for all that it leaves.
    pub fn out(&self) -> Option<&PathBuf> {
        self.out.as_ref()
    }

    /// Whether progress is left out.
    pub fn quiet(&self) -> bool {
        self.quiet
    }
}

fn attached(side: Side, uri: Option<&OsStr>, access: &AccessArgs) -> Result<LiveSide, UsageError> {
    let of_side = |error: UsageError| UsageError::new(format!("{}: {error}", side.name()));
    let uri = uri.and_then(OsStr::to_str);
    let uri = uri.ok_or_else(|| of_side(UsageError::new("the URI is not UTF-8: percent-encode it")))?;
    let connection = ConnectionArgs::of(Some(Secret::from(uri)), access);
    let site = connection.site_of(&format!("the {} side", side.name())).map_err(of_side)?;
    let mut asked = Options::default();
    connection.describe(&site, &mut asked);
    let name = site.address.to_string();
    Ok(LiveSide { site, throwaway: None, asked, name })
}

fn spawned(layout: &Layout, binary: &std::path::Path, access: &AccessArgs) -> Result<LiveSide, UsageError> {
    let name = binary.display().to_string();
    let of_spawn =
        Options { spawn: Some(layout.to_string()), server_binary: Some(name.clone()), ..Options::default() };
    let (throwaway, connection) = (ThrowawayArgs::as_in(&of_spawn)?, ConnectionArgs::of(None, access));
    let site = throwaway.site(&connection)?;
    let mut asked = Options::default();
    connection.describe(&site, &mut asked);
    throwaway.describe(&mut asked);
    Ok(LiveSide { site, throwaway: throwaway.throwaway(), asked, name })
}

//! Which runs are compared with which, by what, and how the outcome is shown.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::compare::{CompareOptions, Difference, Method, RESAMPLES};
use crate::recorded::Metric;
use crate::units::parse_percent;

/// What to compare, as it was typed. Not to be shown: a URI may hold a password.
#[derive(Args, Clone)]
pub struct CompareArgs {
    /// Runs to compare with: a runs.csv, a run.json, what --out left, or a folder of these, three deep; with --live,
    /// the URI of a server
    #[arg(value_name = "BASE", required_unless_present = "spawn", conflicts_with = "spawn")]
    base: Option<OsString>,
    /// Runs to judge, or the server
    #[arg(value_name = "NEW", required_unless_present = "spawn", conflicts_with = "spawn")]
    new: Option<OsString>,
    /// The figure that decides
    #[arg(long, value_name = "NAME", value_parser = metric(), default_value = "keys_per_second")]
    metric: Metric,
    /// The smallest change that matters
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent, default_value = "3%")]
    threshold: f64,
    /// Compare although these differ, or say little of a server; separated by commas
    #[arg(long, value_name = "WHAT", value_parser = difference(), value_delimiter = ',')]
    despite: Vec<Difference>,
    /// The sides were run in turns, in an order that was drawn for each: compare each run with the one beside it
    #[arg(long, conflicts_with = "live")]
    paired: bool,
    /// A table for a terminal, or for a pull request
    #[arg(long, value_enum, default_value_t = CompareFormat::Text)]
    format: CompareFormat,
    /// Print one JSON document, and nothing else
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// How the outcome is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    /// For a terminal.
    Text,
    /// For a pull request.
    Markdown,
    /// For machines.
    #[value(skip)]
    Json,
}

fn metric() -> impl TypedValueParser<Value = Metric> {
    let names = PossibleValuesParser::new(Metric::ALL.map(Metric::name));
    names.try_map(|name| Metric::named(&name).ok_or("no such metric"))
}

fn difference() -> impl TypedValueParser<Value = Difference> {
    let names = PossibleValuesParser::new(Difference::ALL.map(Difference::name));
    names.try_map(|name| Difference::named(&name).ok_or("no such difference"))
}

impl CompareArgs {
    /// The runs to compare with.
    pub fn base(&self) -> &Path {
        Path::new(self.base.as_deref().unwrap_or_default())
    }

    /// The runs to judge.
    pub fn new_runs(&self) -> &Path {
        Path::new(self.new.as_deref().unwrap_or_default())
    }

    /// What stands for the sides, if anything does.
    pub fn sides(&self) -> [Option<&OsStr>; 2] {
        [self.base.as_deref(), self.new.as_deref()]
    }

    /// Whether the runs that are there were made in turns.
    pub fn paired(&self) -> bool {
        self.paired
    }

    /// How to show what comes out.
    pub fn format(&self) -> CompareFormat {
        if self.json { CompareFormat::Json } else { self.format }
    }

    /// The engine's options, for runs that were made in turns, or not.
    pub fn options(&self, paired: bool) -> CompareOptions {
        let mut despite = self.despite.clone();
        despite.sort();
        despite.dedup();
        CompareOptions {
            metric: self.metric,
            threshold_percent: self.threshold,
            despite,
            method: if paired { Method::Paired } else { Method::Independent { resamples: RESAMPLES } },
        }
    }
}

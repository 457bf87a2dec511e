//! `fillbench report`: what runs say together, as a page, a text, charts, and in brief.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{ArgAction, Args};

use super::Exit;
use crate::args::ReportArgs;
use crate::recorded::{LoadError, Run, Runs, comparisons, details, load, sweeps};
use crate::report::{StudyReport, print, report_study, tell};
use crate::results::{RunDetail, Study};
use crate::study::study;

/// `fillbench report`.
#[derive(Args)]
#[command(disable_help_flag = true, after_help = AFTER_HELP)]
pub(super) struct ReportCommand {
    #[command(flatten)]
    report: ReportArgs,
    /// Print this help
    #[arg(short, long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

const AFTER_HELP: &str = "\
Writes report.html, a page that needs nothing else, report.md, and the charts as SVG; a brief goes \
to stdout. Only files of an earlier report are replaced. The page shows what each swept parameter \
does, latencies, single runs over time with what happened to the servers, processor time, all \
points, and the best settings with the options to copy: for most throughput, for that in bounded \
memory, and for a small footprint.

Examples:
  fillbench report results/sweep
  fillbench report results/valkey results/redis --out results/both
  fillbench report runs.csv --out report --in-flight 1MiB

Exit codes:
  0 written    1 could not be written    2 bad usage, or no runs that can be read";

/// What was read, and what follows.
struct Found {
    study: Study,
    details: Vec<RunDetail>,
}

impl ReportCommand {
    /// Reads, writes, and shows the brief.
    pub(super) fn run(self) -> Exit {
        let out = match self.report.out() {
            Ok(out) => out,
            Err(error) => return Exit::of(Err(error.into())),
        };
        match self.found() {
            Ok(found) => Exit::of(write(&found, out)),
            Err(error) => Exit::refused(&error, &error.cure()),
        }
    }

    fn found(&self) -> Result<Found, LoadError> {
        let paths = self.report.paths();
        let sources = paths.iter().map(|path| load(path)).collect::<Result<Vec<Runs>, _>>()?;
        let mut study = study(&sources, &sweeps(paths)?, &self.report.options());
        study.compared = comparisons(paths)?.iter().map(|folder| folder.display().to_string()).collect();
        let details = closely(paths, &sources, &study)?;
        Ok(Found { study, details })
    }
}

/// Looks closely at the runs that are worth it.
fn closely(paths: &[PathBuf], sources: &[Runs], study: &Study) -> Result<Vec<RunDetail>, LoadError> {
    let of_points = study.latencies.iter().flat_map(|&place| &study.points[place].runs);
    let wanted: std::collections::BTreeSet<&str> =
        of_points.chain(study.courses.iter().map(|course| &course.run)).map(String::as_str).collect();
    let mut runs: Vec<&Run> = Vec::new();
    for run in sources.iter().flat_map(|source| &source.runs) {
        if wanted.contains(run.id.as_str()) && runs.iter().all(|known| known.id != run.id) {
            runs.push(run);
        }
    }
    details(paths, &runs)
}

fn write(found: &Found, out: &Path) -> Result<Exit> {
    let StudyReport { files, brief } = report_study(&found.study, &found.details, out)?;
    print(&brief)?;
    let named: Vec<_> = files.iter().take(2).map(|file| file.display().to_string()).collect();
    let charts = match files.len() - named.len() {
        0 => String::new(),
        1 => " and 1 chart".into(),
        count => format!(" and {count} charts"),
    };
    tell(&format!("written: {}{charts}\n", named.join(", ")));
    Ok(Exit::Exact)
}

//! What a study is in words and drawings, the same for every form that it is written in.

use serde::Serialize;

use super::choices::{self, PlaceOfChoices};
use super::courses::{self, RunShown};
use super::effects::{self, EffectShown};
use super::table::{self, Table};
use super::words::{bytes, counts, in_bytes, latency, per_gb, plural, rate_with_range};
use super::{latencies, processors};
use crate::bottleneck::SHORTEST_SECONDS;
use crate::chart::ChartError;
use crate::report::terminal::words::{byte_rate, span};
use crate::results::{RunDetail, Spread, Study, Unmeasured};
use crate::text::shell_option;

/// Values of a swept parameter that are listed.
const VALUES_MAX: usize = 24;

/// What all runs have in common and a line of its own tells.
const TOLD_APART: [&str; 5] = ["machine", "server", "target_kind", "target_mode", "target_masters"];

/// A study, ready to be laid out.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Page {
    pub(super) title: String,
    /// The same in a sentence.
    pub(super) lead: String,
    /// What must be known before any figure is believed.
    pub(super) alerts: Vec<String>,
    /// The figures, where there is one point only.
    pub(super) in_short: Vec<Fact>,
    /// The best settings; empty where there is nothing to choose from, which `no_choice` explains.
    pub(super) choices: Vec<PlaceOfChoices>,
    pub(super) no_choice: String,
    /// What each swept parameter does.
    pub(super) effects: Vec<EffectShown>,
    /// Latencies, and what is told in their place where there are none.
    pub(super) latencies: Vec<Figure>,
    pub(super) no_latencies: String,
    /// Runs from their beginning to their end.
    pub(super) runs: Vec<RunShown>,
    /// Processor time.
    pub(super) processors: Vec<Figure>,
    pub(super) table: Table,
    /// What was run, as labels and lines.
    pub(super) facts: Vec<Fact>,
    /// Runs that no point is made of.
    pub(super) unmeasured: Vec<String>,
    /// Drawings that could not be made, and why.
    pub(super) undrawn: Vec<String>,
    /// Which program wrote this.
    pub(super) generator: String,
}

/// A drawing with its caption.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figure {
    /// Its file, in the folder of charts.
    pub(super) file: String,
    pub(super) title: String,
    /// What somebody needs to know who does not see it.
    pub(super) alt: String,
    pub(super) caption: String,
    pub(super) svg: String,
}

/// Something that was so in all runs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Fact {
    pub(super) label: String,
    pub(super) lines: Vec<String>,
}

/// Drawings as they are made, and those that could not be.
#[derive(Default)]
pub(super) struct Undrawn(pub(super) Vec<String>);

impl Undrawn {
    /// The drawing; or a note in its place.
    pub(super) fn or_note(&mut self, figure: Result<Figure, ChartError>) -> Option<Figure> {
        figure.map_err(|error| self.0.push(error.to_string())).ok()
    }
}

impl Page {
    /// Lays out a study.
    pub(super) fn of(study: &Study, details: &[RunDetail]) -> Self {
        let mut undrawn = Undrawn::default();
        let choices = choices::shown(study);
        let latencies = latencies::latencies(study, details, &mut undrawn);
        Self {
            title: title(study),
            lead: lead(study),
            alerts: alerts(study),
            in_short: in_short(study),
            no_choice: if choices.is_empty() { choices::none(study) } else { String::new() },
            choices,
            effects: effects::shown(study, &mut undrawn),
            no_latencies: match latencies.is_empty() {
                true => {
                    "No histogram of latencies was found: latency.csv is in the folder that --out leaves."
                        .into()
                }
                false => String::new(),
            },
            latencies,
            runs: courses::courses(study, details, &mut undrawn),
            processors: processors::processors(study, &mut undrawn).into_iter().collect(),
            table: table::table(study),
            facts: facts(study),
            unmeasured: unmeasured(study),
            undrawn: undrawn.0,
            generator: format!("fillbench {}", env!("CARGO_PKG_VERSION")),
        }
    }

    /// All drawings, in their order.
    pub(super) fn figures(&self) -> impl Iterator<Item = &Figure> {
        let of_effects = self.effects.iter().flat_map(|effect| &effect.figure);
        let of_runs = self.runs.iter().flat_map(|run| &run.figures);
        of_effects.chain(&self.latencies).chain(of_runs).chain(&self.processors)
    }
}

fn title(study: &Study) -> String {
    let what = match (study.points.len() as u64, study.measured) {
        (_, 1) => "One fill".into(),
        (1, runs) => format!("{runs} fills of one point"),
        (points, runs) => format!("{} of {}", plural(runs, "fill"), plural(points, "point")),
    };
    match study.servers.as_slice() {
        [] => what,
        [server] => format!("{what}: {server}"),
        servers => format!("{what}: {} servers", servers.len()),
    }
}

fn lead(study: &Study) -> String {
    let swept: Vec<_> = study
        .swept
        .iter()
        .map(|swept| {
            format!("{} ({})", super::words::spoken(&swept.name), plural(swept.values.len() as u64, "value"))
        })
        .collect();
    let place = study.targets.join("; ");
    let what = match swept.as_slice() {
        [] if study.runs == 1 => String::new(),
        [] => "All runs were asked the same.".into(),
        _ => format!("Swept: {}.", swept.join(", ")),
    };
    let measure = if in_bytes(study) {
        "Throughput is in bytes of keys and values, because keys of different sizes are no common measure."
    } else {
        "Throughput is in keys a second."
    };
    let place = if place.is_empty() { String::new() } else { format!(" Sent to {place}.") };
    format!("{what}{place} {measure}").trim().to_owned()
}

/// What the one point came to; nothing where there are several, which a table shows.
fn in_short(study: &Study) -> Vec<Fact> {
    let [point] = study.points.as_slice() else { return Vec::new() };
    let fact = |label: &str, line: String| Fact { label: label.into(), lines: vec![line] };
    let cpu = |spread: Option<Spread>| per_gb(spread.map(|spread| spread.median));
    let rate = byte_rate(point.bytes_per_second(point.rate.median));
    let rss = point.client_peak_rss_bytes.map_or_else(String::new, |rss| format!(", {}", bytes(rss)));
    vec![
        fact("throughput", format!("{}, {rate} of keys and values", rate_with_range(study, point))),
        fact(
            "pipelines",
            format!("p50 {}, p99 {}", latency(point.latency_us_p50), latency(point.latency_us_p99)),
        ),
        fact("client", format!("{} of processors{rss}", cpu(point.client_cpu_seconds_per_gb))),
        fact("servers", format!("{} of processors", cpu(point.servers_cpu_seconds_per_gb))),
        fact("limited by", counts(&point.limited_by)),
        fact("verdict", counts(&point.verdicts)),
        fact("incidents", point.incidents.to_string()),
    ]
}

/// What makes figures say less than they seem to.
fn alerts(study: &Study) -> Vec<String> {
    let mut alerts = Vec::new();
    if study.measured == 0 {
        alerts.push(format!(
            "Nothing was measured: none of {} ended well. What went wrong is listed below.",
            plural(study.runs, "run")
        ));
    }
    if study.client_limited > 0 {
        alerts.push(format!(
            "The client limited {} of {}: their figures are those of the machine that sent, and say \
             nothing of the servers. Run them again with more --threads, or from a machine of its own.",
            study.client_limited,
            plural(study.measured, "measured run")
        ));
    }
    if study.too_short > 0 {
        alerts.push(format!(
            "{} of {} filled for less than {}, which is too short to say what limited them, or how fast a \
             longer one would be. Fill more: --data, or --keys.",
            study.too_short,
            plural(study.measured, "measured run"),
            span(SHORTEST_SECONDS)
        ));
    }
    for folder in &study.compared {
        alerts.push(format!(
            "{folder} holds the two sides of a comparison. Where their servers tell the same version, their \
             runs are one point here: comparison.md says which is faster."
        ));
    }
    let lost = study.unmeasured.len() as u64 + study.unmeasured_left_out;
    if lost > 0 && study.measured > 0 {
        let verb = if lost == 1 { "counts" } else { "count" };
        alerts.push(format!(
            "{} of {} {verb} in no figure; they are named below.",
            lost,
            plural(study.runs, "run")
        ));
    }
    for absent in &study.absent {
        alerts.push(format!(
            "The sweep in {} lacks {}: fillbench sweep {} goes on with it.",
            absent.folder,
            plural(absent.runs, "run"),
            shell_option("--resume", &absent.folder)
        ));
    }
    if !study.passed_over.is_empty() {
        alerts.push(format!("Passed over, as tables of other things: {}.", study.passed_over.join("; ")));
    }
    for (things, of) in [(&study.machines, "machines"), (&study.servers, "servers or versions")] {
        if things.len() > 1 {
            alerts.push(format!(
                "These runs are of {} {of}: they are kept apart, and differences between them may be due \
                 to that.",
                things.len()
            ));
        }
    }
    if study.programs.len() > 1 {
        let versions = study.programs.join(", ");
        alerts.push(format!("Different versions of fillbench sent these runs: {versions}."));
    }
    let thrown_away = study.points.iter().flat_map(|point| &point.verdicts);
    let thrown_away: u64 = thrown_away.filter(|(word, _)| word == "discarded").map(|(_, count)| count).sum();
    if thrown_away > 0 {
        alerts.push(format!(
            "The servers of {} kept nothing (--discard): that shows what the client can send.",
            plural(thrown_away, "run")
        ));
    }
    alerts
}

fn facts(study: &Study) -> Vec<Fact> {
    let fact = |label: &str, lines: Vec<String>| Fact { label: label.into(), lines };
    let (first, last) = &study.started_at;
    let when = if first == last { first.clone() } else { format!("{first} to {last}") };
    let swept = study.swept.iter().map(|swept| {
        let values: Vec<_> = swept
            .values
            .iter()
            .take(VALUES_MAX)
            .map(|value| super::words::value(&swept.name, &value.text))
            .collect();
        let more = swept.values.len().saturating_sub(VALUES_MAX);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        format!("{}: {}{more}", super::words::spoken(&swept.name), values.join(", "))
    });
    let is_told = |name: &str| TOLD_APART.contains(&name);
    let everywhere = study.everywhere.iter().filter(|(name, _)| !is_told(name));
    let everywhere = everywhere.map(|(name, text)| match text.as_str() {
        "true" => super::words::spoken(name),
        _ => format!("{} {}", super::words::spoken(name), super::words::value(name, text)),
    });
    let everywhere: Vec<_> = everywhere.collect();
    let runs = match study.runs {
        all if all == study.measured => plural(all, "run"),
        all => format!("{}, of which {} measured", plural(all, "run"), study.measured),
    };
    let warnings = study.warnings.iter().map(|(text, count)| match count {
        1 => text.clone(),
        count => format!("{text} ({count} runs)"),
    });
    let mut facts = vec![
        fact("Read from", study.paths.clone()),
        fact("Runs", vec![runs]),
        fact("Each run", vec![each_run(study)]),
        fact("Started", vec![when]),
        fact("Target", study.targets.clone()),
        fact("Servers", study.servers.clone()),
        fact("Machine", study.machines.clone()),
        fact("Sent by", study.programs.iter().map(|version| format!("fillbench {version}")).collect()),
        fact("Swept", swept.collect()),
        fact("In all runs", vec![everywhere.join(", ")]),
        fact("Warnings", warnings.collect()),
    ];
    facts.retain(|fact| fact.lines.iter().any(|line| !line.is_empty()));
    facts
}

/// How much a run filled, and how long that took; nothing if none is known.
fn each_run(study: &Study) -> String {
    if study.measured == 0 {
        return String::new();
    }
    let from_to = |spread: Spread, shown: fn(f64) -> String| match (shown(spread.min), shown(spread.max)) {
        (least, most) if least == most => least,
        (least, most) => format!("{least} to {most}"),
    };
    // Decimal, as rates are: a rate times a time is what was filled.
    let much = from_to(study.fill_bytes, |bytes| byte_rate(bytes).trim_end_matches("/s").to_owned());
    format!("{much} of keys and values, filled within {}", from_to(study.fill_seconds, span))
}

fn unmeasured(study: &Study) -> Vec<String> {
    let told = study.unmeasured.iter().map(|Unmeasured { place, what, why }| match why.is_empty() {
        true => format!("{place} {what}"),
        false => format!("{place} {what}: {why}"),
    });
    let more = (study.unmeasured_left_out > 0).then(|| format!("and {} more", study.unmeasured_left_out));
    told.chain(more).collect()
}

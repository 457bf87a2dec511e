//! The record of a comparison of runs, versioned as that of a run is: `results/compare.schema.json` is its
//! checked-in description.

use serde::{Deserialize, Serialize};

use super::{LiveComparison, PipelineDepth, Program};

/// The version of the record: it changes when a field changes its meaning or goes away.
pub const COMPARE_SCHEMA: &str = "fillbench.compare/1";

/// Runs of two sides, point by point, and what follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Always [`COMPARE_SCHEMA`].
    pub schema: String,
    /// Which program wrote this.
    pub program: Program,
    /// What was asked.
    pub options: CompareAsked,
    /// How it was decided.
    pub method: CompareMethod,
    /// How it was run, where the runs were made for it, in turns; `null` where they were there already.
    pub live: Option<LiveComparison>,
    /// The points that both sides have, in the order of the base's runs.
    pub points: Vec<ComparedPoint>,
    /// Points without runs on the new side: they make no verdict.
    pub only_base: Vec<LonePoint>,
    /// Points without runs on the base's side: they make no verdict.
    pub only_new: Vec<LonePoint>,
    /// What should be known beside.
    pub warnings: Vec<String>,
    /// The worst of the points' verdicts; `inconclusive` where no point is on both sides.
    pub verdict: ComparisonVerdict,
}

/// What was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CompareAsked {
    /// The first path, or server.
    pub base: String,
    /// The second path, or server.
    pub new: String,
    /// The metric that decides.
    pub metric: String,
    /// The smallest change that matters, in percent.
    pub threshold_percent: f64,
    /// What was compared although it differs, or is not a measurement of a server.
    pub despite: Vec<String>,
    /// Whether each run was compared with the one beside it.
    pub paired: bool,
}

/// How it was decided.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CompareMethod {
    /// Of each interval, 0 to 1; of a live comparison, that of each look.
    pub confidence: f64,
    /// Corrected p-values below this are told from chance; of a live comparison, over all of its looks.
    pub significance: f64,
    /// Resamples that an interval is made of; 0 of pairs, whose interval is that of the test.
    pub resamples: u64,
    /// What they were drawn with.
    pub seed: u64,
}

/// A point that both sides have runs of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparedPoint {
    /// What its runs have in common.
    pub parameters: PointParameters,
    /// Runs of the base.
    pub base_runs: u64,
    /// New runs.
    pub new_runs: u64,
    /// The metric that decides, and then the others.
    pub metrics: Vec<MetricChange>,
    /// Of the Mann-Whitney test on the runs' values, two-sided; of the signed-rank test on the ratios of
    /// pairs, where they are compared so.
    pub p_value: f64,
    /// The same, corrected for the number of points by Holm's method, or for that of the planned looks by
    /// Bonferroni's.
    pub p_value_corrected: f64,
    /// The least corrected p-value that so many runs can have, whatever they measure, beside the other points.
    pub p_value_least: f64,
    /// What follows.
    pub verdict: ComparisonVerdict,
    /// Why, in one sentence.
    pub reason: String,
    /// Runs of each side that are estimated to settle it, or that it takes at least where a side has less than
    /// three; `null` where it is settled, or where neither a hundred nor ten times as many would.
    pub repeats_needed: Option<u64>,
}

/// A point that only one side has runs of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LonePoint {
    /// What its runs have in common.
    pub parameters: PointParameters,
    /// How many they are.
    pub runs: u64,
}

/// What makes a point: what was asked, not what came of it. `null` means: left open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of `Options` and `Target`, which say what they mean")]
pub struct PointParameters {
    pub target_kind: String,
    pub target_mode: String,
    pub target_masters: u64,
    pub key_size: u64,
    pub value_size: u64,
    /// Keys planned; `null` with `until_memory`, which finds out how many there are.
    pub keys: Option<u64>,
    pub until_memory: Option<String>,
    pub command: String,
    pub order: String,
    pub reply: String,
    pub pipeline_bytes: Option<u64>,
    pub pipeline_depth: Option<u64>,
    pub writers: Option<u64>,
    pub window: Option<u64>,
    pub threads: Option<u64>,
    pub ttl_seconds: Option<f64>,
    pub rate_keys_per_second: Option<f64>,
    pub rate_bytes_per_second: Option<f64>,
    pub wait_replicas: Option<u64>,
    pub serial: bool,
    pub flush: bool,
    /// `null` without a warm-up, and in runs of versions that did not say.
    pub warm_up_percent: Option<f64>,
    pub tls: bool,
    pub discard: bool,
    #[serde(default)]
    pub worker_index: Option<u64>,
    #[serde(default)]
    pub worker_count: Option<u64>,
}

impl PointParameters {
    /// Each parameter under its name; what was left open is `auto`, and what was not asked for `none`.
    pub fn named(&self) -> [(&'static str, String); 25] {
        fn or<T: ToString>(value: &Option<T>, open: &str) -> String {
            value.as_ref().map_or_else(|| open.into(), T::to_string)
        }
        [
            ("target_kind", self.target_kind.clone()),
            ("target_mode", self.target_mode.clone()),
            ("target_masters", self.target_masters.to_string()),
            ("key_size", self.key_size.to_string()),
            ("value_size", self.value_size.to_string()),
            ("keys", or(&self.keys, "auto")),
            ("until_memory", or(&self.until_memory, "none")),
            ("command", self.command.clone()),
            ("order", self.order.clone()),
            ("reply", self.reply.clone()),
            ("pipeline_depth", or(&self.asked_depth(), "auto")),
            ("writers", or(&self.writers, "auto")),
            ("window", or(&self.window, "auto")),
            ("threads", or(&self.threads, "auto")),
            ("ttl_seconds", or(&self.ttl_seconds, "none")),
            ("rate_keys_per_second", or(&self.rate_keys_per_second, "none")),
            ("rate_bytes_per_second", or(&self.rate_bytes_per_second, "none")),
            ("wait_replicas", or(&self.wait_replicas, "none")),
            ("serial", self.serial.to_string()),
            ("flush", self.flush.to_string()),
            ("warm_up_percent", or(&self.warm_up_percent, "none")),
            ("tls", self.tls.to_string()),
            ("discard", self.discard.to_string()),
            ("worker_index", or(&self.worker_index, "none")),
            ("worker_count", or(&self.worker_count, "none")),
        ]
    }

    /// How deep pipelines were asked to be.
    pub fn asked_depth(&self) -> Option<PipelineDepth> {
        PipelineDepth::of_fields(self.pipeline_depth, self.pipeline_bytes)
    }

    /// The same parameters, wherever they are sent.
    pub fn without_target(&self) -> Self {
        Self { target_kind: String::new(), target_mode: String::new(), target_masters: 0, ..self.clone() }
    }
}

/// One metric at one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricChange {
    /// Its name: that of the column of `runs.csv`, where it is one.
    pub name: String,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// Median of the base's runs.
    pub base_median: f64,
    /// Median of the new runs.
    pub new_median: f64,
    /// By how much the new median is more than the base's, in percent of that; of pairs, the
    /// Hodges-Lehmann estimate. `null` where the base has 0.
    pub change_percent: Option<f64>,
    /// Where the change is, with the confidence that the method tells; `null` as above.
    pub interval_percent: Option<PercentInterval>,
}

/// From here to there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PercentInterval {
    /// In percent.
    pub low: f64,
    /// In percent.
    pub high: f64,
}

/// What follows from a comparison, of a point or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonVerdict {
    /// Whatever has changed is less than what matters.
    NoChange,
    /// A change to the better that matters.
    Better,
    /// A change to the worse that matters.
    Regression,
    /// Too few runs, or too much noise, to say.
    Inconclusive,
}

//! What one run asked, did and found: the record that every report renders, those of a verification, of a sweep,
//! and of runs compared with others, and the events that an engine sends while it works. This room knows neither
//! how a run is done nor how it is shown.

mod busy;
mod client;
mod comparison;
mod detail;
mod event;
#[cfg(test)]
pub(crate) mod example;
#[cfg(test)]
mod example_comparison;
mod files;
mod histogram;
mod incident;
mod interval;
mod live;
mod options;
mod past;
mod pipeline_depth;
mod record;
mod resumed;
#[cfg(test)]
mod schema;
mod slot_run;
mod study;
mod sweep;
mod verification;
mod workers;

pub use busy::Busy;
pub use client::{Client, Host};
pub use comparison::{
    COMPARE_SCHEMA, CompareAsked, CompareMethod, ComparedPoint, Comparison, ComparisonVerdict, LonePoint,
    MetricChange, PercentInterval, PointParameters,
};
pub use detail::{Course, MasterDetail, RunDetail, Slice};
pub use event::{Event, Observer};
pub use files::{INTERVALS_TABLE, LATENCY_LOG, LATENCY_TABLE, RUN_FILE, RUNS_FOLDER, RUNS_TABLE, SWEEP_FILE};
pub use histogram::{LatencyHistogram, MAX_LATENCY_US, new_histogram};
pub use incident::{Incident, IncidentKind, Incidents, MAX_INCIDENTS};
pub use interval::{Interval, Second, Spread};
pub use live::{LiveComparison, LiveEnd, LiveLook, LivePair, Side};
pub use options::{IN_FLIGHT_BYTES_MAX, Options, THREADS, WINDOWS, WRITERS};
pub use past::{PastDone, PastOptions, PastRun, PastRunError};
pub use pipeline_depth::{NoPipelineDepth, PIPELINE_DEPTHS, PIPELINE_SIZES, PipelineDepth};
pub use record::{
    Account, Done, Failure, Latency, LimitedBy, Program, Rates, Record, RefusalCount, SCHEMA, Seconds,
    Server, Target, Verdict,
};
pub use resumed::Resumed;
pub use slot_run::SlotRun;
pub use study::{
    Absent, Aim, Bounds, Choice, Choices, Chosen, CourseOf, CourseWhy, Effect, EffectSeries, EffectValue,
    StudiedPoint, Study, Swept, SweptValue, Unmeasured,
};
pub use sweep::{Point, SWEEP_SCHEMA, Setting, Sweep, SweepError, Turn};
pub use verification::{
    Findings, Named, Repair, SampleBound, VERIFY_SCHEMA, Verification, VerifyAsked, VerifySeconds,
};
pub use workers::{WorkerPart, Workers};

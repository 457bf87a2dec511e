//! What the command line may say: clap structs in groups that commands share, and the small
//! validated options that they become before anything is connected or opened.

mod access;
mod compare;
mod connection;
mod dataset;
mod fill;
mod given;
mod live;
mod log;
mod merge;
mod output;
mod past;
mod report;
mod resume;
mod served;
mod steady;
mod sweep;
mod throwaway;
mod uri;
mod usage;
mod verify;
mod worker;

pub use access::AccessArgs;
pub use compare::{CompareArgs, CompareFormat};
pub use connection::ConnectionArgs;
pub use dataset::DatasetArgs;
pub use fill::FillArgs;
pub use live::{LiveArgs, LiveSide};
pub use log::LogArgs;
pub use merge::MergeArgs;
pub use output::{OutputArgs, OutputArgsError};
pub use report::ReportArgs;
pub use resume::{ResumeArgs, Resuming};
pub use served::ServedArgs;
pub use steady::SteadyArgs;
pub use sweep::{SweepArgs, SweepRuns};
pub use throwaway::ThrowawayArgs;
pub use usage::UsageError;
pub use verify::{Verifiable, VerifyArgs};
pub use worker::WorkerArgs;

//! What the command line may say: clap structs in groups that commands share, and the small
//! validated options that they become before anything is connected or opened.

mod connection;
mod dataset;
mod fill;
mod output;
mod throwaway;
mod uri;
mod usage;

pub use connection::ConnectionArgs;
pub use dataset::DatasetArgs;
pub use fill::FillArgs;
pub use output::{OutputArgs, OutputArgsError};
pub use throwaway::ThrowawayArgs;
pub use usage::UsageError;

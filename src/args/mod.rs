//! What the command line may say: clap structs in groups that commands share, and the small
//! validated options that they become before anything is connected or opened.

mod connection;
pub mod output;
mod uri;
mod usage;

pub use connection::{Attachment, ConnectionArgs};
pub use usage::UsageError;

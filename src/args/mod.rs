//! What the command line may say, in groups that subcommands share, and what it then means. This room
//! opens no connection and runs nothing.

mod connection;
mod uri;
mod usage;

pub use connection::{Attachment, ConnectionArgs};
pub use usage::UsageError;

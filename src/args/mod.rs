//! What the command line may say: clap structs in groups that commands share, and the small
//! validated options that they become before anything is connected or opened.

pub mod output;

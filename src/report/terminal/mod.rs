//! What a person reads, all on stderr: progress while it runs, and the summary after it.

mod errors;
mod masters;
mod progress;
mod stage;
mod summary;
mod view;
mod words;

pub use errors::error_lines;
pub use progress::Progress;
pub use summary::summary;

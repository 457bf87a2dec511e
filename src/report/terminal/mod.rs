//! What a person reads, all on stderr: progress while it runs, and the summary after it.

mod errors;
mod incidents;
mod live;
mod masters;
mod options;
mod progress;
mod stage;
mod summary;
mod sweep;
mod verification;
mod view;
pub(super) mod words;

pub use errors::{ask, error_lines, tell};
pub use live::live_so_far;
pub(super) use live::{live_ended, live_look, live_pair, live_planned, live_sized, renewed};
pub use options::{ShownOption, options_table};
pub use progress::Progress;
pub use summary::summary;
pub(super) use sweep::{bar, bar_heading, dropped, ended, estimated, planned, swept, waiting};
pub use verification::verify_summary;
pub(super) use view::Screen;

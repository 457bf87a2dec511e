//! The command that goes on with a run.

use std::path::Path;

use crate::text::shell_option;

/// `fillbench --resume DIR`, as a shell takes it.
pub(super) fn resume_command(folder: &Path) -> String {
    resuming("fillbench", folder)
}

/// The same of a subcommand: `fillbench sweep --resume DIR`.
pub(super) fn resuming(program: &str, folder: &Path) -> String {
    format!("{program} {}", shell_option("--resume", &folder.display().to_string()))
}

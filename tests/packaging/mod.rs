//! What packages hold beside the program, and how they are made: completions, manual pages, `--version`, the Debian
//! package's list of files, and the workflow that makes releases.

mod completions;
mod man;
mod metadata;
mod version;
mod workflow;

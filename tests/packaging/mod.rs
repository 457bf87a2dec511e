//! What packages hold beside the program, and how they are made: completions, manual pages, `--version`.

mod completions;
mod man;
mod version;

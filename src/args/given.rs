//! Which options a command line gave, and which were left to their defaults.

use clap::parser::ValueSource;
use clap::{ArgMatches, Id};

/// The ids of the options that were given, which are those of fields.
pub(super) fn given_ids(given: &ArgMatches) -> impl Iterator<Item = &Id> {
    let was_given = |id: &Id| given.value_source(id.as_str()) == Some(ValueSource::CommandLine);
    // Clap counts the structs that options are in, too.
    let is_group = |id: &Id| id.as_str().ends_with("Args") || id.as_str().ends_with("Command");
    given.ids().filter(move |id| was_given(id) && !is_group(id))
}

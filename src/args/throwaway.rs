//! Options that start servers for a run.

use std::path::PathBuf;

use clap::Args;

use crate::results::Options;
use crate::server::ServerOptions;
use crate::target::{Layout, Spawn, Throwaway};

/// Servers that the run brings along.
#[derive(Args)]
#[command(next_help_heading = "Server")]
pub struct ThrowawayArgs {
    /// Fill a small server inside this process, a cluster of N masters or `standalone`: nothing needs
    /// to be installed
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "3")]
    #[arg(conflicts_with = "spawn")]
    embedded: Option<Layout>,
    /// Have the embedded servers parse and count what they are sent, and keep nothing: how much this
    /// machine can send at all
    #[arg(long, requires = "embedded", conflicts_with = "spawn")]
    discard: bool,
    /// Start real servers for this run, a cluster of N masters or `standalone`, and stop them afterwards
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "3")]
    spawn: Option<Layout>,
    /// The server that --spawn starts [default: valkey-server, else redis-server]
    #[arg(long, value_name = "FILE", requires = "spawn")]
    server_binary: Option<PathBuf>,
}

impl ThrowawayArgs {
    /// What to start, if anything.
    pub fn throwaway(&self) -> Option<Throwaway> {
        if let Some(layout) = &self.embedded {
            let masters = layout.is_cluster().then(|| layout.masters() as u16);
            let options = ServerOptions { masters, discard: self.discard, ..ServerOptions::default() };
            return Some(Throwaway::Embed(options));
        }
        let spawn = |layout| Spawn { server_binary: self.server_binary.clone(), ..Spawn::new(layout) };
        self.spawn.clone().map(spawn).map(Throwaway::Spawn)
    }

    /// The option that brings servers along, if one was given.
    pub fn option(&self) -> Option<&'static str> {
        let embedded = self.embedded.as_ref().map(|_| "--embedded");
        embedded.or(self.spawn.as_ref().map(|_| "--spawn"))
    }

    /// Writes down what was asked.
    pub fn describe(&self, asked: &mut Options) {
        asked.spawn = self.spawn.as_ref().map(ToString::to_string);
        asked.discard = self.discard;
        asked.embedded = self.embedded.as_ref().map(ToString::to_string);
        asked.server_binary = self.server_binary.as_ref().map(|path| path.display().to_string());
    }
}

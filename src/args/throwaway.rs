//! Options that start servers for a run.

use std::path::PathBuf;

use clap::Args;

use super::{ConnectionArgs, UsageError};
use crate::results::Options;
use crate::server::ServerOptions;
use crate::target::{Layout, LayoutError, Site, Spawn, Throwaway};

/// Servers that the run brings along.
#[derive(Args, Clone, Debug)]
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
    /// What --spawn starts [default: valkey-server, else redis-server]
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

    /// What an earlier run was asked.
    ///
    /// # Errors
    /// [`UsageError`] if its record holds what no command line could have said.
    pub fn as_in(past: &Options) -> Result<Self, UsageError> {
        let layout = |text: &Option<String>| text.as_deref().map(str::parse::<Layout>).transpose();
        let wrong = |error: LayoutError| UsageError::new(error.to_string());
        Ok(Self {
            embedded: layout(&past.embedded).map_err(wrong)?,
            discard: past.discard,
            spawn: layout(&past.spawn).map_err(wrong)?,
            server_binary: past.server_binary.as_ref().map(PathBuf::from),
        })
    }

    /// The option that brings servers along, if one was given.
    pub fn option(&self) -> Option<&'static str> {
        let embedded = self.embedded.as_ref().map(|_| "--embedded");
        embedded.or(self.spawn.as_ref().map(|_| "--spawn"))
    }

    /// Where to send what is sent: to a server that is named, unless these bring some along.
    ///
    /// # Errors
    /// [`UsageError`] if both are asked for, or the server is not well named.
    pub fn site(&self, connection: &ConnectionArgs) -> Result<Site, UsageError> {
        let Some(option) = self.option() else { return connection.site() };
        if connection.names_a_server() {
            return Err(UsageError::new(format!(
                "{option} starts servers of its own: leave out host, port, socket, URI, password and TLS"
            )));
        }
        let mut site = connection.site()?;
        // One in the environment is meant for other servers.
        site.connector.credentials = None;
        Ok(site)
    }

    /// Writes down what was asked, after what the connection was.
    pub fn describe(&self, asked: &mut Options) {
        if self.option().is_some() {
            asked.address.clear();
        }
        asked.spawn = self.spawn.as_ref().map(ToString::to_string);
        asked.discard = self.discard;
        asked.embedded = self.embedded.as_ref().map(ToString::to_string);
        asked.server_binary = self.server_binary.as_ref().map(|path| path.display().to_string());
    }
}

//! Servers that are started for one run and gone after it, whatever they are.

use crate::net::Address;
use crate::server::{Server, ServerOptions, StartError};

use super::{Spawn, SpawnError, Spawned};

/// Servers to start for a run.
#[derive(Clone, Debug)]
pub enum Throwaway {
    /// Real ones.
    Spawn(Spawn),
    /// Those that live in this process.
    Embed(ServerOptions),
}

/// Why they could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ThrowawayError {
    /// Real ones.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// Our own.
    #[error(transparent)]
    Embed(#[from] StartError),
}

/// Servers that run until this is dropped.
#[derive(Debug)]
pub enum Started {
    /// Real ones.
    Spawned(Spawned),
    /// Those that live in this process.
    Embedded(Server),
}

impl Throwaway {
    /// Starts them, and waits until they are ready.
    ///
    /// # Errors
    /// [`ThrowawayError`] if they do not come up.
    pub async fn start(&self) -> Result<Started, ThrowawayError> {
        Ok(match self {
            Self::Spawn(spawn) => Started::Spawned(spawn.start().await?),
            Self::Embed(options) => Started::Embedded(Server::start(options)?),
        })
    }
}

impl ThrowawayError {
    /// What to do about it, where that is known.
    pub fn cure(&self) -> Option<String> {
        match self {
            Self::Spawn(error) => error.cure(),
            Self::Embed(error) => error.cure(),
        }
    }
}

impl Started {
    /// One of them: from it, the others are found.
    pub fn seed(&self) -> Address {
        match self {
            Self::Spawned(spawned) => spawned.seed(),
            Self::Embedded(server) => server.addresses()[0].into(),
        }
    }

    /// What a record calls them.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Spawned(_) => "spawned",
            Self::Embedded(_) => "embedded",
        }
    }
}

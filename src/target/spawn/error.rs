//! Why throwaway servers could not be had.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::LayoutError;
use crate::net::{NetError, plain};

/// Why throwaway servers could not be started, or handled once they were. Its text is the cause;
/// [`SpawnError::cure`] says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The cluster asked for cannot be.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// There is nothing to start.
    #[error("neither valkey-server nor redis-server is on PATH")]
    NoServer,
    /// What was named is no program.
    #[error("`{0}` is not a program that can be run")]
    NoProgram(PathBuf),
    /// The operating system did not start it.
    #[error("`{binary}` could not be started: {}", plain(source))]
    NotStarted {
        /// What was to be started.
        binary: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It started, and ended before it answered.
    #[error("`{binary}` ended ({status}) before it answered; its last words:\n{log}")]
    Ended {
        /// What was started.
        binary: PathBuf,
        /// How it ended.
        status: String,
        /// The end of its output.
        log: String,
    },
    /// Where the servers keep their logs could not be made.
    #[error("no directory for the servers' logs could be made: {}", plain(.0))]
    Directory(io::Error),
    /// No ports could be had.
    #[error("no free ports on 127.0.0.1 were found in {attempts} attempts: {reason}")]
    NoPorts {
        /// How often it was tried.
        attempts: usize,
        /// What the last attempt met.
        reason: String,
    },
    /// A server refused what sets it up, or did not answer.
    #[error("{error}; the server's log ends:\n{log}")]
    SetUp {
        /// What went wrong.
        error: Box<NetError>,
        /// The end of its log.
        log: String,
    },
    /// A server was not ready in time.
    #[error("the server at {address} was not ready after {timeout:?}: {missing}; its log ends:\n{log}")]
    TimedOut {
        /// The server.
        address: SocketAddr,
        /// How long all servers together were given.
        timeout: Duration,
        /// What was still to come.
        missing: String,
        /// The end of its log.
        log: String,
    },
    /// A signal could not be sent.
    #[error("SIG{signal} could not be sent to process {pid}: {reason}")]
    Signal {
        /// The signal's name.
        signal: &'static str,
        /// To which process.
        pid: u32,
        /// Why not.
        reason: String,
    },
}

impl SpawnError {
    /// What to do about it, where something can be done.
    pub fn cure(&self) -> Option<String> {
        let cure = match self {
            Self::NoServer => "install one of them, or name a server with --server-binary",
            Self::NoProgram(_) | Self::NotStarted { .. } => {
                "give --server-binary a redis-server or a valkey-server"
            }
            Self::Ended { .. } => "is it a redis-server or a valkey-server? name one with --server-binary",
            Self::Directory(_) => "set TMPDIR to a folder that can be written",
            Self::TimedOut { .. } => "is this machine busy? ask for fewer masters, or try again",
            Self::SetUp { error, .. } => return error.cure(),
            Self::Layout(_) | Self::NoPorts { .. } | Self::Signal { .. } => return None,
        };
        Some(cure.into())
    }
}

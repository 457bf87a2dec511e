//! What can go wrong between here and a server: what happened, to whom, and the cure apart.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use humantime::format_duration;
use tokio_rustls::rustls;

use super::refusal::{self, Refusal};
use super::{Address, TlsProblem};
use crate::resp::{Malformed, Value};

/// Why there is no connection, or no answer. Its text is the cause; [`NetError::cure`] says what to
/// do about it. Neither ever holds a password.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The name service knows no such host.
    #[error("no address is known for host `{host}`: {}", plain(cause))]
    UnknownHost {
        /// The name.
        host: String,
        /// What the name service said.
        cause: io::Error,
    },
    /// The operating system could not connect.
    #[error("no connection to {address}: {}", plain(cause))]
    Unreachable {
        /// Who was called.
        address: Address,
        /// Why not.
        cause: io::Error,
    },
    /// The time for connecting was over.
    #[error("no connection to {address} within {}: {stage}", format_duration(*after))]
    Late {
        /// Who was called.
        address: Address,
        /// What it was waiting for.
        stage: &'static str,
        /// The time that was given.
        after: Duration,
    },
    /// The server hung up on the first command.
    #[error("{address} closed the connection before it answered")]
    ClosedEarly {
        /// Who was called.
        address: Address,
        /// Whether the connection was encrypted.
        tls: bool,
    },
    /// The server speaks TLS and was not spoken to in it.
    #[error("{address} speaks TLS, and was called without it")]
    WantsTls {
        /// Who was called.
        address: Address,
    },
    /// No encrypted connection.
    #[error("no TLS with {address}: {problem}")]
    Tls {
        /// Who was called.
        address: Address,
        /// Why not.
        problem: TlsProblem,
    },
    /// A file of certificates or keys is of no use.
    #[error("cannot use {}: {problem}", path.display())]
    TlsFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The system trusts nobody.
    #[error("this system has no trusted certificates: {0}")]
    NoTrustedRoots(String),
    /// Not a name that a certificate can have.
    #[error("`{0}` is no name that a certificate can have")]
    ServerName(String),
    /// What answered is no Redis or Valkey.
    #[error("{address} answered {answer}, as no Redis or Valkey server does")]
    NotRedis {
        /// Who was called.
        address: Address,
        /// Its first bytes, escaped.
        answer: String,
    },
    /// The server answered with an error.
    #[error("{address} refused {command}: {message}")]
    Refused {
        /// Who was asked.
        address: Address,
        /// The command, without its arguments.
        command: String,
        /// The server's own words.
        message: String,
    },
    /// An open connection ended.
    #[error("{address} hung up during {during}: {}", plain(cause))]
    Lost {
        /// Who was asked.
        address: Address,
        /// What was asked.
        during: String,
        /// How it ended.
        cause: io::Error,
    },
    /// No answer, and no progress, for too long.
    #[error("{address} was silent for {} during {during}", format_duration(*after))]
    Silent {
        /// Who was asked.
        address: Address,
        /// What was asked.
        during: String,
        /// How long nothing came.
        after: Duration,
    },
    /// Bytes came that are no reply, or more of them than were asked for.
    #[error("{address} answered {during} with what is no reply: {malformed}")]
    Garbled {
        /// Who was asked.
        address: Address,
        /// What was asked.
        during: String,
        /// The bytes.
        malformed: Malformed,
    },
    /// An earlier answer may still be on its way, so none that comes can be trusted.
    #[error("the connection to {address} was given up in the middle of an earlier command")]
    Abandoned {
        /// Who was asked.
        address: Address,
    },
}

impl NetError {
    /// An error reply to `command`.
    pub(super) fn refused(address: &Address, command: String, message: &str) -> Self {
        Self::Refused { address: address.clone(), command, message: refusal::shown(message) }
    }

    /// A reply that `command` does not give: an error, or a value of another kind.
    pub fn unexpected(address: &Address, command: &str, reply: &Value) -> Self {
        let message = reply.as_error().map_or_else(|| format!("{reply:?}"), str::to_owned);
        Self::refused(address, command.into(), &message)
    }

    /// An open connection failed: TLS has more to say about that than the operating system.
    pub(super) fn lost(address: &Address, during: &str, cause: io::Error) -> Self {
        let address = address.clone();
        match cause.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(error) => Self::Tls { address, problem: TlsProblem::from(error) },
            None => Self::Lost { address, during: during.into(), cause },
        }
    }

    /// What to do about it, where something can be done.
    pub fn cure(&self) -> Option<String> {
        let cure = match self {
            Self::UnknownHost { .. } => "check the name, or give the address",
            Self::Unreachable { address, cause } => unreachable_cure(address, cause)?,
            Self::Late { stage: TLS_HANDSHAKE, .. } => "does it speak TLS? if not, leave out --tls",
            Self::Late { .. } => {
                "check host and port, and firewalls between; or give it time: --connect-timeout"
            }
            Self::ClosedEarly { tls: false, address: Address::Tcp { .. } } => "does it want TLS? try --tls",
            Self::ClosedEarly { tls: true, .. } => "does it want a client certificate? give --cert and --key",
            Self::WantsTls { .. } => "give --tls",
            Self::Tls { problem, .. } => problem.cure(),
            Self::NoTrustedRoots(_) => {
                "name the authority that signed the server's certificate: --cacert FILE"
            }
            Self::ServerName(_) => "give the name in the server's certificate: --sni NAME",
            Self::NotRedis { .. } => "check host and port",
            Self::Refused { command, message, .. } => Refusal::cure(command, message)?,
            Self::Silent { .. } => "is the server stopped, or busy with a slow command?",
            Self::Lost { .. } => {
                "see the server's log: a restart, CLIENT KILL or a memory limit ends connections"
            }
            Self::TlsFile { .. }
            | Self::ClosedEarly { .. }
            | Self::Garbled { .. }
            | Self::Abandoned { .. } => {
                return None;
            }
        };
        Some(cure.into())
    }

    /// Whether nobody answered, or not to the end: it may be different a moment later.
    pub fn is_unreached(&self) -> bool {
        let is_loading = self.is_refusal_of("LOADING");
        is_loading
            || matches!(
                self,
                Self::UnknownHost { .. }
                    | Self::Unreachable { .. }
                    | Self::Late { .. }
                    | Self::ClosedEarly { .. }
                    | Self::Lost { .. }
                    | Self::Silent { .. }
            )
    }

    /// Whether this is an error reply that stays until somebody changes something.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused { message, .. } if Refusal::of(message) == Refusal::Final)
    }

    /// Whether this is an error reply whose first word is `code`, like `NOPERM`.
    pub fn is_refusal_of(&self, code: &str) -> bool {
        matches!(self, Self::Refused { message, .. } if refusal::code(message) == code)
    }
}

/// The stage in which a server without TLS may keep silent.
pub(super) const TLS_HANDSHAKE: &str = "the TLS handshake did not end";

fn unreachable_cure(address: &Address, cause: &io::Error) -> Option<&'static str> {
    let cure = match (address, cause.kind()) {
        (Address::Tcp { .. }, io::ErrorKind::ConnectionRefused) => {
            "is a server running there? check host and port"
        }
        (Address::Unix(_), io::ErrorKind::ConnectionRefused) => "no server listens on this socket: start it",
        (Address::Unix(_), io::ErrorKind::NotFound) => "check the path, and the server's `unixsocket`",
        (Address::Unix(_), io::ErrorKind::PermissionDenied) => {
            "this user may not open the socket: see its mode, its folders' and the server's `unixsocketperm`"
        }
        (Address::Tcp { .. }, _) => "check host and port, and firewalls between",
        _ => return None,
    };
    Some(cure)
}

/// An operating system's error in plain words, without its number.
pub fn plain(error: &impl Display) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

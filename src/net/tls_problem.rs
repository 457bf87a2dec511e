//! Why there is no encrypted connection, told apart by what would do about it.

use std::io;

use tokio_rustls::rustls;

use super::error::plain;

use rustls::{AlertDescription, CertificateError, Error};

/// What stood in the way of TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsProblem {
    /// What answered does not speak it.
    #[error("what it answered is not TLS")]
    NotSpoken,
    /// The connection ended.
    #[error("it closed the connection during the handshake: {}", plain(.0))]
    Closed(io::Error),
    /// Nobody trusted vouches for the server.
    #[error("its certificate is signed by nobody who is trusted")]
    Untrusted,
    /// The certificate is somebody else's.
    #[error("its certificate is for another name{0}")]
    WrongName(String),
    /// The certificate's time is over, or has not come.
    #[error("its certificate {0}")]
    OutOfDate(String),
    /// The certificate signs others, and is used as a server's own: what `openssl req -x509` makes.
    #[error("its certificate is that of an authority, not of a server")]
    Authority,
    /// The certificate is of no use for another reason.
    #[error("its certificate is not valid: {0}")]
    Certificate(String),
    /// The server wants to know who we are.
    #[error("it wants a client certificate")]
    WantsCertificate,
    /// The server does not accept who we are.
    #[error("it does not accept the client certificate: {0}")]
    Unwelcome(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl From<&Error> for TlsProblem {
    fn from(error: &Error) -> Self {
        match error {
            Error::InvalidMessage(_) => Self::NotSpoken,
            Error::InvalidCertificate(problem) => Self::from(problem),
            Error::AlertReceived(alert) => Self::from(*alert),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<&CertificateError> for TlsProblem {
    fn from(error: &CertificateError) -> Self {
        match error {
            // A bad signature is that of an authority made anew under its old name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::Untrusted,
            CertificateError::NotValidForName => Self::WrongName(String::new()),
            CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
                Self::WrongName("; it has none that counts (a subjectAltName)".into())
            }
            CertificateError::NotValidForNameContext { presented, .. } => {
                let names: Vec<_> = presented.iter().map(|name| bare(name)).collect();
                Self::WrongName(format!(": {}", names.join(", ")))
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Self::OutOfDate("has expired".into())
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::OutOfDate("is not valid yet".into())
            }
            // What is in there is an error of webpki, which rustls does not name.
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                Self::Authority
            }
            other => Self::Certificate(other.to_string()),
        }
    }
}

/// A name without its kind: rustls shows `DnsName("a")` and `IpAddress(::1)`.
fn bare(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"')
}

impl From<AlertDescription> for TlsProblem {
    fn from(alert: AlertDescription) -> Self {
        let said = format!("{alert:?}");
        match alert {
            AlertDescription::CertificateRequired => Self::WantsCertificate,
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied => Self::Unwelcome(said),
            _ => Self::Other(format!("it ended the handshake: {said}")),
        }
    }
}

impl TlsProblem {
    /// What to do about it.
    pub fn cure(&self) -> &'static str {
        match self {
            Self::NotSpoken | Self::Closed(_) => "does it speak TLS on this port? if not, leave out --tls",
            Self::Untrusted => {
                "name the authority that signed it: --cacert FILE; or trust anyone: --insecure"
            }
            Self::WrongName(_) => "give a name that it is for: --sni NAME; or trust anyone: --insecure",
            Self::OutOfDate(_) => "renew it, check this machine's clock, or trust anyone: --insecure",
            Self::Authority => {
                "give the server one that an authority signed (CA:FALSE), or trust anyone: --insecure"
            }
            Self::Certificate(_) => "have the server given a valid one, or trust anyone: --insecure",
            Self::WantsCertificate => "give one that the server trusts: --cert FILE --key FILE",
            Self::Unwelcome(_) => "give --cert and --key signed by an authority that the server trusts",
            Self::Other(_) => {
                "a server that wants a client certificate may say no more: try --cert and --key"
            }
        }
    }
}

//! How connections are opened: dialled, encrypted, and greeted, all within one deadline.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::{Instant, timeout_at};
use tracing::debug;

use super::error::TLS_HANDSHAKE;
use super::{Address, Connection, Credentials, NetError, Stream, Tls, handshake};

/// An idle connection is probed after this long, so that a vanished server is noticed.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(30);

/// Everything that a new connection needs to know but its address. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connector {
    /// Who asks; nobody in particular where this is `None`.
    pub credentials: Option<Credentials>,
    /// Encryption of TCP connections; plain bytes where this is `None`, and over Unix sockets.
    pub tls: Option<Tls>,
    /// Database number.
    pub database: u32,
    /// Time for a connection to be dialled, encrypted and greeted.
    pub connect_timeout: Duration,
    /// How long a server may be silent while a reply is awaited.
    pub reply_timeout: Duration,
}

impl Default for Connector {
    /// Plain, for nobody in particular, database 0; 5 s to connect and 30 s to reply.
    fn default() -> Self {
        Self {
            credentials: None,
            tls: None,
            database: 0,
            connect_timeout: Duration::from_secs(5),
            reply_timeout: Duration::from_secs(30),
        }
    }
}

impl Connector {
    /// Opens a connection whose server has answered a command.
    ///
    /// # Errors
    /// [`NetError`] says which of the many ways this can fail it was, and what would do.
    pub async fn open(&self, address: &Address) -> Result<Connection, NetError> {
        let began = Instant::now();
        let opened = self.dial_and_greet(address).await;
        let ms = began.elapsed().as_millis() as u64;
        match &opened {
            Ok(_) => debug!(%address, ms, "connected"),
            Err(error) => debug!(%address, ms, %error, "not connected"),
        }
        opened
    }

    async fn dial_and_greet(&self, address: &Address) -> Result<Connection, NetError> {
        let deadline = Instant::now() + self.connect_timeout;
        let late = |stage| NetError::Late { address: address.clone(), stage, after: self.connect_timeout };
        let stream = match address {
            Address::Unix(path) => {
                let dialled = timeout_at(deadline, UnixStream::connect(path)).await;
                let dialled = dialled.map_err(|_| late("it was not taken"))?;
                let stream =
                    dialled.map_err(|cause| NetError::Unreachable { address: address.clone(), cause })?;
                Stream::Unix(stream)
            }
            Address::Tcp { host, port } => {
                let stream =
                    dial(address, host, *port, deadline).await?.ok_or_else(|| late("it was not taken"))?;
                match &self.tls {
                    None => Stream::Tcp(stream),
                    Some(tls) => {
                        let encrypted = timeout_at(deadline, tls.connect(address, host, stream)).await;
                        let stream = encrypted.map_err(|_| late(TLS_HANDSHAKE))??;
                        Stream::Tls(Box::new(stream))
                    }
                }
            }
        };
        let encrypted = matches!(stream, Stream::Tls(_));
        // The deadline of the whole is the only one that a greeting has.
        let mut connection = Connection::new(address.clone(), stream, Duration::MAX);
        let greeted = handshake::greet(&mut connection, self.credentials.as_ref(), self.database, encrypted);
        timeout_at(deadline, greeted).await.map_err(|_| late("the first answer did not come"))??;
        connection.set_reply_timeout(self.reply_timeout);
        Ok(connection)
    }
}

/// Tries every address of a host in turn, each with its part of the time that is left. `None` when
/// the time is over.
async fn dial(
    address: &Address,
    host: &str,
    port: u16,
    deadline: Instant,
) -> Result<Option<TcpStream>, NetError> {
    let unknown = |cause| NetError::UnknownHost { host: host.into(), cause };
    let Ok(found) = timeout_at(deadline, lookup_host((host, port))).await else {
        return Ok(None);
    };
    let found: Vec<SocketAddr> = found.map_err(unknown)?.collect();
    let mut failure = None;
    for (place, socket_address) in found.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(found.len() - place).unwrap_or(u32::MAX);
        match timeout_at(Instant::now() + share, TcpStream::connect(socket_address)).await {
            Ok(Ok(stream)) => {
                prepare(&stream)
                    .map_err(|cause| NetError::Unreachable { address: address.clone(), cause })?;
                return Ok(Some(stream));
            }
            Ok(Err(cause)) => failure = Some(cause),
            Err(_) => {}
        }
    }
    match failure {
        Some(cause) => Err(NetError::Unreachable { address: address.clone(), cause }),
        None if found.is_empty() => Err(unknown(io::ErrorKind::NotFound.into())),
        None => Ok(None),
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE_AFTER))
}

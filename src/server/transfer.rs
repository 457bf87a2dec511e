//! The connection over which MIGRATE sends keys to another server. It holds up the node's thread, as in
//! Redis: until the other has answered, nobody may write what is on its way. Every wait ends at a
//! deadline. It knows nothing of slots.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use bytes::BytesMut;

use crate::resp::{Decoder, Value};

/// How long a connection without use is used again: Redis closes it then.
const KEPT: Duration = Duration::from_secs(10);
/// Bytes read at a time: answers are short.
const READ_BYTES: usize = 4 << 10;

/// A connection to another server.
pub(crate) struct Transfer {
    pub(crate) address: SocketAddr,
    stream: TcpStream,
    input: BytesMut,
    used: Instant,
}

/// Where a server is, by its name or address.
pub(crate) fn resolve(host: &str, port: &str) -> io::Result<SocketAddr> {
    let port = port.parse().map_err(|_| ErrorKind::InvalidInput)?;
    let mut addresses = (host, port).to_socket_addrs()?;
    addresses.next().ok_or_else(|| ErrorKind::NotFound.into())
}

impl Transfer {
    pub(crate) fn connect(address: SocketAddr, deadline: Instant) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, left(deadline)?)?;
        stream.set_nodelay(true)?;
        Ok(Self { address, stream, input: BytesMut::new(), used: Instant::now() })
    }

    /// Whether it leads there and is fresh enough to be used again.
    pub(crate) fn serves(&self, address: SocketAddr) -> bool {
        self.address == address && self.used.elapsed() < KEPT
    }

    pub(crate) fn send(&mut self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            self.stream.set_write_timeout(Some(left(deadline)?))?;
            match self.stream.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(sent) => bytes = &bytes[sent..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The next answer.
    pub(crate) fn answer(&mut self, deadline: Instant) -> io::Result<Value> {
        let mut decoder = Decoder::default();
        loop {
            if let Some(value) = decoder.decode(&mut self.input).map_err(io::Error::other)? {
                self.used = Instant::now();
                return Ok(value);
            }
            self.stream.set_read_timeout(Some(left(deadline)?))?;
            let mut part = [0; READ_BYTES];
            match self.stream.read(&mut part) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.input.extend_from_slice(&part[..read]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

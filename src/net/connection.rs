//! An open connection: commands out, replies in, never without a deadline.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::time::timeout;

use super::refusal::command_name;
use super::{Address, NetError, Stream};
use crate::resp::{Decoder, Leaf, Leaves, Malformed, Value, encode_command};

/// Bytes that are made room for before each read.
const READ_BYTES: usize = 64 << 10;

/// A connection whose server has answered.
#[derive(Debug)]
pub struct Connection {
    address: Address,
    stream: Stream,
    input: BytesMut,
    decoder: Decoder,
    reply_timeout: Duration,
    /// Whether replies are owed: set while they are awaited, and for good where that was given up.
    owed: bool,
}

impl Connection {
    pub(super) fn new(address: Address, stream: Stream, reply_timeout: Duration) -> Self {
        let (input, decoder) = (BytesMut::new(), Decoder::default());
        Self { address, stream, input, decoder, reply_timeout, owed: false }
    }

    /// Who is at the other end, as it was called.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Sets how long the server may be silent while a reply is awaited.
    pub fn set_reply_timeout(&mut self, reply_timeout: Duration) {
        self.reply_timeout = reply_timeout;
    }

    /// Bytes that the kernel holds for sending, as it says itself.
    pub fn send_buffer_size(&self) -> Option<usize> {
        self.stream.send_buffer_size()
    }

    /// The addresses of this machine and of the other, as the route between them has it; `None` without a network
    /// between.
    pub fn ends(&self) -> Option<(IpAddr, IpAddr)> {
        self.stream.ends()
    }

    /// The connection's bytes. Nothing is lost: after every command that succeeded, nothing that came
    /// is left unread.
    pub fn into_stream(self) -> Stream {
        self.stream
    }

    /// Sends one command and takes its reply.
    ///
    /// # Errors
    /// [`NetError::Refused`] if the reply is an error; else as [`Connection::call_raw`].
    pub async fn call(&mut self, args: &[&[u8]]) -> Result<Value, NetError> {
        match self.call_raw(args).await? {
            Value::Error(message) => Err(NetError::refused(&self.address, command_name(args), &message)),
            value => Ok(value),
        }
    }

    /// Sends one command and takes its reply, an error reply as a value like any other.
    ///
    /// # Errors
    /// [`NetError`] if the connection is lost or silent, or if what comes is no reply.
    pub async fn call_raw(&mut self, args: &[&[u8]]) -> Result<Value, NetError> {
        let mut wire = Vec::new();
        encode_command(&mut wire, args);
        let mut reply = None;
        let outcome =
            self.exchange(&wire, 1, &command_name(args), values(|_, value| reply = Some(value))).await;
        // A server that turns a client away says why, and hangs up: its words count for more.
        match (reply, outcome) {
            (Some(reply), Ok(()) | Err(NetError::Lost { .. })) => Ok(reply),
            (_, Err(error)) => Err(error),
            (None, Ok(())) => Err(NetError::Abandoned { address: self.address.clone() }),
        }
    }

    /// Sends encoded commands, takes `replies` replies, and gives each to `each` with its place, error
    /// replies as values. It writes and reads at once, so no size of either can block the other. The
    /// reply time-out counts from the last byte that went or came.
    ///
    /// # Errors
    /// As [`Connection::call_raw`].
    pub async fn pipeline(
        &mut self,
        wire: &[u8],
        replies: usize,
        each: impl FnMut(usize, Value),
    ) -> Result<(), NetError> {
        self.exchange(wire, replies, "a pipeline", values(each)).await
    }

    /// As [`Connection::pipeline`], for replies that are strings, numbers or arrays of those: each of their
    /// leaves is given to `each` where it lies, with the place of its reply.
    ///
    /// # Errors
    /// As [`Connection::call_raw`].
    pub async fn pipeline_of_leaves(
        &mut self,
        wire: &[u8],
        replies: usize,
        mut each: impl FnMut(usize, Leaf<'_>),
    ) -> Result<(), NetError> {
        let mut leaves = Leaves::default();
        self.exchange(wire, replies, "a pipeline", |place, _, input| {
            leaves.take(input, |leaf| each(place, leaf))
        })
        .await
    }

    async fn exchange(
        &mut self,
        wire: &[u8],
        replies: usize,
        during: &str,
        mut take: impl FnMut(usize, &mut Decoder, &mut BytesMut) -> Result<bool, Malformed>,
    ) -> Result<(), NetError> {
        let Self { address, stream, input, decoder, reply_timeout, owed } = self;
        if std::mem::replace(owed, true) {
            return Err(NetError::Abandoned { address: address.clone() });
        }
        let lost = |cause| NetError::lost(address, during, cause);
        let garbled =
            |malformed| NetError::Garbled { address: address.clone(), during: during.into(), malformed };
        let (mut reader, mut writer) = split(stream);
        let mut unsent = wire;
        let mut sending = true;
        let mut failed_send = None;
        let mut taken = 0;
        while taken < replies || sending {
            input.reserve(READ_BYTES);
            let progress = async {
                tokio::select! {
                    sent = send(&mut writer, unsent), if sending => Progress::Sent(sent),
                    read = reader.read_buf(input) => Progress::Read(read),
                }
            };
            match timeout(*reply_timeout, progress).await {
                Ok(Progress::Sent(Ok(0))) => sending = false,
                Ok(Progress::Sent(Ok(bytes))) => unsent = &unsent[bytes..],
                // What the server said before it hung up may still be read.
                Ok(Progress::Sent(Err(cause))) => (sending, failed_send) = (false, Some(cause)),
                Ok(Progress::Read(Ok(0))) => return Err(lost(failed_send.unwrap_or_else(end_of_stream))),
                Ok(Progress::Read(Err(cause))) => return Err(lost(cause)),
                Ok(Progress::Read(Ok(_))) => {
                    while taken < replies && take(taken, decoder, input).map_err(garbled)? {
                        taken += 1;
                    }
                }
                Err(_) => {
                    let (address, during, after) = (address.clone(), during.into(), *reply_timeout);
                    return Err(NetError::Silent { address, during, after });
                }
            }
        }
        if let Some(cause) = failed_send {
            return Err(lost(cause));
        }
        if !input.is_empty() {
            return Err(garbled(Malformed::new("more than was asked for", input)));
        }
        *owed = false;
        Ok(())
    }
}

/// Takes replies as values, each with its place.
fn values(
    mut each: impl FnMut(usize, Value),
) -> impl FnMut(usize, &mut Decoder, &mut BytesMut) -> Result<bool, Malformed> {
    move |place, decoder, input| {
        let value = decoder.decode(input)?;
        Ok(value.map(|value| each(place, value)).is_some())
    }
}

/// What happened first of what was waited for.
enum Progress {
    Sent(io::Result<usize>),
    Read(io::Result<usize>),
}

/// Sends some of `unsent` and says how much; where there is none, flushes, and says zero.
async fn send(writer: &mut (impl AsyncWrite + Unpin), unsent: &[u8]) -> io::Result<usize> {
    if unsent.is_empty() {
        writer.flush().await?;
        return Ok(0);
    }
    match writer.write(unsent).await? {
        0 => Err(io::ErrorKind::WriteZero.into()),
        bytes => Ok(bytes),
    }
}

fn end_of_stream() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "end of stream")
}

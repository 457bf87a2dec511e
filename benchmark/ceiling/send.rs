//! Copies the streams into the sockets, all masters from one thread, and takes the time. Knows
//! nothing of what is in them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, yield_now};

/// Bytes given to a socket before the next master has its turn.
const CHUNK: usize = 64 * 1024;

const OFF: &[u8] = b"*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$3\r\nOFF\r\n";
const ON: &[u8] = b"*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$2\r\nON\r\n";

/// What sending took.
pub(crate) struct Sent {
    /// From the first byte until the last master's answer.
    pub(crate) elapsed: Duration,
    /// Processor time of this program in it, where the kernel tells.
    pub(crate) cpu: Option<Duration>,
    /// Bytes of all streams.
    pub(crate) bytes: u64,
}

/// Sends each stream to its master.
pub(crate) fn send(streams: Vec<(SocketAddr, Vec<u8>)>, timeout: Duration) -> Result<Sent> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::time::timeout(timeout, send_all(streams))
            .await
            .with_context(|| format!("not done after {} s: see --timeout", timeout.as_secs()))?
    })
}

async fn send_all(streams: Vec<(SocketAddr, Vec<u8>)>) -> Result<Sent> {
    let bytes = streams.iter().map(|(_, stream)| stream.len() as u64).sum();
    // Shared, so that no stream is given back to the system while the clock runs.
    let streams: Vec<_> = streams.into_iter().map(|(address, stream)| (address, Arc::new(stream))).collect();
    let mut connections = Vec::new();
    for (address, _) in &streams {
        let mut connection = TcpStream::connect(address).await?;
        connection.set_nodelay(true)?;
        connection.write_all(OFF).await?;
        connections.push(connection);
    }
    let cpu_before = crate::cpu_time();
    let started = Instant::now();
    let mut sending = JoinSet::new();
    for (connection, (address, stream)) in connections.into_iter().zip(&streams) {
        let (address, stream) = (*address, Arc::clone(stream));
        sending
            .spawn(async move { send_one(connection, &stream).await.with_context(|| address.to_string()) });
    }
    while let Some(sent) = sending.join_next().await {
        sent??;
    }
    let elapsed = started.elapsed();
    let cpu = crate::cpu_time().zip(cpu_before).map(|(after, before)| after.saturating_sub(before));
    Ok(Sent { elapsed, cpu, bytes })
}

async fn send_one(mut connection: TcpStream, stream: &[u8]) -> Result<()> {
    for chunk in stream.chunks(CHUNK) {
        connection.write_all(chunk).await?;
        yield_now().await;
    }
    connection.write_all(ON).await?;
    let mut answer = [0; 5];
    connection.read_exact(&mut answer).await?;
    ensure!(&answer == b"+OK\r\n", "answered {}", String::from_utf8_lossy(&answer));
    Ok(())
}

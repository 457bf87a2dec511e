//! A slow link: a door in this process that lets so many bytes a second pass to a server, over all connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Bytes that pass at a time.
const PIECE: usize = 16 << 10;

/// The link to one server. Dropped, it is gone.
pub(crate) struct Link {
    pub(crate) front: SocketAddr,
    _runtime: Runtime,
}

impl Link {
    pub(crate) fn to(server: SocketAddr, bytes_per_second: f64) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let front = listener.local_addr().unwrap();
        let free_at = Arc::new(Mutex::new(Instant::now()));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(join(stream, server, free_at.clone(), bytes_per_second));
            }
        });
        Self { front, _runtime: runtime }
    }
}

/// Joins a connection with one to the server, until either ends.
async fn join(
    mut front: TcpStream,
    server: SocketAddr,
    free_at: Arc<Mutex<Instant>>,
    bytes_per_second: f64,
) -> io::Result<()> {
    let mut back = TcpStream::connect(server).await?;
    let ((mut from_front, mut to_front), (mut from_back, mut to_back)) = (front.split(), back.split());
    let there = async {
        let mut piece = vec![0; PIECE];
        loop {
            let read = from_front.read(&mut piece).await?;
            if read == 0 {
                return Ok(());
            }
            let until = {
                let mut free_at = free_at.lock().await;
                *free_at =
                    (*free_at).max(Instant::now()) + Duration::from_secs_f64(read as f64 / bytes_per_second);
                *free_at
            };
            sleep_until(until).await;
            to_back.write_all(&piece[..read]).await?;
        }
    };
    let back = async { tokio::io::copy(&mut from_back, &mut to_front).await.map(drop) };
    tokio::select! {
        ended = there => ended,
        ended = back => ended,
    }
}

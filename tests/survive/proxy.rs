//! A network that can be cut: each node is reached through a door in this process, which lets everything
//! pass, or nothing, or slams.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// What a door does at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// All passes.
    Open,
    /// Nothing passes, and nobody is told: what comes later passes later.
    Silent,
    /// What was opened before goes on, and nothing passes through what comes later.
    Deaf,
    /// All connections end, and new ones end at once.
    Shut,
}

/// The doors of all nodes. Dropped, they are gone.
pub(crate) struct Doors {
    doors: Vec<(SocketAddr, SocketAddr, watch::Sender<Gate>)>,
    _runtime: Runtime,
}

impl Doors {
    /// One door before each node.
    pub(crate) fn before(nodes: &[SocketAddr]) -> Self {
        let runtime = Runtime::new().unwrap();
        let open = |&node: &SocketAddr| {
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
            let front = listener.local_addr().unwrap();
            let (gate, watched) = watch::channel(Gate::Open);
            runtime.spawn(serve(listener, node, watched));
            (node, front, gate)
        };
        Self { doors: nodes.iter().map(open).collect(), _runtime: runtime }
    }

    /// Where a node is reached.
    pub(crate) fn front(&self, number: usize) -> SocketAddr {
        self.doors[number].1
    }

    /// The options that lead to the doors.
    pub(crate) fn args(&self) -> String {
        let map = |(node, front, _): &(SocketAddr, SocketAddr, _)| format!("--address-map {node}={front}");
        self.doors.iter().map(map).collect::<Vec<_>>().join(" ")
    }

    /// Sets what the door of a node does.
    pub(crate) fn set(&self, number: usize, gate: Gate) {
        self.doors[number].2.send_replace(gate);
    }
}

async fn serve(listener: TcpListener, node: SocketAddr, gate: watch::Receiver<Gate>) {
    while let Ok((stream, _)) = listener.accept().await {
        match *gate.borrow() {
            Gate::Shut => {}
            Gate::Deaf => drop(tokio::spawn(hold(stream, gate.clone()))),
            Gate::Open | Gate::Silent => drop(tokio::spawn(join(stream, node, gate.clone()))),
        }
    }
}

/// Keeps a connection open that leads nowhere, until the door is open or shut.
async fn hold(_stream: TcpStream, mut gate: watch::Receiver<Gate>) {
    let _ = gate.wait_for(|gate| *gate != Gate::Deaf).await;
}

/// Joins a connection with one to the node, until either ends or the door is shut.
async fn join(front: TcpStream, node: SocketAddr, mut gate: watch::Receiver<Gate>) -> io::Result<()> {
    let back = TcpStream::connect(node).await?;
    let ((from_front, to_front), (from_back, to_back)) = (front.into_split(), back.into_split());
    let there = copy(from_front, to_back, gate.clone());
    let back = copy(from_back, to_front, gate.clone());
    tokio::select! {
        ended = there => ended,
        ended = back => ended,
        _ = gate.wait_for(|gate| *gate == Gate::Shut) => Ok(()),
    }
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut gate: watch::Receiver<Gate>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let is_silent = |gate: &mut watch::Receiver<Gate>| *gate.borrow_and_update() == Gate::Silent;
        if is_silent(&mut gate) {
            gate.changed().await.map_err(io::Error::other)?;
            continue;
        }
        let read = tokio::select! {
            read = from.read(&mut buffer) => read?,
            changed = gate.changed() => { changed.map_err(io::Error::other)?; continue }
        };
        if read == 0 {
            return Ok(());
        }
        // What was read in the moment in which it fell silent waits with the rest.
        gate.wait_for(|gate| *gate != Gate::Silent).await.map_err(io::Error::other)?;
        to.write_all(&buffer[..read]).await?;
    }
}

//! Starting nodes, and having them.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use tokio::sync::watch;
use tracing::info;

use super::ServerOptions;
use super::cluster::{Archive, ArchiveError, Cluster, State};
use super::config::Config;
use super::connection::accept;
use super::fault::{Fault, Faults, MAX_FAULTS, NodeFault};
use super::node::Node;

/// How long nodes may take to end.
const PATIENCE: Duration = Duration::from_secs(2);
/// Ports below are for privileged programs.
const FIRST_OPEN_PORT: u16 = 1024;

/// Why nodes could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No place to listen.
    #[error("failed to listen on {address}: {}", reason(cause))]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The reason.
        cause: io::Error,
    },
    /// No thread, or no runtime in it.
    #[error("failed to start a node's thread: {0}")]
    Thread(io::Error),
    /// A fault of a node that is none.
    #[error("there is no node {node} to have a fault: there are {nodes}")]
    FaultyNode {
        /// The node, counted from 1.
        node: u16,
        /// How many there are.
        nodes: u16,
    },
    /// More faults than a node keeps.
    #[error("a node has {MAX_FAULTS} faults at most")]
    Faults,
    /// What was kept of the nodes cannot be used.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// More ports than there are.
    #[error("there are no {nodes} ports from {port} on")]
    Ports {
        /// Nodes wanted.
        nodes: u16,
        /// The first port.
        port: u16,
    },
}

impl StartError {
    /// What to do about it, where that is known.
    pub fn cure(&self) -> Option<String> {
        match self {
            Self::Listen { address, cause } => match cause.kind() {
                io::ErrorKind::AddrInUse => {
                    Some("end what listens there, or give another --port; 0 has free ones chosen".into())
                }
                io::ErrorKind::PermissionDenied if address.port() < FIRST_OPEN_PORT => {
                    Some(format!("give a --port from {FIRST_OPEN_PORT} on: those below are for root"))
                }
                _ if cause.raw_os_error() == Some(Errno::EMFILE as i32) => {
                    Some("allow more open files (ulimit -n), or start fewer nodes".into())
                }
                io::ErrorKind::AddrNotAvailable => {
                    Some("give an address of this machine to --bind; 0.0.0.0 is all of them".into())
                }
                _ => None,
            },
            Self::Thread(_) => Some("start fewer nodes, or allow more threads (ulimit -u)".into()),
            Self::Ports { .. } => Some("give a lower --port, or fewer masters and replicas".into()),
            Self::FaultyNode { .. } => {
                Some("nodes are counted from 1; without a number all have the fault".into())
            }
            Self::Archive(_) => None,
            Self::Faults => Some("give fewer, or more nodes".into()),
        }
    }
}

/// What the system says, in words: the standard library's, where it has any.
fn reason(cause: &io::Error) -> String {
    let kind = cause.kind();
    if [io::ErrorKind::AddrInUse, io::ErrorKind::AddrNotAvailable, io::ErrorKind::PermissionDenied]
        .contains(&kind)
    {
        return kind.to_string();
    }
    let errno = cause.raw_os_error().map(|code| Errno::from_raw(code).desc().to_lowercase());
    errno.unwrap_or_else(|| cause.to_string())
}

/// Running nodes. Dropping it ends them, and what they keep is gone.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    /// Closed when the last node has ended.
    ended: watch::Receiver<()>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts the nodes. They accept connections when this returns.
    ///
    /// # Errors
    /// [`StartError`] if an address is taken or may not be used, there are no threads to be had, or
    /// what was kept of the nodes cannot be used.
    pub fn start(options: &ServerOptions) -> Result<Self, StartError> {
        let nodes = options.masters.map_or(1, |masters| masters.saturating_mul(1 + options.replicas));
        if let Some(node) = options.faults.iter().filter_map(|fault| fault.node).find(|node| *node > nodes) {
            return Err(StartError::FaultyNode { node, nodes });
        }
        let listeners = (0..nodes).map(|node| listen(options, nodes, node)).collect::<Result<Vec<_>, _>>()?;
        let addresses: Vec<SocketAddr> = listeners.iter().map(|(_, address)| *address).collect();
        let mut random = Xoshiro256PlusPlus::from_seed(seed());
        let cluster = options.masters.map(|_| cluster(options, &addresses, &mut random)).transpose()?;
        let (stop, stopped) = watch::channel(false);
        let (alive, ended) = watch::channel(());
        let alive = Arc::new(alive);
        let mut server = Self { addresses, stop, ended, threads: Vec::new() };
        for (member, (listener, address)) in listeners.into_iter().enumerate() {
            let config = Config {
                requirepass: options.requirepass.clone(),
                users: options.users.clone(),
                maxmemory: options.maxmemory,
                maxmemory_policy: options.maxmemory_policy,
                ..Config::default()
            };
            let (cluster, stopped, alive) = (cluster.clone(), stopped.clone(), alive.clone());
            let (discard, random) = (options.discard, random.clone());
            let faults = faults(options, member)?;
            let (ready, readiness) = sync_channel(1);
            // The runtime is the thread's from the start: it may not be dropped where others wait for us.
            let run = move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let runtime = match runtime {
                    Ok(runtime) => runtime,
                    Err(error) => return drop(ready.send(Err(error))),
                };
                // Whoever started us waits for this.
                let _ = ready.send(Ok(()));
                let mut random = random;
                (0..=member).for_each(|_| random.jump());
                let mut node = Node::new(address, member, cluster, discard, &mut random);
                node.config = config;
                node.faults = faults;
                runtime.block_on(accept(listener, node, stopped));
                drop(alive);
            };
            let thread = Builder::new().name(format!("node-{}", address.port())).spawn(run);
            server.threads.push(thread.map_err(StartError::Thread)?);
            let is_ready = readiness.recv().unwrap_or_else(|gone| Err(io::Error::other(gone)));
            is_ready.map_err(StartError::Thread)?;
            info!(node = %address, "listening");
        }
        Ok(server)
    }

    /// Where the nodes listen, in the order of their slots.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Waits until every node has ended, as SHUTDOWN makes them.
    pub async fn ended(&mut self) {
        // An error is what is waited for: nobody holds the other side any more.
        while self.ended.changed().await.is_ok() {}
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        let start = Instant::now();
        for thread in self.threads.drain(..) {
            // One that a command holds up (DEBUG SLEEP, MIGRATE) ends with the process.
            while !thread.is_finished() && start.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_millis(1));
            }
            if thread.is_finished() {
                // A panic in it was told when it happened.
                let _ = thread.join();
            }
        }
    }
}

/// What a node does wrong from the start.
fn faults(options: &ServerOptions, member: usize) -> Result<Faults, StartError> {
    let mut faults = Faults::default();
    let of_node = |fault: &&NodeFault| fault.node.is_none_or(|node| usize::from(node) == member + 1);
    for NodeFault { fault, .. } in options.faults.iter().filter(of_node) {
        faults.add(Fault::clone(fault)).map_err(|_| StartError::Faults)?;
    }
    Ok(faults)
}

/// The nodes' state as it was kept, or a new one.
fn cluster(
    options: &ServerOptions,
    addresses: &[SocketAddr],
    random: &mut Xoshiro256PlusPlus,
) -> Result<Arc<Cluster>, StartError> {
    let archive = options.dir.as_deref().map(Archive::new);
    let masters = options.masters.map_or(1, usize::from);
    let state = match &archive {
        Some(archive) => archive.open(addresses, masters, random)?,
        None => State::of_masters(addresses, masters, random),
    };
    Ok(Arc::new(Cluster::new(state, archive)))
}

fn listen(options: &ServerOptions, nodes: u16, node: u16) -> Result<(TcpListener, SocketAddr), StartError> {
    let port = match options.port {
        0 => 0,
        first => first.checked_add(node).ok_or(StartError::Ports { nodes, port: first })?,
    };
    let address = SocketAddr::new(options.bind, port);
    let listening = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    listening().map_err(|cause| StartError::Listen { address, cause })
}

/// Chance, from where the standard library has it.
fn seed() -> [u8; 32] {
    use std::hash::BuildHasher;
    let mut seed = [0; 32];
    for (part, bytes) in seed.chunks_exact_mut(8).enumerate() {
        bytes.copy_from_slice(&std::hash::RandomState::new().hash_one(part).to_le_bytes());
    }
    seed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_has_its_cure() {
        let refused = |port, kind: io::ErrorKind| {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            let error = StartError::Listen { address, cause: kind.into() };
            (error.to_string(), error.cure())
        };
        let (text, cure) = refused(80, io::ErrorKind::PermissionDenied);
        assert_eq!(text, "failed to listen on 127.0.0.1:80: permission denied");
        assert!(cure.unwrap().contains("--port from 1024 on"));
        assert!(refused(7000, io::ErrorKind::AddrInUse).1.unwrap().contains("another --port"));
        assert_eq!(refused(7000, io::ErrorKind::PermissionDenied).1, None);
    }
}

//! Starting nodes, and having them.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use tokio::sync::watch;

use super::ServerOptions;
use super::cluster::{Archive, ArchiveError, Cluster, State};
use super::config::Config;
use super::connection::accept;
use super::node::Node;

/// Why nodes could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No place to listen.
    #[error("failed to listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The reason.
        source: io::Error,
    },
    /// No thread, or no runtime in it.
    #[error("failed to start a node's thread: {0}")]
    Thread(#[source] io::Error),
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
        let nodes = options.masters.unwrap_or(1);
        let listeners = (0..nodes).map(|node| listen(options, nodes, node)).collect::<Result<Vec<_>, _>>()?;
        let addresses: Vec<SocketAddr> = listeners.iter().map(|(_, address)| *address).collect();
        let mut random = Xoshiro256PlusPlus::from_seed(seed());
        let cluster = options.masters.map(|_| cluster(options, &addresses, &mut random)).transpose()?;
        let (stop, stopped) = watch::channel(false);
        let (alive, ended) = watch::channel(());
        let alive = Arc::new(alive);
        let mut server = Self { addresses, stop, ended, threads: Vec::new() };
        for (member, (listener, address)) in listeners.into_iter().enumerate() {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(StartError::Thread)?;
            let config = Config {
                requirepass: options.requirepass.clone(),
                users: options.users.clone(),
                ..Config::default()
            };
            let (cluster, stopped, alive) = (cluster.clone(), stopped.clone(), alive.clone());
            let (discard, random) = (options.discard, random.clone());
            let run = move || {
                let mut random = random;
                (0..=member).for_each(|_| random.jump());
                let mut node = Node::new(address, member, cluster, discard, &mut random);
                node.config = config;
                runtime.block_on(accept(listener, node, stopped));
                drop(alive);
            };
            let thread = Builder::new().name(format!("node-{}", address.port())).spawn(run);
            server.threads.push(thread.map_err(StartError::Thread)?);
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
        for thread in self.threads.drain(..) {
            // A panic in it was told when it happened.
            let _ = thread.join();
        }
    }
}

/// The nodes' state as it was kept, or a new one.
fn cluster(
    options: &ServerOptions,
    addresses: &[SocketAddr],
    random: &mut Xoshiro256PlusPlus,
) -> Result<Arc<Cluster>, StartError> {
    let archive = options.dir.as_deref().map(Archive::new);
    let state = match &archive {
        Some(archive) => archive.open(addresses, random)?,
        None => State::of_masters(addresses, random),
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
    listening().map_err(|source| StartError::Listen { address, source })
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

//! Starting throwaway servers, and having them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tracing::debug;

use super::join::join;
use super::node::{Deadline, Node, Recipe};
use super::process::{Starter, find_server};
use super::{Layout, SpawnError};
use crate::net::Address;

/// How long all servers together are given until they are ready.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Servers to start.
#[derive(Clone, Debug)]
pub struct Spawn {
    /// Which servers.
    pub layout: Layout,
    /// How many replicas each master of a cluster gets. A standalone server gets none.
    pub replicas: u16,
    /// The program: a path, or a name on PATH. Left open: valkey-server, else redis-server.
    pub server_binary: Option<PathBuf>,
    /// Arguments for every server, such as `--maxmemory 100mb` in two items.
    pub extra_args: Vec<String>,
    /// By when all of them have to be ready.
    pub timeout: Duration,
}

impl Spawn {
    /// Servers of a layout, everything else left open.
    pub fn new(layout: Layout) -> Self {
        Self { layout, replicas: 0, server_binary: None, extra_args: Vec::new(), timeout: TIMEOUT }
    }

    /// Starts them, and waits until they are ready: of a cluster, until every node sees every other,
    /// and every slot at its owner. If this is dropped before it is done, they are gone.
    ///
    /// # Errors
    /// [`SpawnError`] if there is no server to start, if one ends or refuses what sets it up (with the
    /// end of its log), or if they are not ready in time.
    pub async fn start(&self) -> Result<Spawned, SpawnError> {
        self.layout.check()?;
        let binary = find_server(self.server_binary.as_deref())?;
        let folder =
            tempfile::Builder::new().prefix("fillbench-").tempdir().map_err(SpawnError::Directory)?;
        let starter =
            Starter::new().map_err(|source| SpawnError::NotStarted { binary: binary.clone(), source })?;
        let recipe =
            Recipe { binary, cluster: self.layout.is_cluster(), extra_args: self.extra_args.clone() };
        let deadline = Deadline::after(self.timeout);

        let masters = self.layout.masters();
        let replicas = if self.layout.is_cluster() { usize::from(self.replicas) } else { 0 };
        let mut nodes = Vec::new();
        for place in 0..masters * (1 + replicas) {
            nodes.push(Node::start(&recipe, folder.path().join(place.to_string()), &starter)?);
        }
        for node in &mut nodes {
            node.answers(&starter, deadline).await?;
        }
        if let Layout::Cluster(slots) = &self.layout {
            join(&mut nodes, slots, deadline).await?;
        }
        let addresses: Vec<SocketAddr> = nodes.iter().map(|node| node.address).collect();
        debug!(?addresses, masters, "servers were started");
        Ok(Spawned { addresses, masters, timeout: self.timeout, nodes, starter, _folder: folder })
    }
}

/// Started servers, numbered from 0: the masters in the layout's order, then their first replicas in
/// the same order, then their second. Dropping this ends them at once and removes what they wrote.
#[derive(Debug)]
pub struct Spawned {
    addresses: Vec<SocketAddr>,
    masters: usize,
    timeout: Duration,
    // Dropped in this order: the servers end before what started them, and before their folder goes.
    nodes: Vec<Node>,
    starter: Starter,
    _folder: TempDir,
}

impl Spawned {
    /// Where they all are.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The first of them: from it, the others are found.
    pub fn seed(&self) -> Address {
        self.addresses[0].into()
    }

    /// Where those are that started as masters.
    pub fn masters(&self) -> &[SocketAddr] {
        &self.addresses[..self.masters]
    }

    /// Where those are that started as replicas.
    pub fn replicas(&self) -> &[SocketAddr] {
        &self.addresses[self.masters..]
    }

    /// The process id of one.
    ///
    /// # Panics
    /// Like everything that takes a server's number: if there is none with it.
    pub fn pid(&self, server: usize) -> u32 {
        self.nodes[server].process.pid()
    }

    /// The end of what one wrote to its log.
    pub fn log_tail(&self, server: usize) -> String {
        self.nodes[server].log_tail()
    }

    /// Ends one as a crash would.
    pub fn kill(&mut self, server: usize) {
        self.nodes[server].process.kill();
    }

    /// Stops one where it is: its connections stay open, and nothing is answered.
    ///
    /// # Errors
    /// [`SpawnError::Signal`] if it has ended.
    pub fn pause(&self, server: usize) -> Result<(), SpawnError> {
        self.nodes[server].process.signal("STOP")
    }

    /// Lets one go on after [`Self::pause`].
    ///
    /// # Errors
    /// [`SpawnError::Signal`] if it has ended.
    pub fn resume(&self, server: usize) -> Result<(), SpawnError> {
        self.nodes[server].process.signal("CONT")
    }

    /// Ends one and starts it again, empty, on its port and with its place in the cluster, and waits
    /// until it answers.
    ///
    /// # Errors
    /// [`SpawnError`] if it does not come back.
    pub async fn restart(&mut self, server: usize) -> Result<(), SpawnError> {
        let node = &mut self.nodes[server];
        node.restart(&self.starter)?;
        node.answers_here(Deadline::after(self.timeout)).await
    }

    /// Ends all of them and removes what they wrote, as dropping this does.
    pub fn stop(self) {}
}

//! Everything that can be known before the first key is sent: who the masters are, whether they will
//! take the dataset, and what they hold already.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cluster::{self, Info, Master, Mode, Topology, discover};
use crate::journal::Place;
use crate::net::{Address, Connection, NetError};
use crate::proof::{Depth, count_database, count_slots, may_count, may_read};
use crate::resp::Value;
use crate::results::Target;
use crate::slots::SLOTS;
use crate::target::Site;
use crate::write::{ReplyMode, executed_commands};

use super::nodes::{self, AT_ONCE, Node, at_once};
use super::{FillError, FillOptions, keep, replicas};

/// Masters that a warning names.
const MASTERS_NAMED: usize = 3;

/// Masters that are ready to be filled.
pub struct Prepared {
    pub(super) site: Site,
    pub(super) topology: Topology,
    pub(super) nodes: Vec<Node>,
    /// Whether keys can be counted, or must be read.
    pub(super) may_count: bool,
    /// Whether every master counts what it executes of a connection, and tells.
    pub(super) counts_commands: bool,
    /// What tells these servers from others.
    pub(super) place: Place,
    /// What should be known, and of which masters.
    warnings: BTreeMap<String, Vec<Address>>,
}

/// Finds the masters, and checks what can be checked.
///
/// # Errors
/// [`FillError`] if the dataset cannot be filled, or not proven, on these servers.
pub async fn prepare(site: Site, options: &FillOptions) -> Result<Prepared, FillError> {
    let found = discover(&site.connector, &site.address, &site.map).await?;
    let topology = found.topology;
    let mut nodes = Vec::new();
    let surveyed = nodes::ask(&site.connector, &topology.masters, topology.mode).await?;
    for (master, node) in topology.masters.iter().zip(surveyed) {
        nodes.push(node.map_err(|error| error.at_master(master, &site.address))?);
    }
    let place = keep::place(&site, &topology, &mut nodes).await?;
    if let Some(keeping) = &options.keeping {
        keep::check_place(keeping, &place)?;
    }
    let reply_timeout = site.connector.reply_timeout;
    let checks = nodes.iter_mut().zip(&topology.masters);
    let checks = checks.map(|(node, master)| check(node, master, topology.mode, options, reply_timeout));
    let checked = at_once(AT_ONCE, checks).await?;
    let mut prepared = Prepared {
        may_count: checked.iter().all(|checked| checked.counts),
        counts_commands: checked.iter().all(|checked| checked.counts_commands),
        site,
        topology,
        nodes,
        place,
        warnings: BTreeMap::new(),
    };
    let addresses: Vec<Address> = prepared.addresses().into_iter().cloned().collect();
    for (checked, address) in checked.into_iter().zip(addresses) {
        checked.warnings().for_each(|warning| prepared.warn(warning.into(), address.clone()));
    }
    Ok(prepared)
}

impl Prepared {
    /// How many keys a flush would delete; `None` if a master would not say.
    pub fn existing_keys(&self) -> Option<u64> {
        let keys = |node: &Node| match self.flushes_one_database() {
            true => node.keys,
            // A server that counts none of its databases in INFO still counted this one.
            false => Some(node.info.as_ref()?.keys().max(node.keys?)),
        };
        self.nodes.iter().map(keys).sum()
    }

    /// Whether all masters throw away what they are sent: then there is nothing to prove.
    pub(super) fn discards(&self) -> bool {
        all_discard(self.nodes.iter().map(|node| node.info.as_ref()))
    }

    /// The share of a master's keys, 0 to 1, that a flush deletes.
    pub(super) fn flushed_share(&self, info: &Info) -> f64 {
        let (all, database) = (info.keys(), self.site.connector.database);
        match self.flushes_one_database() && all > 0 {
            true => info.keys_of(database) as f64 / all as f64,
            false => 1.0,
        }
    }

    fn flushes_one_database(&self) -> bool {
        self.site.connector.database != 0
    }

    /// What should be known before the fill, each thing once.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        self.warnings.iter().map(|(text, masters)| {
            let more = masters.len().saturating_sub(MASTERS_NAMED);
            let named: Vec<_> = masters.iter().take(MASTERS_NAMED).map(ToString::to_string).collect();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("at {}{more}, {text}", named.join(", "))
        })
    }

    /// Something that should be known of a master.
    pub(super) fn warn(&mut self, text: String, address: Address) {
        self.warnings.entry(text).or_default().push(address);
    }

    /// The addresses of the masters.
    pub fn addresses(&self) -> Vec<&Address> {
        self.topology.masters.iter().map(|master| &master.address).collect()
    }

    /// Enters what they are into a record's target.
    pub fn describe(&self, target: &mut Target) {
        target.mode = match self.topology.mode {
            Mode::Cluster => "cluster".into(),
            Mode::Standalone => "standalone".into(),
        };
        target.masters = self.topology.masters.len() as u64;
        let infos = self.nodes.iter().filter_map(|node| node.info.as_ref());
        target.replicas = self.topology.replicas(infos);
        let versions = self.nodes.iter().filter_map(|node| node.info.as_ref().map(Info::server));
        if let Some((server, version)) = versions.min_by_key(|(_, version)| numbers(version)) {
            (target.server, target.version) = (server.into(), version);
        }
    }

    pub(super) fn infos(&self) -> Vec<Option<Info>> {
        self.nodes.iter().map(|node| node.info.clone()).collect()
    }

    /// Empties every master, and looks at them anew.
    pub(super) async fn flush(&mut self, options: &FillOptions) -> Result<(), FillError> {
        let command: &[u8] = if self.flushes_one_database() { b"FLUSHDB" } else { b"FLUSHALL" };
        let flushes = self.nodes.iter_mut().map(|node| async move {
            node.connection.set_reply_timeout(options.timeouts.flush);
            // Servers before 6.2 know only the plain form, which is synchronous there.
            if node.connection.call_raw(&[command, b"SYNC"]).await?.as_error().is_some() {
                node.connection.call(&[command]).await?;
            }
            Ok::<_, NetError>(())
        });
        at_once(AT_ONCE, flushes).await?;
        let masters = &self.topology.masters;
        let nodes = nodes::ask(&self.site.connector, masters, self.topology.mode).await?;
        self.nodes = nodes.into_iter().collect::<Result<_, _>>()?;
        Ok(())
    }

    /// For each slot, whether it holds no key yet. Only where keys can be counted.
    pub(super) async fn empty_slots(&mut self) -> Result<Vec<bool>, FillError> {
        let mut empty = vec![false; usize::from(SLOTS)];
        if !self.may_count {
            return Ok(empty);
        }
        let mode = self.topology.mode;
        let counts = self.topology.masters.iter().zip(&mut self.nodes).map(|(master, node)| async move {
            let slots: Vec<u16> = master.slots.iter().cloned().flatten().collect();
            // Counted anew, after the INFO that the audit starts from: nothing falls between the two.
            let counts = match (count_database(&mut node.connection).await?, mode) {
                (0, _) => vec![0; slots.len()],
                (_, Mode::Standalone) => return Ok(Vec::new()),
                (_, Mode::Cluster) => count_slots(&mut node.connection, &slots).await?,
            };
            Ok::<_, NetError>(slots.into_iter().zip(counts).collect())
        });
        for (slot, count) in at_once(AT_ONCE, counts).await?.into_iter().flatten() {
            empty[usize::from(slot)] = count == 0;
        }
        Ok(empty)
    }
}

/// What a master lets this user do.
struct Checked {
    /// Whether keys can be counted.
    counts: bool,
    /// Whether they can be read.
    reads: bool,
    /// Whether it counts what it executes of a connection, and tells.
    counts_commands: bool,
}

impl Checked {
    fn warnings(&self) -> impl Iterator<Item = &'static str> + use<> {
        let unread = "this user may not read keys: only a count that no other client disturbs can prove them";
        let uncounted = "this user may not run INFO or count keys: every key will be proven by reading it";
        [(!self.reads).then_some(unread), (!self.counts).then_some(uncounted)].into_iter().flatten()
    }
}

/// Asks a master what can be known before the fill, and enters what it says of itself then.
async fn check(
    node: &mut Node,
    master: &Master,
    mode: Mode,
    options: &FillOptions,
    reply_timeout: Duration,
) -> Result<Checked, FillError> {
    let Node { connection, info, .. } = node;
    let address = connection.address().clone();
    if options.reply == ReplyMode::Off {
        check_reply_mode(connection).await?;
    }
    let counts_commands = executed_commands(&ask_count(connection).await?).is_some();
    let size = options.spec.value_size() as u64;
    if let Some(limit) = bulk_limit(connection).await?
        && size > limit
    {
        return Err(FillError::ValueAboveLimit { address, size, limit });
    }
    let counts = info.is_some() && may_count(connection, mode).await?;
    let slot = master.slots.first().map_or(0, |slots| *slots.start());
    let key = options.spec.shape().key(crate::dataset::Position { slot, ordinal: 0 });
    let reads = may_read(connection, Depth::Stamp, &key).await?.is_none();
    if let Some(wait) = options.wait {
        replicas::check(connection, wait, reply_timeout).await?;
    }
    if info.is_some() {
        // What was refused until here was asked by this check, and is no part of the fill.
        *info = cluster::info(connection).await?;
    }
    // Keys that expire, and those of slots that others fill, too, are never proven by a count.
    if !reads && options.spec.is_share() {
        return Err(FillError::UnreadableShare { address });
    }
    if !reads && (!counts || options.ttl.is_some()) {
        return Err(FillError::Unprovable { address });
    }
    Ok(Checked { counts, reads, counts_commands })
}

/// One master that keeps what it is sent, or does not say, has keys to prove.
fn all_discard<'a>(mut infos: impl Iterator<Item = Option<&'a Info>>) -> bool {
    infos.all(|info| info.is_some_and(Info::discards))
}

/// A version's numbers, so that 10 is above 9.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

/// Whether replies can be turned off, found out by turning them on.
async fn check_reply_mode(connection: &mut Connection) -> Result<(), FillError> {
    match connection.call(&[b"CLIENT", b"REPLY", b"ON"]).await {
        Ok(_) => Ok(()),
        Err(NetError::Refused { address, message, .. }) => Err(FillError::ReplyMode { address, message }),
        Err(error) => Err(error.into()),
    }
}

/// Asks what a connection's server counts of it, or is refused that.
pub(super) async fn ask_count(connection: &mut Connection) -> Result<Value, NetError> {
    connection.call_raw(&[b"CLIENT", b"INFO"]).await
}

/// The server's `proto-max-bulk-len`; `None` if it will not say.
async fn bulk_limit(connection: &mut Connection) -> Result<Option<u64>, NetError> {
    let reply = connection.call_raw(&[b"CONFIG", b"GET", b"proto-max-bulk-len"]).await?;
    let value = reply.as_array().and_then(|pair| pair.get(1)).and_then(Value::as_text);
    Ok(value.and_then(|value| value.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_master_that_keeps_its_keys_has_keys_to_prove() {
        let (discards, keeps) = (Info::parse("fillbench_discard:1"), Info::parse("run_id:a"));
        assert!(all_discard([Some(&discards), Some(&discards)].into_iter()));
        assert!(!all_discard([Some(&discards), Some(&keeps)].into_iter()));
        assert!(!all_discard([Some(&discards), None].into_iter()));
    }
}

//! Masters and their slots, read from `CLUSTER SHARDS` or `CLUSTER SLOTS`. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::Info;
use crate::net::{Address, AddressMap};
use crate::resp::Value;
use crate::slots::SLOTS;

/// First and last slot of a run.
pub type SlotRange = RangeInclusive<u16>;

/// Whether the servers form a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One server, which holds all slots as far as fillbench is concerned.
    Standalone,
    /// Slots are spread over masters.
    Cluster,
}

/// A node that owns slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Master {
    /// Where the cluster says that it is.
    pub announced: Address,
    /// Where it is called.
    pub address: Address,
    /// Node id; empty on a standalone server.
    pub node: String,
    /// Its slots, in order.
    pub slots: Vec<SlotRange>,
    /// Where its replicas are called, as far as the cluster knows of them.
    pub replicas: Vec<Address>,
}

impl Master {
    /// How many slots it owns.
    pub fn slot_count(&self) -> usize {
        self.slots.iter().map(ExactSizeIterator::len).sum()
    }

    /// Whether both are the same node: by its id, and by its address where ids are not told.
    pub fn is_same_node(&self, other: &Self) -> bool {
        match (self.node.as_str(), other.node.as_str()) {
            ("", _) | (_, "") => self.announced == other.announced,
            (ours, theirs) => ours == theirs,
        }
    }
}

/// All masters that own slots, in the order of their first slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    /// Cluster or standalone.
    pub mode: Mode,
    /// The masters.
    pub masters: Vec<Master>,
}

impl Topology {
    /// One server that holds everything.
    pub fn standalone(address: Address) -> Self {
        let slots = vec![0..=SLOTS - 1];
        let announced = address.clone();
        Self {
            mode: Mode::Standalone,
            masters: vec![Master { announced, address, node: String::new(), slots, replicas: Vec::new() }],
        }
    }

    /// Reads `CLUSTER SHARDS`. `asked` stands in for a host that the node does not know of itself.
    ///
    /// # Errors
    /// What is wrong with the reply's shape.
    pub fn from_shards(reply: &Value, asked: &Address, tls: bool) -> Result<Self, String> {
        let mut masters = Vec::new();
        for shard in reply.as_array().ok_or("not an array")? {
            let shard = pairs(shard)?;
            let bounds = shard.get("slots").and_then(|v| v.as_array()).ok_or("a shard without `slots`")?;
            let slots = bounds.chunks(2).map(range).collect::<Result<Vec<_>, _>>()?;
            if slots.is_empty() {
                continue;
            }
            let nodes = shard.get("nodes").and_then(|v| v.as_array()).ok_or("a shard without `nodes`")?;
            let nodes = nodes.iter().map(pairs).collect::<Result<Vec<_>, _>>()?;
            let is_master =
                |node: &&BTreeMap<String, &Value>| text(node, "role").as_deref() == Some("master");
            // After a failover, the failed master may still be listed beside the one that took over.
            let masters_of_shard = nodes.iter().filter(is_master);
            let master = masters_of_shard
                .min_by_key(|node| text(node, "health").as_deref() != Some("online"))
                .ok_or("a shard without a master")?;
            let id = text(master, "id").unwrap_or_default();
            let replicas = nodes.iter().filter(|node| text(node, "id").unwrap_or_default() != id);
            // A replica that does not say where it is cannot be called; it is no reason to fail.
            let replicas = replicas.filter_map(|node| place_in_shard(node, asked, tls).ok()).collect();
            let announced = place_in_shard(master, asked, tls)?;
            masters.push(Master { address: announced.clone(), announced, node: id, slots, replicas });
        }
        Ok(Self::cluster(masters))
    }

    /// Reads `CLUSTER SLOTS`, which servers before 7.0 have in place of `CLUSTER SHARDS`.
    ///
    /// # Errors
    /// What is wrong with the reply's shape.
    pub fn from_slots(reply: &Value, asked: &Address) -> Result<Self, String> {
        let mut masters: BTreeMap<String, Master> = BTreeMap::new();
        for row in reply.as_array().ok_or("not an array")? {
            let row = row.as_array().filter(|row| row.len() >= 3).ok_or("a row without a master")?;
            let slots = range(&row[..2])?;
            let node = row[2].as_array().filter(|node| node.len() >= 2).ok_or("a node without a port")?;
            let id = node.get(2).and_then(Value::as_text).unwrap_or_default().into_owned();
            let announced = place_in_row(node, asked)?;
            let replicas = row[3..].iter().filter_map(Value::as_array);
            let replicas = replicas.filter_map(|node| place_in_row(node, asked).ok()).collect();
            let (address, slots) = (announced.clone(), vec![slots]);
            let master = Master { announced, address, node: id, slots: slots.clone(), replicas };
            // Before node ids were listed (Redis 3), the address tells nodes apart.
            let key = if master.node.is_empty() { master.announced.to_string() } else { master.node.clone() };
            masters.entry(key).and_modify(|known| known.slots.extend(slots)).or_insert(master);
        }
        Ok(Self::cluster(masters.into_values().collect()))
    }

    fn cluster(mut masters: Vec<Master>) -> Self {
        for master in &mut masters {
            master.slots.sort_by_key(|slots| *slots.start());
            // Nodes list them in the order in which they met: two that know the same say the same.
            master.replicas.sort();
        }
        masters.sort_by_key(|master| master.slots.first().map(|slots| *slots.start()));
        Self { mode: Mode::Cluster, masters }
    }

    /// Calls every master where `map` says that it is reached.
    pub fn reach_through(&mut self, map: &AddressMap) {
        for master in &mut self.masters {
            master.address = map.apply(&master.announced);
            master.replicas.iter_mut().for_each(|replica| *replica = map.apply(replica));
        }
    }

    /// Where a master of another topology stands in this one.
    pub fn place_of(&self, master: &Master) -> Option<usize> {
        self.masters.iter().position(|other| other.is_same_node(master))
    }

    /// For each slot the index of its master.
    pub fn owners(&self) -> Vec<Option<usize>> {
        let mut owners = vec![None; usize::from(SLOTS)];
        for (index, master) in self.masters.iter().enumerate() {
            for slot in master.slots.iter().cloned().flatten() {
                owners[usize::from(slot)] = Some(index);
            }
        }
        owners
    }

    /// How many replicas there are, as far as is known: only INFO tells of those of a standalone server.
    pub fn replicas<'a>(&self, infos: impl IntoIterator<Item = &'a Info>) -> u64 {
        match self.mode {
            Mode::Cluster => self.masters.iter().map(|master| master.replicas.len() as u64).sum(),
            Mode::Standalone => {
                infos.into_iter().filter_map(|info| info.number::<u64>("connected_slaves")).sum()
            }
        }
    }

    /// The slots that have another owner, or none, in `other`.
    pub fn moved_slots(&self, other: &Self) -> impl Iterator<Item = u16> {
        let owners = self.owners().into_iter().zip(other.owners());
        let is_moved = move |(ours, theirs): (Option<usize>, Option<usize>)| match (ours, theirs) {
            (Some(ours), Some(theirs)) => !self.masters[ours].is_same_node(&other.masters[theirs]),
            (ours, theirs) => ours != theirs,
        };
        (0..SLOTS).zip(owners).filter_map(move |(slot, owners)| is_moved(owners).then_some(slot))
    }
}

/// Slots as people read them: `0-5460, 7000`.
pub fn show_slots(slots: impl Iterator<Item = u16>) -> String {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for slot in slots {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == slot => *last = slot,
            _ => runs.push((slot, slot)),
        }
    }
    let more = runs.len().saturating_sub(MOST_RUNS_SHOWN);
    let shown = runs.iter().take(MOST_RUNS_SHOWN).map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more runs"));
    }
    text
}

/// A list of slots in a message stays readable.
const MOST_RUNS_SHOWN: usize = 8;

fn range(bounds: &[Value]) -> Result<SlotRange, String> {
    let bound = |index: usize| {
        let bound = bounds.get(index)?.as_integer()?;
        u16::try_from(bound).ok().filter(|&slot| slot < SLOTS)
    };
    match (bound(0), bound(1)) {
        (Some(first), Some(last)) if first <= last => Ok(first..=last),
        _ => Err("a range of slots that is none".into()),
    }
}

/// Where a node of `CLUSTER SHARDS` says that it is.
fn place_in_shard(node: &BTreeMap<String, &Value>, asked: &Address, tls: bool) -> Result<Address, String> {
    let plain = node.get("port").and_then(|port| port.as_integer());
    let secure = node.get("tls-port").and_then(|port| port.as_integer());
    let port = if tls { secure.or(plain) } else { plain.or(secure) };
    let host = text(node, "endpoint").filter(|host| is_host(host)).or_else(|| text(node, "ip"));
    place(host, port, asked)
}

/// Where a node of `CLUSTER SLOTS` says that it is.
fn place_in_row(node: &[Value], asked: &Address) -> Result<Address, String> {
    let port = node.get(1).and_then(Value::as_integer);
    place(node.first().and_then(Value::as_text).map(Cow::into_owned), port, asked)
}

/// A place whose host may be left open; then it is that of the node that was asked.
fn place(host: Option<String>, port: Option<i64>, asked: &Address) -> Result<Address, String> {
    let port = port.and_then(|port| u16::try_from(port).ok()).ok_or("a node without a port")?;
    match (host.filter(|host| is_host(host)), asked) {
        (Some(host), _) => Ok(Address::tcp(&host, port)),
        (None, Address::Tcp { host, .. }) => Ok(Address::tcp(host, port)),
        (None, Address::Unix(_)) => Err("a node without a host".into()),
    }
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text != "?"
}

/// A flat list of names and values.
fn pairs(list: &Value) -> Result<BTreeMap<String, &Value>, String> {
    let list = list.as_array().ok_or("not a list of names and values")?;
    let named = list.chunks_exact(2).map(|pair| Some((pair[0].as_text()?.into_owned(), &pair[1])));
    named.collect::<Option<_>>().ok_or_else(|| "a name that is no text".into())
}

fn text(map: &BTreeMap<String, &Value>, name: &str) -> Option<String> {
    map.get(name)?.as_text().map(Cow::into_owned)
}

#[cfg(test)]
#[path = "topology_tests.rs"]
mod tests;

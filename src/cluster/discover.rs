//! Finding out whether the server that was named is alone or part of a cluster, and who owns what.

use tracing::debug;

use crate::net::{Address, AddressMap, Connection, Connector, NetError, shown};
use crate::resp::Value;

use super::{ClusterError, Epochs, Info, Topology, View, show_slots};

/// What one server told about all of them.
pub struct Discovered {
    /// Who owns which slots.
    pub topology: Topology,
    /// The connection that was asked.
    pub seed: Connection,
}

/// Asks the server at `address` for the topology, and checks that it can be filled: every slot owned,
/// the cluster up, a standalone server no replica. Addresses go through `map`.
///
/// # Errors
/// [`ClusterError`] if there is no answer, or the servers cannot be filled as they stand.
pub async fn discover(
    connector: &Connector,
    address: &Address,
    map: &AddressMap,
) -> Result<Discovered, ClusterError> {
    let mut seed = connector.open(address).await?;
    let Some(mut topology) = ask(&mut seed, connector.tls.is_some()).await? else {
        refuse_replica(&mut seed).await?;
        return Ok(Discovered { topology: Topology::standalone(address.clone()), seed });
    };
    if matches!(address, Address::Unix(_)) {
        return Err(ClusterError::ClusterBySocket { address: address.clone() });
    }
    refuse_unowned(&topology, address)?;
    refuse_down(&mut seed).await?;
    topology.reach_through(map);
    Ok(Discovered { topology, seed })
}

/// The topology as this node sees it; `None` if it is in no cluster.
///
/// # Errors
/// [`ClusterError`] if it does not answer, or will not say.
pub async fn ask(node: &mut Connection, tls: bool) -> Result<Option<Topology>, ClusterError> {
    let address = node.address().clone();
    let mut refusal = None;
    for command in ["SHARDS", "SLOTS"] {
        let parsed = match node.call_raw(&[b"CLUSTER", command.as_bytes()]).await? {
            Value::Error(message) if is_standalone(&message) => return Ok(None),
            Value::Error(message) => {
                refusal = Some(message);
                continue;
            }
            reply if command == "SHARDS" => Topology::from_shards(&reply, &address, tls),
            reply => Topology::from_slots(&reply, &address),
        };
        let command = if command == "SHARDS" { "CLUSTER SHARDS" } else { "CLUSTER SLOTS" };
        if let Ok(topology) = &parsed {
            debug!(%address, masters = topology.masters.len(), "told who owns which slots");
        }
        return parsed.map(Some).map_err(|detail| ClusterError::Shape { address, command, detail });
    }
    // A user who may not ask the cluster may still ask whether there is one.
    match info(node).await? {
        Some(info) if info.text("cluster_enabled") == Some("0") => Ok(None),
        _ => Err(ClusterError::Hidden { address, message: shown(&refusal.unwrap_or_default()) }),
    }
}

/// How this node sees the cluster, and how new that is; `None` if it is in no cluster.
///
/// # Errors
/// As [`ask`].
pub async fn view(node: &mut Connection, map: &AddressMap, tls: bool) -> Result<Option<View>, ClusterError> {
    let Some(mut topology) = ask(node, tls).await? else { return Ok(None) };
    topology.reach_through(map);
    let nodes = node.call_raw(&[b"CLUSTER", b"NODES"]).await?;
    let epochs = match nodes.as_error() {
        // A user who may not ask is told less.
        Some(_) => Epochs::default(),
        None => nodes.as_text().map(|text| Epochs::parse(&text)).unwrap_or_default(),
    };
    Ok(Some(View { topology, epochs }))
}

fn is_standalone(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("cluster support disabled") || message.contains("unknown command")
}

/// The ids of all nodes of the cluster that this node is in, masters and replicas; empty where this user
/// may not ask.
///
/// # Errors
/// [`NetError`] if the node does not answer.
pub async fn node_ids(node: &mut Connection) -> Result<Vec<String>, NetError> {
    let reply = node.call_raw(&[b"CLUSTER", b"NODES"]).await?;
    let text = reply.as_text().filter(|_| reply.as_error().is_none()).unwrap_or_default();
    // One line a node, which begins with its id.
    Ok(text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// INFO with all its sections; `None` where this user may not have it.
///
/// # Errors
/// [`NetError`] if the node does not answer.
pub async fn info(node: &mut Connection) -> Result<Option<Info>, NetError> {
    let info = match node.call_raw(&[b"INFO", b"all"]).await? {
        Value::Error(_) => None,
        reply => reply.as_text().map(|text| Info::parse(&text)),
    };
    if tracing::enabled!(tracing::Level::DEBUG) {
        let text = |field| info.as_ref().and_then(|info| info.text(field));
        let number = |field| info.as_ref().and_then(|info| info.number::<u64>(field));
        let (run_id, role, errors) = (text("run_id"), text("role"), number("total_error_replies"));
        let (evicted, used_bytes) = (number("evicted_keys"), number("used_memory"));
        debug!(address = %node.address(), run_id, role, errors, evicted, used_bytes, "audited");
    }
    Ok(info)
}

async fn refuse_replica(seed: &mut Connection) -> Result<(), ClusterError> {
    let Some(info) = info(seed).await? else { return Ok(()) };
    if info.text("role") != Some("slave") {
        return Ok(());
    }
    let part = |name| info.text(name).unwrap_or("?");
    let master = format!("{}:{}", part("master_host"), part("master_port"));
    Err(ClusterError::Replica { address: seed.address().clone(), master })
}

fn refuse_unowned(topology: &Topology, address: &Address) -> Result<(), ClusterError> {
    let owners = topology.owners();
    let unowned = (0u16..).zip(&owners).filter(|(_, owner)| owner.is_none()).map(|(slot, _)| slot);
    match unowned.clone().count() {
        0 => Ok(()),
        count => Err(ClusterError::Unowned { address: address.clone(), count, slots: show_slots(unowned) }),
    }
}

async fn refuse_down(seed: &mut Connection) -> Result<(), ClusterError> {
    let reply = seed.call_raw(&[b"CLUSTER", b"INFO"]).await?;
    // A user who may not ask learns of it from the first write.
    let Some(text) = reply.as_text() else { return Ok(()) };
    let info = Info::parse(&text);
    let slots = |field| info.number::<u64>(field).unwrap_or(0);
    match info.text("cluster_state") {
        None | Some("ok") => Ok(()),
        Some(state) => Err(ClusterError::Down {
            address: seed.address().clone(),
            state: state.into(),
            failed: slots("cluster_slots_fail") + slots("cluster_slots_pfail"),
        }),
    }
}

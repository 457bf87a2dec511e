//! Finding out whether the server that was named is alone or part of a cluster, and who owns what.

use crate::net::{Address, AddressMap, Connection, Connector, NetError, shown};
use crate::resp::Value;

use super::{ClusterError, Info, Topology, show_slots};

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

/// The masters as any of `known` sees them now, whatever their state: slots may have no owner. The
/// first that answers decides; a failed master takes no part in the cluster's view of itself.
///
/// # Errors
/// The last [`ClusterError`], if none of them answers.
pub async fn rediscover(
    connector: &Connector,
    known: &Topology,
    map: &AddressMap,
) -> Result<Topology, ClusterError> {
    let mut last_error = None;
    for master in &known.masters {
        let asked = async {
            let mut node = connector.open(&master.address).await?;
            ask(&mut node, connector.tls.is_some()).await
        };
        match asked.await {
            Ok(None) => return Ok(known.clone()),
            Ok(Some(mut topology)) => {
                topology.reach_through(map);
                return Ok(topology);
            }
            Err(error) => last_error = Some(error),
        }
    }
    match last_error {
        Some(error) => Err(error),
        None => Ok(known.clone()),
    }
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
        return parsed.map(Some).map_err(|detail| ClusterError::Shape { address, command, detail });
    }
    // A user who may not ask the cluster may still ask whether there is one.
    match info(node).await? {
        Some(info) if info.text("cluster_enabled") == Some("0") => Ok(None),
        _ => Err(ClusterError::Hidden { address, message: shown(&refusal.unwrap_or_default()) }),
    }
}

fn is_standalone(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("cluster support disabled") || message.contains("unknown command")
}

/// INFO with all its sections; `None` where this user may not have it.
///
/// # Errors
/// [`NetError`] if the node does not answer.
pub async fn info(node: &mut Connection) -> Result<Option<Info>, NetError> {
    match node.call_raw(&[b"INFO", b"all"]).await? {
        Value::Error(_) => Ok(None),
        reply => Ok(reply.as_text().map(|text| Info::parse(&text))),
    }
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

//! Makes a cluster of nodes that know nothing of each other, and waits until all of them agree on it.
//! It needs no redis-cli.

use std::ops::RangeInclusive;

use super::SpawnError;
use super::node::{Deadline, Node};
use super::view::{Member, missing_from};

/// The node time-out while they join. A node tells of its slots in its own pings alone, and it pings
/// every other within half of this: with the servers' 15 seconds, 16 nodes take as long to agree.
const JOINING_TIMEOUT_MS: &str = "2000";

/// The setting's name.
const NODE_TIMEOUT: &str = "cluster-node-timeout";

/// Joins nodes, masters first, then the replicas of each: the first `slots.len()` own these slots, and
/// the others replicate them in turn.
///
/// # Errors
/// [`SpawnError`] if a node refuses, ends, or does not agree in time.
pub(super) async fn join(
    nodes: &mut [Node],
    slots: &[Vec<RangeInclusive<u16>>],
    deadline: Deadline,
) -> Result<(), SpawnError> {
    let node_timeout = nodes[0].order(deadline, &["CONFIG", "GET", NODE_TIMEOUT]).await?;
    let node_timeout = node_timeout.lines().last().unwrap_or_default();
    for node in &mut *nodes {
        node.order(deadline, &["CONFIG", "SET", NODE_TIMEOUT, JOINING_TIMEOUT_MS]).await?;
    }
    meet(nodes, slots, deadline).await?;
    let members = replicate(nodes, slots, deadline).await?;
    for node in &mut *nodes {
        agrees(node, &members, deadline).await?;
    }
    for node in nodes {
        node.order(deadline, &["CONFIG", "SET", NODE_TIMEOUT, node_timeout]).await?;
    }
    Ok(())
}

/// Gives each master its slots, and makes them all known to the first.
async fn meet(
    nodes: &mut [Node],
    slots: &[Vec<RangeInclusive<u16>>],
    deadline: Deadline,
) -> Result<(), SpawnError> {
    let first = nodes[0].address;
    let (host, port) = (first.ip().to_string(), first.port().to_string());
    for (place, node) in nodes.iter_mut().enumerate() {
        // Distinct from the start, or the nodes would have to settle it among themselves.
        let epoch = (place + 1).to_string();
        node.order(deadline, &["CLUSTER", "SET-CONFIG-EPOCH", &epoch]).await?;
        if let Some(slots) = slots.get(place) {
            add_slots(node, slots, deadline).await?;
        }
        if place > 0 {
            node.order(deadline, &["CLUSTER", "MEET", &host, &port]).await?;
        }
    }
    Ok(())
}

/// Waits until a node sees all members as they should be, and serves; a replica, until it has its
/// master's data.
async fn agrees(node: &mut Node, members: &[Member], deadline: Deadline) -> Result<(), SpawnError> {
    node.wait_until(deadline, async |node| {
        let view = node.ask(deadline, &["CLUSTER", "NODES"]).await?;
        if let Some(missing) = missing_from(&view, members) {
            return Ok(Some(missing));
        }
        let info = node.ask(deadline, &["CLUSTER", "INFO"]).await?;
        if !info.contains("cluster_state:ok") {
            return Ok(Some("its cluster_state is not ok".into()));
        }
        let info = node.ask(deadline, &["INFO", "replication"]).await?;
        Ok(info.contains("master_link_status:down").then(|| "its master's data has not come".into()))
    })
    .await
}

/// `CLUSTER ADDSLOTS` and not `ADDSLOTSRANGE`, which servers before 7.0 do not have.
async fn add_slots(
    node: &mut Node,
    slots: &[RangeInclusive<u16>],
    deadline: Deadline,
) -> Result<(), SpawnError> {
    let slots: Vec<String> = slots.iter().cloned().flatten().map(|slot| slot.to_string()).collect();
    if slots.is_empty() {
        return Ok(());
    }
    let mut args = vec!["CLUSTER", "ADDSLOTS"];
    args.extend(slots.iter().map(String::as_str));
    node.order(deadline, &args).await.map(drop)
}

/// Makes the nodes behind the masters their replicas; gives what every node has to know in the end.
async fn replicate(
    nodes: &mut [Node],
    slots: &[Vec<RangeInclusive<u16>>],
    deadline: Deadline,
) -> Result<Vec<Member>, SpawnError> {
    let (masters, replicas) = nodes.split_at_mut(slots.len());
    let mut ids = Vec::new();
    for master in &mut *masters {
        ids.push(master.order(deadline, &["CLUSTER", "MYID"]).await?);
    }
    let own = masters.iter().zip(slots);
    let mut members: Vec<_> = own
        .map(|(node, slots)| Member { address: node.address, slots: slots.clone(), master: None })
        .collect();
    for (replica, id) in replicas.iter_mut().zip(ids.iter().cycle()) {
        // Refused until the node has heard of its master.
        replica
            .wait_until(deadline, async |node| {
                node.ask(deadline, &["CLUSTER", "REPLICATE", id]).await.map(|_| None)
            })
            .await?;
        members.push(Member { address: replica.address, slots: Vec::new(), master: Some(id.clone()) });
    }
    Ok(members)
}

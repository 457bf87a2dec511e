//! CLUSTER: who owns what, as the nodes tell it.

use super::parse::integer;
use crate::resp::Request;
use crate::server::address::reachable;
use crate::server::cluster::{Feed, MemberIndex, State, node_line, nodes_text};
use crate::server::execute::{Context, Refusal};
use crate::server::node::Membership;
use crate::slots::{SLOTS, slot_of};

pub(super) fn slots(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let (state, me) = state(context)?;
    let mut ranges: Vec<((u16, u16), MemberIndex)> = Vec::new();
    for master in state.known_to(me) {
        ranges.extend(state.members[master].slots.ranges().into_iter().map(|range| (range, master)));
    }
    ranges.sort_unstable();
    let local = context.client.local_address;
    let reply = context.reply();
    reply.array(ranges.len());
    for ((first, last), master) in ranges {
        let mut replicas = state.replicas(me, master);
        replicas.retain(|replica| !state.members[*replica].failed);
        reply.array(3 + replicas.len());
        reply.integer(first.into());
        reply.integer(last.into());
        for node in std::iter::once(master).chain(replicas) {
            let member = &state.members[node];
            let address = reachable(member.address, local);
            reply.array(4);
            reply.bulk(address.ip().to_string());
            reply.integer(address.port().into());
            reply.bulk(&member.id);
            reply.map(0);
        }
    }
    Ok(())
}

pub(super) fn shards(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let (state, me) = state(context)?;
    let masters: Vec<MemberIndex> =
        state.known_to(me).filter(|member| state.members[*member].replica_of.is_none()).collect();
    context.reply().array(masters.len());
    for master in masters {
        let ranges = state.members[master].slots.ranges();
        let reply = context.reply();
        reply.map(2);
        reply.bulk("slots");
        reply.array(2 * ranges.len());
        for (first, last) in ranges {
            reply.integer(first.into());
            reply.integer(last.into());
        }
        let nodes: Vec<_> = std::iter::once(master).chain(state.replicas(me, master)).collect();
        reply.bulk("nodes");
        reply.array(nodes.len());
        nodes.into_iter().for_each(|node| shard_node(&state, node, context));
    }
    Ok(())
}

fn shard_node(state: &State, node: MemberIndex, context: &mut Context<'_>) {
    let member = &state.members[node];
    let address = reachable(member.address, context.client.local_address);
    let ip = address.ip().to_string();
    let role = if member.replica_of.is_some() { "replica" } else { "master" };
    let feed = context.node.cluster.as_ref().map(|cluster| cluster.shared.feed(node));
    let offset = feed.map_or(0, Feed::offset);
    let health = match member.replica_of {
        _ if member.failed => "fail",
        Some(master) if feed.is_some_and(|feed| !feed.is_online(master)) => "loading",
        _ => "online",
    };
    let reply = context.reply();
    reply.map(7);
    reply.bulk("id");
    reply.bulk(&member.id);
    reply.bulk("port");
    reply.integer(address.port().into());
    for (name, text) in [("ip", ip.as_str()), ("endpoint", &ip), ("role", role)] {
        reply.bulk(name);
        reply.bulk(text);
    }
    reply.bulk("replication-offset");
    reply.integer(offset as i64);
    reply.bulk("health");
    reply.bulk(health);
}

pub(super) fn nodes(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let (state, me) = told_state(context)?;
    context.reply().verbatim(&nodes_text(&state, me));
    Ok(())
}

pub(super) fn replicas(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let (state, me) = told_state(context)?;
    let master = state.known(me, &request[2])?;
    if state.members[master].replica_of.is_some() {
        return Err("ERR The specified node is not a master".into());
    }
    let replicas = state.replicas(me, master);
    let reply = context.reply();
    reply.array(replicas.len());
    replicas.into_iter().for_each(|replica| reply.bulk(node_line(&state, me, replica)));
    Ok(())
}

pub(super) fn info(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let (state, me) = state(context)?;
    let sizes: Vec<usize> = state.known_to(me).map(|member| state.members[member].slots.len()).collect();
    let assigned: usize = sizes.iter().sum();
    let is_up = state.is_whole(me) || !context.node.config.cluster_require_full_coverage;
    let failed: usize = state
        .known_to(me)
        .map(|member| &state.members[member])
        .filter(|member| member.failed)
        .map(|member| member.slots.len())
        .sum();
    let lines = [
        ("cluster_state", if is_up { "ok" } else { "fail" }.to_owned()),
        ("cluster_slots_assigned", assigned.to_string()),
        ("cluster_slots_ok", (assigned - failed).to_string()),
        ("cluster_slots_pfail", "0".into()),
        ("cluster_slots_fail", failed.to_string()),
        ("cluster_known_nodes", sizes.len().to_string()),
        ("cluster_size", sizes.iter().filter(|slots| **slots > 0).count().to_string()),
        ("cluster_current_epoch", state.members[me].current_epoch.to_string()),
        ("cluster_my_epoch", state.config_epoch(me).to_string()),
        // There is no bus.
        ("cluster_stats_messages_sent", "0".into()),
        ("cluster_stats_messages_received", "0".into()),
        ("total_cluster_links_buffer_limit_exceeded", "0".into()),
    ];
    let text: String = lines.iter().map(|(name, value)| format!("{name}:{value}\r\n")).collect();
    context.reply().verbatim(&text);
    Ok(())
}

pub(super) fn links(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    membership(context)?;
    context.reply().array(0);
    Ok(())
}

pub(super) fn my_id(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let (state, me) = state(context)?;
    context.reply().bulk(&state.members[me].id);
    Ok(())
}

pub(super) fn my_shard_id(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let (state, me) = state(context)?;
    context.reply().bulk(&state.members[me].shard);
    Ok(())
}

pub(super) fn count_failure_reports(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let (state, me) = state(context)?;
    state.known(me, &request[2])?;
    context.reply().integer(0);
    Ok(())
}

pub(super) fn key_slot(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    membership(context)?;
    context.reply().integer(slot_of(&request[2]).into());
    Ok(())
}

pub(super) fn count_keys_in_slot(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    membership(context)?;
    let slot = slot(integer(&request[2])?).ok_or("ERR Invalid slot")?;
    let keys = context.node.keys.slot_len(slot);
    context.reply().count(keys);
    Ok(())
}

pub(super) fn get_keys_in_slot(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    membership(context)?;
    let (number, most) = (integer(&request[2])?, integer(&request[3])?);
    let asked = slot(number).zip(usize::try_from(most).ok());
    let (slot, most) = asked.ok_or("ERR Invalid slot or number of keys")?;
    let keys: Vec<_> = context.node.keys.in_slot(slot).take(most).collect();
    context.client.reply.array(keys.len());
    keys.into_iter().for_each(|entry| context.client.reply.bulk(entry.key()));
    Ok(())
}

/// The slot with this number.
pub(super) fn slot(number: i64) -> Option<u16> {
    u16::try_from(number).ok().filter(|slot| *slot < SLOTS)
}

pub(super) fn membership<'a>(context: &'a Context<'_>) -> Result<&'a Membership, Refusal> {
    context.node.cluster.as_ref().ok_or_else(|| "ERR This instance has cluster support disabled".into())
}

/// The state as this node sees it now, and which of its members it is.
fn state(context: &Context<'_>) -> Result<(State, MemberIndex), Refusal> {
    let membership = membership(context)?;
    Ok((membership.shared.read().seen_by(membership.member), membership.member))
}

/// The same, with the addresses that this client can reach.
fn told_state(context: &Context<'_>) -> Result<(State, MemberIndex), Refusal> {
    let (mut state, me) = state(context)?;
    for member in &mut state.members {
        member.address = reachable(member.address, context.client.local_address);
    }
    Ok((state, me))
}

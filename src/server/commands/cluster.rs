//! CLUSTER: who owns what, as the nodes tell it.

use std::net::SocketAddr;

use super::parse::integer;
use crate::resp::Request;
use crate::server::cluster::{MemberIndex, State, spelt};
use crate::server::execute::{Context, Refusal};
use crate::server::node::Membership;
use crate::server::reply::Reply;
use crate::slots::{SLOTS, slot_of};

pub(super) fn slots(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let state = membership(context)?.shared.read().clone();
    let masters = 0..state.members.len();
    let ranges: Vec<_> = masters
        .flat_map(|master| state.ranges(master).into_iter().map(move |range| (master, range)))
        .collect();
    let asked_at = context.client.local_address;
    let reply = context.reply();
    reply.array(ranges.len());
    for (master, (first, last)) in ranges {
        let replicas = replicas(&state, master);
        reply.array(3 + replicas.len());
        reply.integer(first.into());
        reply.integer(last.into());
        for node in std::iter::once(master).chain(replicas) {
            let member = &state.members[node];
            let address = member.announced(asked_at);
            reply.array(4);
            reply.bulk(address.ip().to_string());
            reply.integer(address.port().into());
            reply.bulk(&member.id);
            reply.array(0);
        }
    }
    Ok(())
}

pub(super) fn shards(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let state = membership(context)?.shared.read().clone();
    let masters: Vec<MemberIndex> =
        (0..state.members.len()).filter(|member| state.members[*member].replica_of.is_none()).collect();
    let asked_at = context.client.local_address;
    let reply = context.reply();
    reply.array(masters.len());
    for master in masters {
        let ranges = state.ranges(master);
        reply.map(2);
        reply.bulk("slots");
        reply.array(2 * ranges.len());
        for (first, last) in ranges {
            reply.integer(first.into());
            reply.integer(last.into());
        }
        let nodes: Vec<_> = std::iter::once(master).chain(replicas(&state, master)).collect();
        reply.bulk("nodes");
        reply.array(nodes.len());
        nodes.into_iter().for_each(|node| shard_node(&state, node, asked_at, reply));
    }
    Ok(())
}

fn shard_node(state: &State, node: MemberIndex, asked_at: SocketAddr, reply: &mut Reply) {
    let member = &state.members[node];
    let address = member.announced(asked_at);
    let ip = address.ip().to_string();
    reply.map(7);
    for (name, text) in [("id", member.id.as_str()), ("ip", &ip), ("endpoint", &ip)] {
        reply.bulk(name);
        reply.bulk(text);
    }
    for (name, number) in [("port", address.port().into()), ("replication-offset", 0)] {
        reply.bulk(name);
        reply.integer(number);
    }
    let role = if member.replica_of.is_some() { "replica" } else { "master" };
    for (name, text) in [("role", role), ("health", "online")] {
        reply.bulk(name);
        reply.bulk(text);
    }
}

pub(super) fn nodes(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let membership = membership(context)?;
    let text = nodes_text(&membership.shared.read(), membership.member, context.client.local_address);
    context.reply().verbatim(&text);
    Ok(())
}

/// A line for each node, as one of them sees them all.
fn nodes_text(state: &State, myself: MemberIndex, asked_at: SocketAddr) -> String {
    let mut text = String::new();
    for (index, member) in state.members.iter().enumerate() {
        let flags = if index == myself { "myself," } else { "" };
        let (role, master) = match member.replica_of {
            Some(master) => ("slave", state.members[master].id.as_str()),
            None => ("master", "-"),
        };
        text += &format!(
            "{} {} {flags}{role} {master} 0 0 {} connected",
            member.id,
            with_bus_port(member.announced(asked_at)),
            member.config_epoch
        );
        for (first, last) in state.ranges(index) {
            text += &if first == last { format!(" {first}") } else { format!(" {first}-{last}") };
        }
        for (moves, arrow) in [(&state.migrating, ">"), (&state.importing, "<")] {
            for (slot, _, other) in moves.iter().filter(|moved| moved.1 == index && index == myself) {
                text += &format!(" [{slot}-{arrow}-{}]", state.members[*other].id);
            }
        }
        text.push('\n');
    }
    text
}

/// There is no bus; clients expect its port all the same, and take 0 for none.
fn with_bus_port(address: SocketAddr) -> String {
    format!("{}@0", spelt(address))
}

pub(super) fn info(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let membership = membership(context)?;
    let state = membership.shared.read().clone();
    let assigned = state.owners.iter().flatten().count();
    let masters = (0..state.members.len()).filter(|member| !state.ranges(*member).is_empty()).count();
    let epoch = state.members[membership.member].config_epoch;
    let lines = [
        ("cluster_state", if state.is_whole() { "ok" } else { "fail" }.to_owned()),
        ("cluster_slots_assigned", assigned.to_string()),
        ("cluster_slots_ok", assigned.to_string()),
        ("cluster_slots_pfail", "0".into()),
        ("cluster_slots_fail", "0".into()),
        ("cluster_known_nodes", state.members.len().to_string()),
        ("cluster_size", masters.to_string()),
        ("cluster_current_epoch", state.current_epoch.to_string()),
        ("cluster_my_epoch", epoch.to_string()),
    ];
    let text: String = lines.iter().map(|(name, value)| format!("{name}:{value}\r\n")).collect();
    context.reply().verbatim(&text);
    Ok(())
}

pub(super) fn my_id(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let membership = membership(context)?;
    let id = membership.shared.read().members[membership.member].id.clone();
    context.reply().bulk(id);
    Ok(())
}

pub(super) fn key_slot(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    membership(context)?;
    context.reply().integer(slot_of(&request[2]).into());
    Ok(())
}

pub(super) fn count_keys_in_slot(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    membership(context)?;
    let slot = slot(&request[2])?;
    let keys = context.node.keys.slot_len(slot);
    context.reply().count(keys);
    Ok(())
}

pub(super) fn get_keys_in_slot(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    membership(context)?;
    let (slot, most) = (slot(&request[2])?, integer(&request[3])?);
    let most = usize::try_from(most).map_err(|_| "ERR Invalid number of keys")?;
    let keys: Vec<_> = context.node.keys.in_slot(slot).take(most).map(|entry| entry.key()).collect();
    context.client.reply.array(keys.len());
    keys.into_iter().for_each(|key| context.client.reply.bulk(key));
    Ok(())
}

fn slot(word: &[u8]) -> Result<u16, Refusal> {
    let slot = integer(word).ok().and_then(|slot| u16::try_from(slot).ok()).filter(|slot| *slot < SLOTS);
    slot.ok_or_else(|| "ERR Invalid slot".into())
}

fn membership<'a>(context: &'a Context<'_>) -> Result<&'a Membership, Refusal> {
    context.node.cluster.as_ref().ok_or_else(|| "ERR This instance has cluster support disabled".into())
}

fn replicas(state: &State, master: MemberIndex) -> Vec<MemberIndex> {
    (0..state.members.len()).filter(|member| state.members[*member].replica_of == Some(master)).collect()
}

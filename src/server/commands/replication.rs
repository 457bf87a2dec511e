//! Commands about masters and replicas.

use super::cluster::membership;
use super::parse::{SYNTAX, integer, is};
use crate::resp::Request;
use crate::server::execute::{Context, Refusal, quoted};
use crate::server::replication::{Link, Wait};

/// What those are told who wait at a master that is one no more.
const UNBLOCKED: &str =
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";

pub(super) fn role(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let (local, offset) = (context.client.local_address, context.node.offset());
    if let (Some(link), Some(master)) = (context.node.link(), context.node.replication.master) {
        let address = context.node.address_of(master, local);
        let reply = context.reply();
        reply.array(5);
        reply.bulk("slave");
        reply.bulk(address.ip().to_string());
        reply.integer(address.port().into());
        reply.bulk(match link {
            Link::Up => "connected",
            Link::Copying => "sync",
            Link::Down => "connect",
        });
        reply.integer(if link == Link::Up { offset as i64 } else { -1 });
        return Ok(());
    }
    let replicas = context.node.replicas();
    let addresses: Vec<_> =
        replicas.iter().map(|replica| context.node.address_of(replica.member, local)).collect();
    let reply = context.reply();
    reply.array(3);
    reply.bulk("master");
    reply.integer(offset as i64);
    reply.array(replicas.len());
    for (replica, address) in replicas.iter().zip(addresses) {
        reply.array(3);
        reply.bulk(address.ip().to_string());
        reply.bulk(address.port().to_string());
        reply.bulk(replica.offset.to_string());
    }
    Ok(())
}

/// WAIT waits for all that has been written, also by others: that is at least what the client wrote.
pub(super) fn wait(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    if context.node.replication.master.is_some() {
        if context.client.waited.is_some() {
            return Err(UNBLOCKED.into());
        }
        return Err("ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 \
                    if a replica is configured to be writable (which is not the default) writes to replicas \
                    are just local and are not propagated."
            .into());
    }
    let wait = match context.client.waited {
        Some(wait) => wait,
        None => asked(context, request)?,
    };
    // Within a transaction nothing waits.
    if context.node.is_over(wait) || context.client.transaction.is_some() {
        let replicas = context.node.replicas_at(wait.offset);
        context.reply().count(replicas);
    } else {
        context.client.waiting = Some(wait);
    }
    Ok(())
}

fn asked(context: &mut Context<'_>, request: Request<'_>) -> Result<Wait, Refusal> {
    let replicas = integer(&request[1])?;
    let time = integer(&request[2]).map_err(|_| "ERR timeout is not an integer or out of range")?;
    let time = u64::try_from(time).map_err(|_| "ERR timeout is negative")?;
    let until = (time > 0).then(|| context.node.now.saturating_add(time));
    // Nobody knows yet of what the commands before this one have changed.
    context.node.feed_replicas();
    let offset = context.node.offset();
    Ok(Wait { replicas: usize::try_from(replicas).unwrap_or_default(), offset, until })
}

pub(super) fn replicate(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let membership = membership(context)?;
    let (me, keys) = (membership.member, context.node.keys.len());
    membership.shared.change(|state| state.replicate(me, &request[2], keys))?;
    context.reply().ok();
    Ok(())
}

/// By hand: the master stops writing until the replica has everything. FORCE and TAKEOVER, which differ in who
/// votes for it, do not ask the master.
pub(super) fn failover(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let membership = membership(context)?;
    let is_forced = match request.get(2) {
        _ if request.len() > 3 => {
            let text = "ERR unknown subcommand or wrong number of arguments for";
            return Err(format!("{text} '{}'. Try CLUSTER HELP.", quoted(&request[1])).into());
        }
        None => false,
        Some(word) if is(word, "FORCE") || is(word, "TAKEOVER") => true,
        Some(_) => return Err(SYNTAX.into()),
    };
    let me = membership.member;
    membership.shared.change(|state| match is_forced {
        true => state.take_over(me),
        false => state.ask_to_take_over(me),
    })?;
    context.reply().ok();
    Ok(())
}

/// The fields of INFO's section on replication.
pub(super) fn told(context: &Context<'_>) -> Vec<(String, String)> {
    let (node, local) = (&context.node, context.client.local_address);
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut tell = |name: &str, value: String| fields.push((name.into(), value));
    let offset = node.offset();
    match (node.link(), node.replication.master) {
        (Some(link), Some(master)) => {
            let address = node.address_of(master, local);
            tell("role", "slave".into());
            tell("master_host", address.ip().to_string());
            tell("master_port", address.port().to_string());
            tell("master_link_status", if link == Link::Up { "up" } else { "down" }.into());
            tell("master_last_io_seconds_ago", "0".into());
            tell("master_sync_in_progress", u8::from(link == Link::Copying).to_string());
            tell("slave_read_repl_offset", offset.to_string());
            tell("slave_repl_offset", offset.to_string());
            tell("slave_priority", "100".into());
            tell("slave_read_only", "1".into());
            tell("replica_announced", "1".into());
        }
        _ => tell("role", "master".into()),
    }
    let replicas = node.replicas();
    tell("connected_slaves", replicas.len().to_string());
    for (place, replica) in replicas.iter().enumerate() {
        let address = node.address_of(replica.member, local);
        let state = if replica.is_online { "online" } else { "send_bulk" };
        let (ip, port) = (address.ip(), address.port());
        let line = format!("ip={ip},port={port},state={state},offset={},lag=0", replica.offset);
        tell(&format!("slave{place}"), line);
    }
    let (history, earlier) = node.histories();
    let (earlier, second) =
        earlier.map_or(("0".repeat(40), "-1".into()), |(id, offset)| (id, (offset + 1).to_string()));
    tell("master_failover_state", "no-failover".into());
    tell("master_replid", history);
    tell("master_replid2", earlier);
    tell("master_repl_offset", offset.to_string());
    tell("second_repl_offset", second);
    // Who lost touch begins again: there is no backlog.
    for name in ["active", "size", "first_byte_offset", "histlen"] {
        tell(&format!("repl_backlog_{name}"), "0".into());
    }
    fields
}

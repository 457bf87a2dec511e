//! CLUSTER: what changes who owns what.

use std::net::{IpAddr, SocketAddr};

use super::cluster::{membership, slot};
use super::parse::{SYNTAX, integer, is};
use crate::resp::Request;
use crate::server::cluster::{MemberIndex, State, random_id};
use crate::server::execute::{Context, Refusal};

/// The bus's port is so much above the clients', where it is not given.
const BUS_PORT_OFFSET: i64 = 10_000;

pub(super) fn add_slots(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let slots = request.from(2).map(slot_in).collect::<Result<Vec<_>, _>>()?;
    change(context, |state, me| state.add_slots(me, &slots))
}

pub(super) fn delete_slots(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let slots = request.from(2).map(slot_in).collect::<Result<Vec<_>, _>>()?;
    change(context, |state, me| state.delete_slots(me, &slots))
}

pub(super) fn add_slots_range(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let slots = ranges(request, "addslotsrange")?;
    change(context, |state, me| state.add_slots(me, &slots))
}

pub(super) fn delete_slots_range(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let slots = ranges(request, "delslotsrange")?;
    change(context, |state, me| state.delete_slots(me, &slots))
}

/// All slots of the ranges, each as often as it is named, twice at most: the second time is refused.
fn ranges(request: Request<'_>, name: &str) -> Result<Vec<u16>, Refusal> {
    if !request.len().is_multiple_of(2) {
        return Err(format!("ERR wrong number of arguments for 'cluster|{name}' command").into());
    }
    let mut slots = Vec::new();
    let mut words = request.from(2);
    while let (Some(first), Some(last)) = (words.next(), words.next()) {
        let (first, last) = (slot_in(first)?, slot_in(last)?);
        if first > last {
            return Err(
                format!("ERR start slot number {first} is greater than end slot number {last}").into()
            );
        }
        if slots.len() <= usize::from(crate::slots::SLOTS) {
            slots.extend(first..=last);
        }
    }
    Ok(slots)
}

pub(super) fn flush_slots(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    membership(context)?;
    if context.node.keys.len() > 0 {
        return Err("ERR DB must be empty to perform CLUSTER FLUSHSLOTS.".into());
    }
    change(context, |state, me| {
        state.flush_slots(me);
        Ok(())
    })
}

pub(super) fn set_slot(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    membership(context)?;
    if context.node.replication.master.is_some() {
        return Err("ERR Please use SETSLOT only with masters.".into());
    }
    let slot = slot_in(&request[2])?;
    let keys = context.node.keys.slot_len(slot);
    match (&request[3], request.get(4), request.len()) {
        (word, Some(id), 5) if is(word, "MIGRATING") => {
            change(context, |state, me| state.set_migrating(me, slot, id))
        }
        (word, Some(id), 5) if is(word, "IMPORTING") => {
            change(context, |state, me| state.set_importing(me, slot, id))
        }
        (word, None, _) if is(word, "STABLE") => change(context, |state, me| {
            state.set_stable(me, slot);
            Ok(())
        }),
        (word, Some(id), 5) if is(word, "NODE") => {
            change(context, |state, me| state.set_owner(me, slot, id, keys))
        }
        _ => Err("ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP".into()),
    }
}

pub(super) fn meet(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    membership(context)?;
    let shown = |place: usize| String::from_utf8_lossy(&request[place]).into_owned();
    if request.len() > 5 {
        return Err("ERR wrong number of arguments for 'cluster|meet' command".into());
    }
    let port =
        integer(&request[3]).map_err(|_| format!("ERR Invalid TCP base port specified: {}", shown(3)))?;
    let bus = match request.get(4) {
        Some(word) => {
            integer(word).map_err(|_| format!("ERR Invalid TCP bus port specified: {}", shown(4)))?
        }
        None => port.saturating_add(BUS_PORT_OFFSET),
    };
    let ip: Option<IpAddr> = shown(2).parse().ok();
    let is_port = |port: i64| (1..=i64::from(u16::MAX)).contains(&port);
    let address = ip.filter(|_| is_port(port) && is_port(bus)).map(|ip| SocketAddr::new(ip, port as u16));
    let address =
        address.ok_or_else(|| format!("ERR Invalid node address specified: {}:{}", shown(2), shown(3)))?;
    change(context, |state, me| {
        let other = state.at(address).ok_or_else(|| {
            format!(
                "ERR {address} is no node of this process, and nodes of others cannot be met: there is no bus"
            )
        })?;
        state.meet(me, other);
        Ok(())
    })
}

pub(super) fn forget(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    change(context, |state, me| state.forget(me, &request[2]))
}

pub(super) fn reset(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    membership(context)?;
    let hard = match request.get(2) {
        None => false,
        Some(word) if is(word, "SOFT") => false,
        Some(word) if is(word, "HARD") => true,
        Some(_) => return Err(SYNTAX.into()),
    };
    if request.len() > 3 {
        return Err("ERR wrong number of arguments for 'cluster|reset' command".into());
    }
    if context.node.replication.master.is_some() {
        // What is on its way from its master is not wanted any more, either.
        let membership = membership(context)?;
        membership.shared.feed(membership.member).close();
        context.node.keys.clear();
    } else if context.node.keys.len() > 0 {
        return Err("ERR CLUSTER RESET can't be called with master nodes containing keys".into());
    }
    let id = hard.then(|| random_id(&mut context.node.random));
    change(context, |state, me| {
        state.reset(me, id);
        Ok(())
    })
}

pub(super) fn bump_epoch(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let membership = membership(context)?;
    let me = membership.member;
    let (is_bumped, epoch) =
        membership.shared.change(|state| Ok((state.bump_epoch(me), state.members[me].config_epoch)))?;
    let word = if is_bumped { "BUMPED" } else { "STILL" };
    context.reply().simple(&format!("{word} {epoch}"));
    Ok(())
}

pub(super) fn set_config_epoch(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    membership(context)?;
    let epoch = integer(&request[2])?;
    change(context, |state, me| state.set_config_epoch(me, epoch))
}

/// Changes the state, and answers that it is done.
fn change(
    context: &mut Context<'_>,
    change: impl FnOnce(&mut State, MemberIndex) -> Result<(), String>,
) -> Result<(), Refusal> {
    let membership = membership(context)?;
    membership.shared.change(|state| change(state, membership.member))?;
    context.reply().ok();
    Ok(())
}

fn slot_in(word: &[u8]) -> Result<u16, Refusal> {
    integer(word).ok().and_then(slot).ok_or_else(|| "ERR Invalid or out of range slot".into())
}

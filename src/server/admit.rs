//! What is checked before a command runs, in the order in which Redis checks it: its arity, whether its
//! client may say it, whose its keys are, and whether there is room. It changes nothing but what expires
//! or has to go.

use std::net::SocketAddr;

use super::address::spelt;
use super::client::Client;
use super::cluster::SlotState;
use super::commands::{Flags, Spec};
use super::evict::make_room;
use super::execute::Refusal;
use super::node::Node;
use super::transaction::is_exec;
use crate::resp::Request;
use crate::slots::{hash_tag, slot_of};

/// What a replica answers to a change that concerns no key that a master could be named for.
const READ_ONLY: &str = "READONLY You can't write against a read only replica.";
/// Codes of the errors that say that this node is not the one to ask, or not at this time.
pub(super) const REDIRECTS: [&str; 5] = ["MOVED ", "ASK ", "TRYAGAIN ", "CROSSSLOT ", "CLUSTERDOWN "];

/// Checks everything that can refuse a command before it runs, or waits for EXEC, and gives the slot of its keys.
pub(super) fn admit(
    node: &mut Node,
    client: &Client,
    request: Request<'_>,
    spec: &Spec,
    asking: bool,
) -> Result<u16, Refusal> {
    if !spec.takes(request.len()) {
        return Err(format!("ERR wrong number of arguments for '{}' command", spec.name).into());
    }
    if node.wants_auth(client) && !spec.flags.has(Flags::NO_AUTH) {
        return Err("NOAUTH Authentication required.".into());
    }
    if client.transaction.is_some() && spec.flags.has(Flags::NO_MULTI) {
        return Err("ERR Command not allowed inside a transaction".into());
    }
    let is_write = flags_of(client, spec).has(Flags::WRITE);
    let welcome =
        Welcome { asking: asking || spec.flags.has(Flags::ASKING), copy: client.readonly && !is_write };
    let mut slot = 0;
    if let Some(first) = spec.keys.first(request) {
        slot = slot_of(first);
        if node.cluster.is_some() {
            redirect(node, spec.keys.of(request), slot, welcome, client.local_address)?;
        }
    } else if node.cluster.is_some() && is_exec(spec) {
        // What was at home here when it was queued may have gone.
        let keys = client.transaction.as_ref().map(|transaction| transaction.keys()).unwrap_or_default();
        if let Some(first) = keys.first() {
            redirect(node, keys.iter().copied(), slot_of(first), welcome, client.local_address)?;
        }
    }
    if is_write && node.replication.master.is_some() {
        return Err(READ_ONLY.into());
    }
    if node.config.maxmemory > 0 && grows(client, spec) && !make_room(node) {
        return Err("OOM command not allowed when used memory > 'maxmemory'.".into());
    }
    Ok(slot)
}

/// What a command is: EXEC is what its queue is, too.
pub(super) fn flags_of(client: &Client, spec: &Spec) -> Flags {
    match &client.transaction {
        Some(transaction) if is_exec(spec) => spec.flags.and(transaction.flags),
        _ => spec.flags,
    }
}

/// Whether a command takes memory: one that is queued does, whatever it is.
fn grows(client: &Client, spec: &Spec) -> bool {
    let is_queued = client.transaction.is_some() && !spec.flags.has(Flags::UNQUEUED);
    is_queued || flags_of(client, spec).has(Flags::DENY_OOM)
}

/// What a client may have here that is at home elsewhere.
#[derive(Clone, Copy)]
struct Welcome {
    /// It was sent here by the owner of a slot that is being imported.
    asking: bool,
    /// It takes a replica's word.
    copy: bool,
}

/// Refuses what this node may not answer, and says who may. The first of the keys is in `slot`.
fn redirect<'a>(
    node: &mut Node,
    keys: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
    slot: u16,
    welcome: Welcome,
    local: SocketAddr,
) -> Result<(), Refusal> {
    let state = served_slot(node, keys.clone(), slot)?;
    const TRY_AGAIN: &str = "TRYAGAIN Multiple keys request during rehashing of slot";
    let (word, to) = match state {
        SlotState::Own | SlotState::Unowned => return Ok(()),
        SlotState::Other(owner) if welcome.copy && node.replication.master == Some(owner) => return Ok(()),
        SlotState::Other(owner) => ("MOVED", owner),
        // Keys that are still here are answered here; those that are gone are asked for over there.
        SlotState::Migrating(target) => match absent(node, keys.clone(), slot) {
            0 => return Ok(()),
            absent if absent < keys.len() => return Err(TRY_AGAIN.into()),
            _ => ("ASK", target),
        },
        SlotState::Importing(owner) if !welcome.asking => ("MOVED", owner),
        SlotState::Importing(_) => {
            let mut others = keys.clone();
            let first = others.next();
            // The same key more than once is one key.
            let is_one = others.all(|key| Some(key) == first);
            return if is_one || absent(node, keys, slot) == 0 { Ok(()) } else { Err(TRY_AGAIN.into()) };
        }
    };
    Err(format!("{word} {slot} {}", spelt(node.address_of(to, local))).into())
}

/// How this node sees the slot of these keys, if the cluster serves it and they are all in it.
pub(crate) fn served_slot<'a>(
    node: &Node,
    mut keys: impl Iterator<Item = &'a [u8]>,
    slot: u16,
) -> Result<SlotState, Refusal> {
    let Some(cluster) = &node.cluster else { return Ok(SlotState::Own) };
    let state = cluster.slot(slot);
    if state == SlotState::Unowned {
        return Err("CLUSTERDOWN Hash slot not served".into());
    }
    let tag = keys.next().map(hash_tag);
    if !keys.all(|key| Some(hash_tag(key)) == tag || slot_of(key) == slot) {
        return Err("CROSSSLOT Keys in request don't hash to the same slot".into());
    }
    if !cluster.is_whole && node.config.cluster_require_full_coverage {
        return Err("CLUSTERDOWN The cluster is down".into());
    }
    Ok(state)
}

/// How many of the keys are not here.
fn absent<'a>(node: &mut Node, keys: impl Iterator<Item = &'a [u8]>, slot: u16) -> usize {
    let now = node.now;
    keys.filter(|key| node.keys.get(slot, key, now).is_none()).count()
}

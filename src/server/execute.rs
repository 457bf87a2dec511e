//! One request: what is checked before a command runs, in the order in which Redis checks it, and
//! what is counted about it.

use std::borrow::Cow;

use super::client::Client;
use super::cluster::{SlotState, spelt};
use super::commands::{FAULT_COMMAND, Flags, Spec, TABLE, find};
use super::fault::Strike;
use super::node::Node;
use super::reply::Reply;
use crate::resp::Request;
use crate::slots::{hash_tag, slot_of};

/// Letters of an unknown command that are repeated to its sender.
const QUOTED_BYTES: usize = 128;

/// An error reply, without its `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) Cow<'static, str>);

impl From<&'static str> for Refusal {
    fn from(text: &'static str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Refusal {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// What a command works with.
pub(crate) struct Context<'a> {
    pub(crate) node: &'a mut Node,
    pub(crate) client: &'a mut Client,
    /// The slot of the command's keys; 0 if it has none.
    pub(crate) slot: u16,
}

impl Context<'_> {
    /// Where the answer goes.
    pub(crate) fn reply(&mut self) -> &mut Reply {
        &mut self.client.reply
    }
}

/// Runs one request, and answers it.
pub(crate) fn execute(node: &mut Node, client: &mut Client, request: Request<'_>) {
    let answered = client.reply.len();
    let found = find(&request);
    let struck = if node.faults.are_set() { strike(node, found.as_ref().ok()) } else { None };
    let result = match found {
        _ if struck == Some(Strike::Swallow) => return,
        _ if struck == Some(Strike::Restart) => {
            node.restart();
            // What was not sent yet is never said.
            client.reply.truncate(0);
            client.closing = true;
            return;
        }
        Ok(place) => match struck {
            Some(Strike::Refuse(text)) => {
                node.stats.commands[place].rejected += 1;
                Err(refusal(node, client, TABLE[place].keys.first(request), text))
            }
            _ => run(node, client, request, place),
        },
        Err(refusal) => Err(refusal),
    };
    if let Err(Refusal(text)) = result {
        node.stats.error(&text);
        client.reply.truncate(answered);
        client.reply.error(&text);
    }
    if !client.wants_reply() {
        client.reply.truncate(answered);
    }
    client.command_ended();
}

/// What a fault makes of a command.
fn strike(node: &mut Node, place: Option<&usize>) -> Option<Strike> {
    let spec = place.map(|place| &TABLE[*place]);
    if spec.is_some_and(|spec| spec.name == FAULT_COMMAND) {
        return None;
    }
    node.faults.strike(spec.is_some_and(|spec| spec.flags.has(Flags::WRITE) && spec.keys.first > 0))
}

/// An error on demand, with the slot of the key and a node that does not have it.
fn refusal(node: &Node, client: &Client, key: Option<&[u8]>, text: &str) -> Refusal {
    let elsewhere = match &node.cluster {
        Some(cluster) => {
            let members = &cluster.shared.read().members;
            members[(cluster.member + 1) % members.len()].announced(client.local_address)
        }
        None => client.local_address,
    };
    let slot = key.map_or(0, slot_of).to_string();
    Refusal(text.replace("{slot}", &slot).replace("{node}", &spelt(elsewhere)).into())
}

fn run(node: &mut Node, client: &mut Client, request: Request<'_>, place: usize) -> Result<(), Refusal> {
    let spec = &TABLE[place];
    let asking = std::mem::take(&mut client.asking);
    client.last_command = spec.name;
    let slot = match admit(node, client, request, spec, asking) {
        Ok(slot) => slot,
        Err(refusal) => {
            node.stats.commands[place].rejected += 1;
            return Err(refusal);
        }
    };
    node.stats.begin(place);
    client.commands += 1;
    let done = (spec.run)(&mut Context { node, client, slot }, request);
    if done.is_err() {
        node.stats.commands[place].failed += 1;
    }
    done
}

/// Checks everything that can refuse a command before it runs, and gives the slot of its keys.
fn admit(
    node: &mut Node,
    client: &Client,
    request: Request<'_>,
    spec: &Spec,
    asking: bool,
) -> Result<u16, Refusal> {
    let words = request.len() as i32;
    if (spec.arity > 0 && words != spec.arity) || words < -spec.arity {
        return Err(format!("ERR wrong number of arguments for '{}' command", spec.name).into());
    }
    if !client.authenticated && !spec.flags.has(Flags::NO_AUTH) {
        return Err("NOAUTH Authentication required.".into());
    }
    let Some(first) = spec.keys.first(request) else { return Ok(0) };
    let slot = slot_of(first);
    let tag = hash_tag(first);
    let same = |key: &[u8]| hash_tag(key) == tag || slot_of(key) == slot;
    if node.cluster.is_some() {
        if !spec.keys.of(request).skip(1).all(same) {
            return Err("CROSSSLOT Keys in request don't hash to the same slot".into());
        }
        redirect(node, client, request, spec, slot, asking)?;
    }
    Ok(slot)
}

/// Refuses what this node may not answer, and says who may.
fn redirect(
    node: &mut Node,
    client: &Client,
    request: Request<'_>,
    spec: &Spec,
    slot: u16,
    asking: bool,
) -> Result<(), Refusal> {
    let Some(cluster) = &mut node.cluster else { return Ok(()) };
    let state = cluster.slot(slot);
    if !cluster.is_whole && node.config.cluster_require_full_coverage {
        return Err("CLUSTERDOWN The cluster is down".into());
    }
    let to = match state {
        SlotState::Own => return Ok(()),
        SlotState::Unowned => return Err("CLUSTERDOWN Hash slot not served".into()),
        SlotState::Other(owner) => ("MOVED", owner),
        // Keys that are still here are answered here; those that are gone are asked for over there.
        SlotState::Migrating(target) => match absent(node, request, spec, slot) {
            (0, _) => return Ok(()),
            (absent, keys) if absent < keys => {
                return Err("TRYAGAIN Multiple keys request during rehashing of slot".into());
            }
            _ => ("ASK", target),
        },
        SlotState::Importing(owner) if !asking => ("MOVED", owner),
        SlotState::Importing(_) => match absent(node, request, spec, slot) {
            (1.., 2..) => return Err("TRYAGAIN Multiple keys request during rehashing of slot".into()),
            _ => return Ok(()),
        },
    };
    let Some(cluster) = &node.cluster else { return Ok(()) };
    let address = cluster.shared.read().members[to.1].announced(client.local_address);
    let address = spelt(address);
    Err(format!("{} {slot} {address}", to.0).into())
}

/// How many of the command's keys are not here, and how many it has.
fn absent(node: &mut Node, request: Request<'_>, spec: &Spec, slot: u16) -> (usize, usize) {
    let now = node.now;
    let keys = spec.keys.of(request);
    let count = keys.len();
    (keys.filter(|key| node.keys.get(slot, key, now).is_none()).count(), count)
}

/// Bytes of a client's, as an error repeats them.
pub(crate) fn quoted(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(&bytes[..bytes.len().min(QUOTED_BYTES)])
}

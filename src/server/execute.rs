//! One request: what is checked before a command runs, in the order in which Redis checks it, and
//! what is counted about it.

use std::borrow::Cow;
use std::net::SocketAddr;

use super::address::spelt;
use super::client::Client;
use super::cluster::SlotState;
use super::commands::{FAULT_COMMAND, Flags, Spec, TABLE, find};
use super::evict::make_room;
use super::fault::Strike;
use super::node::{Membership, Node};
use super::reply::Reply;
use crate::resp::Request;
use crate::slots::{hash_tag, slot_of};

/// Letters of an unknown command that are repeated to its sender.
pub(crate) const QUOTED_BYTES: usize = 128;

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

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Execution {
    /// It was answered, or refused.
    Done,
    /// It has to be tried again when the node's pause ends, and what follows it has to wait.
    HeldBack,
}

/// Runs one request, and answers it.
pub(crate) fn execute(node: &mut Node, client: &mut Client, request: Request<'_>) -> Execution {
    let answered = client.reply.len();
    // Whatever this command is, ASKING was for it.
    let asking = std::mem::take(&mut client.asking);
    node.look_at_cluster();
    let found = place_of(node, &request);
    let struck = if node.faults.are_set() { strike(node, found.as_ref().ok()) } else { None };
    let result = match found {
        _ if struck == Some(Strike::Swallow) => return Execution::Done,
        _ if struck == Some(Strike::Restart) => {
            node.restart();
            // What was not sent yet is never said.
            client.reply.truncate(0);
            client.closing = true;
            return Execution::Done;
        }
        Ok(place) => match struck {
            Some(Strike::Refuse(text)) => {
                node.stats.commands[place].rejected += 1;
                Err(refusal(node, client, TABLE[place].keys.first(request), text))
            }
            _ => run(node, client, request, place, asking),
        },
        // A browser that was told to talk to this port: whatever follows is not meant.
        Err(_) if [&b"post"[..], b"host:"].iter().any(|word| request[0].eq_ignore_ascii_case(word)) => {
            client.closing = true;
            return Execution::Done;
        }
        Err(refusal) => Err(refusal),
    };
    if matches!(result, Ok(Execution::HeldBack)) {
        return Execution::HeldBack;
    }
    if let Err(Refusal(text)) = result {
        node.stats.error(&text);
        client.reply.truncate(answered);
        client.reply.error(&*text);
    }
    if !client.wants_reply() {
        client.reply.truncate(answered);
    }
    client.command_ended();
    Execution::Done
}

/// The place of the request's command in the table: most often it is that of the request before.
fn place_of(node: &mut Node, request: &Request<'_>) -> Result<usize, Refusal> {
    let same = |place: &usize| TABLE[*place].name.as_bytes().eq_ignore_ascii_case(&request[0]);
    if let Some(place) = node.last_place.filter(same) {
        return Ok(place);
    }
    let place = find(request)?;
    // One name is not enough to tell subcommands by.
    let spec = &TABLE[place];
    let is_plain = !spec.flags.has(Flags::CONTAINER) && !spec.name.contains('|');
    node.last_place = is_plain.then_some(place);
    Ok(place)
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
    let next = |cluster: &Membership| (cluster.member + 1) % cluster.shared.read().members.len();
    let elsewhere = node.cluster.as_ref().map(next);
    let elsewhere =
        elsewhere.map_or(client.local_address, |next| node.address_of(next, client.local_address));
    let slot = key.map_or(0, slot_of).to_string();
    Refusal(text.replace("{slot}", &slot).replace("{node}", &spelt(elsewhere)).into())
}

fn run(
    node: &mut Node,
    client: &mut Client,
    request: Request<'_>,
    place: usize,
    asking: bool,
) -> Result<Execution, Refusal> {
    let spec = &TABLE[place];
    client.last_command = spec.name;
    let slot = match admit(node, client, request, spec, asking) {
        Ok(slot) => slot,
        Err(refusal) => {
            node.stats.commands[place].rejected += 1;
            return Err(refusal);
        }
    };
    if node.holds_back(spec.flags) {
        client.asking = asking;
        return Ok(Execution::HeldBack);
    }
    node.stats.begin(place);
    let done = (spec.run)(&mut Context { node, client, slot }, request);
    client.commands += 1;
    if done.is_err() {
        node.stats.commands[place].failed += 1;
    }
    done.map(|()| Execution::Done)
}

/// Checks everything that can refuse a command before it runs, and gives the slot of its keys.
fn admit(
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
    let Some(first) = spec.keys.first(request) else { return Ok(0) };
    let slot = slot_of(first);
    if node.cluster.is_some() {
        let address = client.local_address;
        redirect(node, spec.keys.of(request), slot, asking || spec.flags.has(Flags::ASKING), address)?;
    }
    if spec.flags.has(Flags::DENY_OOM) && node.config.maxmemory > 0 && !make_room(node) {
        return Err("OOM command not allowed when used memory > 'maxmemory'.".into());
    }
    Ok(slot)
}

/// Refuses what this node may not answer, and says who may. The first of the keys is in `slot`.
fn redirect<'a>(
    node: &mut Node,
    keys: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
    slot: u16,
    asking: bool,
    local: SocketAddr,
) -> Result<(), Refusal> {
    let state = served_slot(node, keys.clone(), slot)?;
    const TRY_AGAIN: &str = "TRYAGAIN Multiple keys request during rehashing of slot";
    let (word, to) = match state {
        SlotState::Own | SlotState::Unowned => return Ok(()),
        SlotState::Other(owner) => ("MOVED", owner),
        // Keys that are still here are answered here; those that are gone are asked for over there.
        SlotState::Migrating(target) => match absent(node, keys.clone(), slot) {
            0 => return Ok(()),
            absent if absent < keys.len() => return Err(TRY_AGAIN.into()),
            _ => ("ASK", target),
        },
        SlotState::Importing(owner) if !asking => ("MOVED", owner),
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

/// Bytes of a client's, as an error repeats them.
pub(crate) fn quoted(bytes: &[u8]) -> Cow<'_, str> {
    // As far as C would print them.
    let end = bytes.iter().take(QUOTED_BYTES).position(|byte| *byte == 0);
    String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len().min(QUOTED_BYTES))])
}

//! One request: it is admitted or refused, run, counted, and answered, unless its client wants no answer.

use std::borrow::Cow;

use super::address::spelt;
use super::admit::{REDIRECTS, admit, flags_of};
use super::client::Client;
use super::commands::{FAULT_COMMAND, Flags, TABLE, find};
use super::fault::Strike;
use super::node::{Membership, Node};
use super::reply::Reply;
use super::transaction::is_exec;
use crate::resp::Request;
use crate::slots::slot_of;

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
    /// It has to be tried again when a pause ends, or replicas have come further, and what follows it has to wait.
    HeldBack,
}

/// Runs one request, and answers it.
pub(crate) fn execute(node: &mut Node, client: &mut Client, request: Request<'_>) -> Execution {
    client.answered = client.reply.len();
    // Whatever this command is, ASKING was for it, or for the transaction that it is part of.
    let asking = std::mem::take(&mut client.asking);
    client.waited = client.waiting.take();
    node.look_at_cluster();
    let found = place_of(node, &request);
    let struck = if node.faults.are_set() { strike(node, found.as_ref().ok()) } else { None };
    let result = match found {
        _ if struck == Some(Strike::Swallow) => return Execution::Done,
        _ if matches!(struck, Some(Strike::Restart | Strike::Crash)) => {
            match struck {
                Some(Strike::Crash) => node.leave(),
                _ => node.restart(),
            }
            // What was not sent yet is never said.
            client.reply.truncate(0);
            client.closing = true;
            return Execution::Done;
        }
        Ok(place) => match struck {
            Some(Strike::Refuse(text)) => {
                let refusal = refusal(node, client, TABLE[place].keys.first(request), text);
                Err(reject(node, client, place, refusal))
            }
            _ => run(node, client, request, place, asking),
        },
        // A browser that was told to talk to this port: whatever follows is not meant.
        Err(_) if [&b"post"[..], b"host:"].iter().any(|word| request[0].eq_ignore_ascii_case(word)) => {
            client.closing = true;
            return Execution::Done;
        }
        Err(refusal) => {
            fail_transaction(client);
            Err(refusal)
        }
    };
    if matches!(result, Ok(Execution::HeldBack)) {
        return Execution::HeldBack;
    }
    answer(node, client, result.map(|_| ()), false);
    client.asking |= asking && client.transaction.is_some();
    client.command_ended();
    Execution::Done
}

/// Ends the answer to a command: an error takes the place of what there is of it, and what is not wanted goes.
/// Of a client that was sent away before, nothing is.
pub(super) fn answer(node: &mut Node, client: &mut Client, result: Result<(), Refusal>, was_closing: bool) {
    if let Err(Refusal(text)) = result {
        node.stats.error(&text);
        client.reply.truncate(client.answered);
        client.reply.error(&*text);
    }
    if was_closing {
        client.reply.truncate(client.answered);
    }
    client.settle_answer();
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
        Err(refusal) => return Err(reject(node, client, place, refusal)),
    };
    // Who has waited once is not held back again.
    if client.waited.is_none() && node.holds_back(flags_of(client, spec)) {
        client.asking = asking;
        return Ok(Execution::HeldBack);
    }
    match &mut client.transaction {
        Some(transaction) if !spec.flags.has(Flags::UNQUEUED) => {
            transaction.queue(place, slot, &request);
            client.reply.simple("QUEUED");
            Ok(Execution::Done)
        }
        _ => carry_out(node, client, (place, slot), request),
    }
}

/// Runs and counts a command that was admitted: its place in the table, and the slot of its keys.
pub(super) fn carry_out(
    node: &mut Node,
    client: &mut Client,
    (place, slot): (usize, u16),
    request: Request<'_>,
) -> Result<Execution, Refusal> {
    node.stats.begin(place);
    let done = (TABLE[place].run)(&mut Context { node, client, slot }, request);
    if client.waiting.is_some() {
        // It has not been executed; it will begin again.
        node.stats.take_back(place);
        return Ok(Execution::HeldBack);
    }
    client.commands += 1;
    if node.should_feed() {
        node.feed_replicas();
    }
    if done.is_err() {
        node.stats.commands[place].failed += 1;
    }
    done.map(|()| Execution::Done)
}

/// Counts a command that was not admitted. A transaction that it was to be part of fails later; one that it was
/// to execute has failed, and the client is told so unless it is only at the wrong node.
fn reject(node: &mut Node, client: &mut Client, place: usize, refusal: Refusal) -> Refusal {
    node.stats.commands[place].rejected += 1;
    if !is_exec(&TABLE[place]) {
        fail_transaction(client);
        return refusal;
    }
    client.transaction = None;
    let Refusal(text) = &refusal;
    if REDIRECTS.iter().any(|code| text.starts_with(code)) {
        return refusal;
    }
    let why = text.strip_prefix("ERR ").unwrap_or(text);
    format!("EXECABORT Transaction discarded because of: {why}").into()
}

fn fail_transaction(client: &mut Client) {
    if let Some(transaction) = &mut client.transaction {
        transaction.failed = true;
    }
}

/// Bytes of a client's, as an error repeats them.
pub(crate) fn quoted(bytes: &[u8]) -> Cow<'_, str> {
    // As far as C would print them.
    let end = bytes.iter().take(QUOTED_BYTES).position(|byte| *byte == 0);
    String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len().min(QUOTED_BYTES))])
}

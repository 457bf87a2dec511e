//! MIGRATE: hands keys over to another server. A key is removed here when the other has answered that it
//! has it, and not before.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use super::parse::{SYNTAX, integer, is};
use crate::resp::{Request, Value, encode_command};
use crate::server::admit::served_slot;
use crate::server::cluster::SlotState;
use crate::server::execute::{Context, Refusal};
use crate::server::rdb;
use crate::server::transfer::{Transfer, resolve};
use crate::slots::slot_of;

/// Where the request gives no time.
const DEFAULT_TIMEOUT_MS: u64 = 1000;
const NO_CONNECTION: &str = "IOERR error or timeout connecting to the client";
const NOT_WRITTEN: &str = "IOERR error or timeout writing to target instance";
const NOT_READ: &str = "IOERR error or timeout reading to target instance";

/// What MIGRATE says.
struct Order<'a> {
    keys: Vec<&'a [u8]>,
    database: i64,
    timeout: Duration,
    copy: bool,
    replace: bool,
    /// AUTH and its arguments, if it is to be said first.
    login: Vec<&'a [u8]>,
}

/// What goes over the wire.
struct Wire {
    bytes: Vec<u8>,
    /// Answers that come before those of the keys.
    preludes: usize,
}

pub(super) fn migrate(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let mut order = Order::of(request)?;
    if context.node.cluster.is_some() {
        admit(context, &order)?;
    }
    let now = context.node.now;
    order.keys.retain(|key| {
        context.in_slot_of(key);
        context.node.keys.get(context.slot, key, now).is_some()
    });
    if order.keys.is_empty() {
        context.reply().simple("NOKEY");
        return Ok(());
    }
    let wire = wire(context, &order);
    let (mut result, was_kept) = send_keys(context, request, &order, &wire, true);
    // What was kept may have been closed by the other side meanwhile.
    if was_kept && result.as_ref().is_err_and(|(_, may_retry)| *may_retry) {
        (result, _) = send_keys(context, request, &order, &wire, false);
    }
    // That may have taken a while.
    context.node.look_at_clock();
    result.map_err(|(refusal, _)| refusal)?;
    context.reply().ok();
    Ok(())
}

/// Which words of a request are keys, as COMMAND GETKEYS tells them: other mistakes than a key and KEYS
/// are left to the command itself.
pub(super) fn keys(request: Request<'_>) -> Option<Vec<&[u8]>> {
    let mut words = request.from(6);
    while let Some(word) = words.next() {
        match word {
            _ if is(word, "AUTH") => drop(words.next()),
            _ if is(word, "AUTH2") => drop(words.nth(1)),
            _ if is(word, "KEYS") && words.len() > 0 => {
                return request[3].is_empty().then(|| words.collect());
            }
            _ => {}
        }
    }
    Some(vec![request.get(3).unwrap_or_default()])
}

impl<'a> Order<'a> {
    fn of(request: Request<'a>) -> Result<Self, Refusal> {
        let (mut copy, mut replace, mut login) = (false, false, Vec::new());
        let mut keys = vec![request.get(3).unwrap_or_default()];
        let mut words = request.from(6);
        while let Some(word) = words.next() {
            match word {
                _ if is(word, "COPY") => copy = true,
                _ if is(word, "REPLACE") => replace = true,
                _ if is(word, "AUTH") => login = vec![b"AUTH", words.next().ok_or(SYNTAX)?],
                _ if is(word, "AUTH2") => {
                    login = vec![b"AUTH", words.next().ok_or(SYNTAX)?, words.next().ok_or(SYNTAX)?];
                }
                _ if is(word, "KEYS") => {
                    if !request[3].is_empty() {
                        let text = "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string";
                        return Err(text.into());
                    }
                    keys = words.by_ref().collect();
                }
                _ => return Err(SYNTAX.into()),
            }
        }
        let timeout = integer(&request[5])?;
        let database = integer(&request[4])?;
        let timeout = u64::try_from(timeout).ok().filter(|ms| *ms > 0).unwrap_or(DEFAULT_TIMEOUT_MS);
        // A time beyond this one is no time-out at all.
        let timeout = Duration::from_millis(timeout.min(u32::MAX.into()));
        Ok(Self { keys, database, timeout, copy, replace, login })
    }
}

/// Keys of a slot that is on its way can always be handed over; others have to be this node's.
fn admit(context: &mut Context<'_>, order: &Order<'_>) -> Result<(), Refusal> {
    let Some(first) = order.keys.first() else { return Ok(()) };
    let slot = slot_of(first);
    if let SlotState::Other(owner) = served_slot(context.node, order.keys.iter().copied(), slot)? {
        let address = context.node.address_of(owner, context.client.local_address);
        return Err(format!("MOVED {slot} {address}").into());
    }
    context.slot = slot;
    Ok(())
}

fn wire(context: &mut Context<'_>, order: &Order<'_>) -> Wire {
    let mut bytes = Vec::new();
    if !order.login.is_empty() {
        encode_command(&mut bytes, &order.login);
    }
    encode_command(&mut bytes, &[b"SELECT", order.database.to_string().as_bytes()]);
    let command: &[u8] = if context.node.cluster.is_some() { b"RESTORE-ASKING" } else { b"RESTORE" };
    let now = context.node.now;
    for key in &order.keys {
        context.in_slot_of(key);
        let Some(entry) = context.node.keys.get(context.slot, key, now) else { continue };
        let left = entry.expires().map_or(0, |at| at.saturating_sub(now).max(1)).to_string();
        let dump = rdb::dump(entry.value());
        let mut words = vec![command, key, left.as_bytes(), &dump];
        if order.replace {
            words.push(b"REPLACE");
        }
        encode_command(&mut bytes, &words);
    }
    Wire { bytes, preludes: usize::from(!order.login.is_empty()) + 1 }
}

/// What went wrong, and whether it may go right over a new connection.
type Failure = (Refusal, bool);

/// Sends the keys, and removes those that have arrived. Returns whether a connection was used again, too.
fn send_keys(
    context: &mut Context<'_>,
    request: Request<'_>,
    order: &Order<'_>,
    wire: &Wire,
    reuse: bool,
) -> (Result<(), Failure>, bool) {
    let deadline = Instant::now() + order.timeout;
    let kept = context.node.transfer.take().filter(|_| reuse);
    let text = |place: usize| String::from_utf8_lossy(&request[place]);
    let Ok(address) = resolve(&text(1), &text(2)) else {
        return (Err((NO_CONNECTION.into(), false)), false);
    };
    if address == context.node.address {
        // It cannot answer itself while it waits for the answer.
        return (Err((NOT_READ.into(), false)), false);
    }
    let kept = kept.filter(|kept| kept.serves(address));
    let was_kept = kept.is_some();
    let transfer = kept.map_or_else(|| Transfer::connect(address, deadline), Ok);
    let mut transfer = match transfer {
        Ok(transfer) => transfer,
        // Redis learns of that only when it writes.
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            return (Err((NOT_WRITTEN.into(), false)), was_kept);
        }
        Err(_) => return (Err((NO_CONNECTION.into(), false)), was_kept),
    };
    if let Err(error) = transfer.send(&wire.bytes, deadline) {
        return (Err((NOT_WRITTEN.into(), !is_timeout(&error))), was_kept);
    }
    let result = arrivals(context, order, wire, &mut transfer, deadline);
    // After an error that is known all answers have been read.
    if !matches!(&result, Err((Refusal(text), _)) if text.starts_with("IOERR")) {
        context.node.transfer = Some(transfer);
    }
    (result, was_kept)
}

/// Reads all answers, whatever they say, and removes the keys that the other has taken.
fn arrivals(
    context: &mut Context<'_>,
    order: &Order<'_>,
    wire: &Wire,
    transfer: &mut Transfer,
    deadline: Instant,
) -> Result<(), Failure> {
    let mut refused = None;
    for answer in 0..wire.preludes {
        let value = transfer
            .answer(deadline)
            .map_err(|error| (NOT_READ.into(), answer == 0 && !is_timeout(&error)))?;
        note(&mut refused, value);
    }
    let is_let_in = refused.is_none();
    let now = context.node.now;
    for key in &order.keys {
        match transfer.answer(deadline) {
            Ok(Value::Simple(_)) => {
                if is_let_in && !order.copy {
                    context.in_slot_of(key);
                    context.node.keys.remove(context.slot, key, now);
                }
            }
            Ok(value) => note(&mut refused, value),
            Err(_) => return Err((refused.unwrap_or_else(|| NOT_READ.into()), false)),
        }
    }
    refused.map_or(Ok(()), |refusal| Err((refusal, false)))
}

/// The first error is the one that is told.
fn note(refused: &mut Option<Refusal>, value: Value) {
    if let (None, Value::Error(text)) = (&refused, value) {
        *refused = Some(format!("ERR Target instance replied with error: {text}").into());
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

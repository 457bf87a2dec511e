//! Commands on the node as a whole.

use std::time::Duration;

use super::parse::{NOT_AN_INTEGER, SYNTAX, integer, is};
use crate::resp::Request;
use crate::server::execute::{Context, Refusal, quoted};

/// The longest that DEBUG SLEEP may hold a node.
const MAX_SLEEP_SECONDS: f64 = 60.0;

pub(super) fn shutdown(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    // Nothing is saved, so there is nothing to choose, or to wait for.
    let is_known = |word: &[u8]| ["NOSAVE", "SAVE", "NOW", "FORCE"].iter().any(|name| is(word, name));
    match request.get(1) {
        Some(word) if is(word, "ABORT") && request.len() == 2 => {
            return Err("ERR No shutdown in progress.".into());
        }
        _ if !request.from(1).all(is_known) => return Err(SYNTAX.into()),
        _ if ["SAVE", "NOSAVE"].iter().all(|name| request.from(1).any(|word| is(word, name))) => {
            return Err(SYNTAX.into());
        }
        _ => {}
    }
    context.node.leave();
    context.client.closing = true;
    Ok(())
}

pub(super) fn time(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let reply = context.reply();
    reply.array(2);
    reply.bulk(since.as_secs().to_string());
    reply.bulk(since.subsec_micros().to_string());
    Ok(())
}

/// DEBUG SLEEP holds the whole node, and all of its clients, as in Redis.
pub(super) fn debug(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    if is(&request[1], "HELP") && request.len() == 2 {
        return super::help::help(context, request);
    }
    if !is(&request[1], "SLEEP") || request.len() != 3 {
        let text = "ERR unknown subcommand or wrong number of arguments for";
        return Err(format!("{text} '{}'. Try DEBUG HELP.", quoted(&request[1])).into());
    }
    let seconds = std::str::from_utf8(&request[2]).ok().and_then(|text| text.parse::<f64>().ok());
    // What is no number is none, as in Redis; `max` is also what takes care of NaN.
    let seconds = seconds.unwrap_or_default().max(0.0);
    if seconds > MAX_SLEEP_SECONDS {
        return Err(format!("ERR DEBUG SLEEP takes {MAX_SLEEP_SECONDS} seconds at most").into());
    }
    std::thread::sleep(Duration::from_secs_f64(seconds));
    context.node.look_at_clock();
    context.reply().ok();
    Ok(())
}

/// Bytes that a key takes with its value and its place in the table.
pub(super) fn memory_usage(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    // Samples are of what is inside of a value; a string has nothing inside.
    match (request.get(3), request.get(4)) {
        (None, _) => {}
        (Some(word), Some(samples)) if is(word, "SAMPLES") && request.len() == 5 => {
            if integer(samples).map_err(|_| Refusal::from(NOT_AN_INTEGER))? < 0 {
                return Err(SYNTAX.into());
            }
        }
        _ => return Err(SYNTAX.into()),
    }
    let (slot, now) = (context.slot, context.node.now);
    let bytes =
        context.node.keys.get(slot, &request[2], now).map(|entry| size_of_val(entry) + entry.heap_bytes());
    match bytes {
        Some(bytes) => context.reply().count(bytes),
        None => context.reply().nil(),
    }
    Ok(())
}

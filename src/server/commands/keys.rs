//! Commands on keys, whatever they hold.

use crate::resp::Request;
use crate::server::execute::{Context, Refusal};

pub(super) fn del(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let now = context.node.now;
    let mut removed = 0;
    for key in request.from(1) {
        context.in_slot_of(key);
        removed += usize::from(context.node.keys.remove(context.slot, key, now));
    }
    context.reply().count(removed);
    Ok(())
}

pub(super) fn exists(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let now = context.node.now;
    let mut found = 0;
    for key in request.from(1) {
        context.in_slot_of(key);
        found += usize::from(context.node.keys.get(context.slot, key, now).is_some());
    }
    context.reply().count(found);
    Ok(())
}

pub(super) fn pttl(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let left = time_left(context, &request[1]);
    context.reply().integer(left);
    Ok(())
}

/// Milliseconds; -1 if the key does not expire, -2 if there is none.
fn time_left(context: &mut Context<'_>, key: &[u8]) -> i64 {
    let now = context.node.now;
    match context.node.keys.get(context.slot, key, now) {
        None => -2,
        Some(entry) => entry.expires().map_or(-1, |at| at.saturating_sub(now) as i64),
    }
}

pub(super) fn dbsize(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let keys = context.node.keys.len();
    context.reply().count(keys);
    Ok(())
}

pub(super) fn flush(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let is_known = |word: &[u8]| super::parse::is(word, "SYNC") || super::parse::is(word, "ASYNC");
    if request.len() > 2 || !request.from(1).all(is_known) {
        return Err(super::parse::SYNTAX.into());
    }
    context.node.keys.clear();
    context.reply().ok();
    Ok(())
}

//! Commands on keys, whatever they hold.

use rand_xoshiro::rand_core::Rng;

use super::parse::{SYNTAX, integer, is};
use crate::resp::Request;
use crate::server::execute::{Context, Refusal};
use crate::server::glob::matches;
use crate::server::store::Entry;

/// Keys that a step of SCAN looks for where nobody says how many.
const SCAN_KEYS: i64 = 10;
/// How often RANDOMKEY chooses again where it came upon a key that has expired.
const MAX_PICKS: u32 = 100;

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
    let mut found = 0;
    for key in request.from(1) {
        context.in_slot_of(key);
        found += usize::from(context.look(key).is_some());
    }
    context.reply().count(found);
    Ok(())
}

pub(super) fn touch(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let mut found = 0;
    for key in request.from(1) {
        context.in_slot_of(key);
        found += usize::from(context.read(key).is_some());
    }
    context.reply().count(found);
    Ok(())
}

pub(super) fn key_type(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let name = if context.look(&request[1]).is_some() { "string" } else { "none" };
    context.reply().simple(name);
    Ok(())
}

pub(super) fn rename(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    move_key(context, request, true)?;
    context.reply().ok();
    Ok(())
}

pub(super) fn renamenx(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let moved = move_key(context, request, false)?;
    context.reply().integer(moved.into());
    Ok(())
}

/// Gives a key another name, unless that is taken and may not be.
fn move_key(context: &mut Context<'_>, request: Request<'_>, replace: bool) -> Result<bool, Refusal> {
    let (from, to) = (&request[1], &request[2]);
    let (slot, now) = (context.slot, context.node.now);
    let value = context.value(from).map(<[u8]>::to_vec).ok_or("ERR no such key")?;
    let expires = context.expiry(from).flatten();
    if from == to {
        return Ok(false);
    }
    context.in_slot_of(to);
    if !replace && context.expiry(to).is_some() {
        return Ok(false);
    }
    context.store(to, &value, expires);
    context.node.keys.remove(slot, from, now);
    Ok(true)
}

pub(super) fn copy(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let (from, to) = (&request[1], &request[2]);
    let mut replace = false;
    let mut words = request.from(3);
    while let Some(word) = words.next() {
        match word {
            _ if is(word, "REPLACE") => replace = true,
            _ if is(word, "DB") && words.len() > 0 => match integer(words.next().unwrap_or_default())? {
                0 => {}
                _ => return Err("ERR DB index is out of range".into()),
            },
            _ => return Err(SYNTAX.into()),
        }
    }
    if from == to {
        return Err("ERR source and destination objects are the same".into());
    }
    let value = context.read(from).map(<[u8]>::to_vec);
    let expires = context.expiry(from).flatten();
    context.in_slot_of(to);
    let copied = value.filter(|_| replace || context.expiry(to).is_none());
    if let Some(value) = &copied {
        context.store(to, value, expires);
    }
    context.reply().integer(copied.is_some().into());
    Ok(())
}

pub(super) fn random_key(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    for _ in 0..MAX_PICKS {
        let chance = context.node.random.next_u64();
        let now = context.node.now;
        let Some((place, entry)) = context.node.keys.pick(chance, false) else { break };
        if !entry.is_expired(now) {
            context.client.reply.bulk(entry.key());
            return Ok(());
        }
        context.node.keys.expire_picked(place);
    }
    context.reply().nil();
    Ok(())
}

pub(super) fn keys(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let (pattern, now) = (&request[1], context.node.now);
    let fits = |entry: &&Entry| !entry.is_expired(now) && fits(Some(pattern), entry.key());
    let found: Vec<&Entry> = context.node.keys.iter().filter(fits).collect();
    context.client.reply.array(found.len());
    found.into_iter().for_each(|entry| context.client.reply.bulk(entry.key()));
    Ok(())
}

pub(super) fn scan(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let cursor = cursor(&request[1]).ok_or("ERR invalid cursor")?;
    let (mut count, mut pattern, mut kind) = (SCAN_KEYS, None, None);
    let mut words = request.from(2);
    while let Some(word) = words.next() {
        let value = words.next().ok_or(SYNTAX)?;
        match word {
            _ if is(word, "COUNT") => match integer(value)? {
                number @ 1.. => count = number,
                _ => return Err(SYNTAX.into()),
            },
            _ if is(word, "MATCH") => pattern = Some(value),
            _ if is(word, "TYPE") => kind = Some(value),
            _ => return Err(SYNTAX.into()),
        }
    }
    let now = context.node.now;
    let (next, mut found) = context.node.keys.scan(cursor, count as usize);
    // There are only strings here.
    let is_kind = kind.is_none_or(|kind| is(kind, "string"));
    found.retain(|entry| is_kind && !entry.is_expired(now) && fits(pattern, entry.key()));
    let reply = &mut context.client.reply;
    reply.array(2);
    reply.bulk(next.to_string());
    reply.array(found.len());
    found.into_iter().for_each(|entry| reply.bulk(entry.key()));
    Ok(())
}

/// A star alone is everything, even the key that is empty.
fn fits(pattern: Option<&[u8]>, key: &[u8]) -> bool {
    pattern.is_none_or(|pattern| pattern == b"*" || matches(pattern, key, false))
}

/// A cursor as C reads an unsigned number: with a sign, if need be, and nothing is 0.
fn cursor(word: &[u8]) -> Option<u64> {
    let (negative, digits) = match word {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if word.is_empty() {
        return Some(0);
    }
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let number: u64 = digits.parse().ok()?;
    Some(if negative { number.wrapping_neg() } else { number })
}

pub(super) fn dbsize(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let keys = context.node.keys.len();
    context.reply().count(keys);
    Ok(())
}

pub(super) fn flush(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let is_known = |word: &[u8]| is(word, "SYNC") || is(word, "ASYNC");
    if request.len() > 2 || !request.from(1).all(is_known) {
        return Err(SYNTAX.into());
    }
    context.node.keys.clear();
    context.reply().ok();
    Ok(())
}

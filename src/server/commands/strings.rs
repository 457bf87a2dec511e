//! Commands on strings.

use super::parse::{SYNTAX, integer, is};
use crate::resp::Request;
use crate::server::execute::{Context, Refusal};
use crate::server::store::UnixMs;

/// What SET says besides key and value.
#[derive(Default)]
struct SetOptions {
    expires: Option<UnixMs>,
    keep_ttl: bool,
    only_new: bool,
    only_old: bool,
    get: bool,
}

pub(super) fn set(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let (key, value) = (&request[1], &request[2]);
    if request.len() == 3 {
        context.store(key, value, None);
        context.reply().ok();
        return Ok(());
    }
    let options = set_options(context.node.now, request)?;
    let (slot, now) = (context.slot, context.node.now);
    let old = context.node.keys.get(slot, key, now);
    let (exists, kept) = (old.is_some(), old.and_then(|entry| entry.expires()));
    let old = old.filter(|_| options.get).map(|entry| entry.value().to_vec());
    let refused = (options.only_new && exists) || (options.only_old && !exists);
    if !refused {
        context.store(key, value, if options.keep_ttl { kept } else { options.expires });
    }
    match (options.get, old) {
        (true, Some(old)) => context.reply().bulk(old),
        (true, None) => context.reply().nil(),
        (false, _) if refused => context.reply().nil(),
        (false, _) => context.reply().ok(),
    }
    Ok(())
}

fn set_options(now: UnixMs, request: Request<'_>) -> Result<SetOptions, Refusal> {
    let mut options = SetOptions::default();
    let mut words = request.from(3);
    while let Some(word) = words.next() {
        let timed = options.keep_ttl || options.expires.is_some();
        match word {
            _ if is(word, "NX") && !options.only_old => options.only_new = true,
            _ if is(word, "XX") && !options.only_new => options.only_old = true,
            _ if is(word, "GET") => options.get = true,
            _ if is(word, "KEEPTTL") && !timed => options.keep_ttl = true,
            _ if timed => return Err(SYNTAX.into()),
            _ => {
                let (unit, base) = match word {
                    _ if is(word, "EX") => (1000, now),
                    _ if is(word, "PX") => (1, now),
                    _ if is(word, "EXAT") => (1000, 0),
                    _ if is(word, "PXAT") => (1, 0),
                    _ => return Err(SYNTAX.into()),
                };
                let number = integer(words.next().ok_or(SYNTAX)?)?;
                let at = Some(number).filter(|number| *number > 0);
                let at = at.and_then(|number| number.checked_mul(unit)?.checked_add(base as i64));
                let at = at.ok_or("ERR invalid expire time in 'set' command")?;
                options.expires = Some(at as UnixMs);
            }
        }
    }
    Ok(options)
}

pub(super) fn get(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    context.answer_value(&request[1]);
    Ok(())
}

pub(super) fn mset(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    if request.len().is_multiple_of(2) {
        return Err("ERR wrong number of arguments for 'mset' command".into());
    }
    for place in (1..request.len()).step_by(2) {
        context.in_slot_of(&request[place]);
        context.store(&request[place], &request[place + 1], None);
    }
    context.reply().ok();
    Ok(())
}

pub(super) fn mget(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    context.reply().array(request.len() - 1);
    for key in request.from(1) {
        context.in_slot_of(key);
        context.answer_value(key);
    }
    Ok(())
}

pub(super) fn strlen(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let length = context.read(&request[1]).map_or(0, <[u8]>::len);
    context.reply().count(length);
    Ok(())
}

pub(super) fn getrange(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let (start, end) = (integer(&request[2])?, integer(&request[3])?);
    let value = context.read(&request[1]).unwrap_or_default();
    let length = value.len() as i64;
    let place = |at: i64| if at < 0 { (length + at).max(0) } else { at };
    let (start, end) = (place(start), place(end).min(length - 1));
    // Both ends before the start of the value, in the wrong order, are nothing.
    let part = if start > end { Vec::new() } else { value[start as usize..=end as usize].to_vec() };
    context.reply().bulk(part);
    Ok(())
}

impl Context<'_> {
    /// Goes on with a key that may be in another slot than the first: a server that is in no cluster
    /// takes them all.
    pub(super) fn in_slot_of(&mut self, key: &[u8]) {
        if self.node.cluster.is_none() {
            self.slot = crate::slots::slot_of(key);
        }
    }

    /// Writes a key, unless all keys are thrown away.
    pub(super) fn store(&mut self, key: &[u8], value: &[u8], expires: Option<UnixMs>) {
        if !self.node.discard {
            let used = self.node.used_now;
            self.node.keys.set(self.slot, key, value, expires, used);
        }
    }

    /// The value of a key, counted as a hit or a miss.
    pub(super) fn read(&mut self, key: &[u8]) -> Option<&[u8]> {
        let (now, used) = (self.node.now, self.node.used_now);
        let value = self.node.keys.read(self.slot, key, now, used).map(|entry| entry.value());
        match value {
            Some(_) => self.node.stats.hits += 1,
            None => self.node.stats.misses += 1,
        }
        value
    }

    fn answer_value(&mut self, key: &[u8]) {
        let (now, used) = (self.node.now, self.node.used_now);
        match self.node.keys.read(self.slot, key, now, used) {
            Some(entry) => {
                self.node.stats.hits += 1;
                self.client.reply.bulk(entry.value());
            }
            None => {
                self.node.stats.misses += 1;
                self.client.reply.nil();
            }
        }
    }
}

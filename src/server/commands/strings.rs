//! Commands on strings.

use super::parse::{SYNTAX, integer, is};
use crate::resp::Request;
use crate::server::execute::{Context, Refusal};
use crate::server::store::{Entry, UnixMs};

/// What SET and GETEX say besides key and value.
#[derive(Default)]
struct Options<'a> {
    expires: Option<(Unit, &'a [u8])>,
    keep_ttl: bool,
    persist: bool,
    only_new: bool,
    only_old: bool,
    get: bool,
}

/// What a number that a key expires by means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Seconds,
    Milliseconds,
    UnixSeconds,
    UnixMilliseconds,
}

pub(super) fn set(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let (key, value) = (&request[1], &request[2]);
    if request.len() == 3 {
        context.store(key, value, None);
        context.reply().ok();
        return Ok(());
    }
    let options = Options::of(request, 3, true)?;
    let expires = options.expires_at(context.node.now, "set")?;
    let old = if options.get { context.read(key).map(<[u8]>::to_vec) } else { None };
    let (exists, kept) = context.expiry(key).map_or((false, None), |expires| (true, expires));
    let refused = (options.only_new && exists) || (options.only_old && !exists);
    if !refused {
        context.store(key, value, if options.keep_ttl { kept } else { expires });
    }
    match (options.get, old) {
        (true, Some(old)) => context.reply().bulk(old),
        (true, None) => context.reply().nil(),
        (false, _) if refused => context.reply().nil(),
        (false, _) => context.reply().ok(),
    }
    Ok(())
}

pub(super) fn setnx(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let key = &request[1];
    let is_new = context.expiry(key).is_none();
    if is_new {
        context.store(key, &request[2], None);
    }
    context.reply().integer(is_new.into());
    Ok(())
}

pub(super) fn setex(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    set_expiring(context, request, Unit::Seconds, "setex")
}

pub(super) fn psetex(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    set_expiring(context, request, Unit::Milliseconds, "psetex")
}

fn set_expiring(
    context: &mut Context<'_>,
    request: Request<'_>,
    unit: Unit,
    command: &str,
) -> Result<(), Refusal> {
    let expires = unit.expires_at(&request[2], context.node.now, command)?;
    context.store(&request[1], &request[3], Some(expires));
    context.reply().ok();
    Ok(())
}

pub(super) fn get(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    context.answer_value(&request[1]);
    Ok(())
}

pub(super) fn getset(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    context.answer_value(&request[1]);
    context.store(&request[1], &request[2], None);
    Ok(())
}

pub(super) fn getdel(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let key = &request[1];
    context.answer_value(key);
    let (slot, now) = (context.slot, context.node.now);
    context.node.keys.remove(slot, key, now);
    Ok(())
}

pub(super) fn getex(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let key = &request[1];
    let options = Options::of(request, 2, false)?;
    if context.expiry(key).is_some() {
        let (slot, now) = (context.slot, context.node.now);
        let expires = options.expires_at(now, "getex")?;
        context.answer_value(key);
        match expires {
            Some(at) if at <= now => {
                context.node.keys.remove(slot, key, now);
            }
            Some(_) => context.node.keys.expire(slot, key, expires),
            None if options.persist => context.node.keys.expire(slot, key, None),
            None => {}
        }
    } else {
        context.answer_value(key);
    }
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

pub(super) fn msetnx(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    if request.len().is_multiple_of(2) {
        return Err("ERR wrong number of arguments for 'msetnx' command".into());
    }
    for key in request.from(1).step_by(2) {
        context.in_slot_of(key);
        if context.expiry(key).is_some() {
            context.reply().integer(0);
            return Ok(());
        }
    }
    for place in (1..request.len()).step_by(2) {
        context.in_slot_of(&request[place]);
        context.store(&request[place], &request[place + 1], None);
    }
    context.reply().integer(1);
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
    // Both from the end and in the wrong order are nothing, even where both are before the value.
    let is_nothing = start < 0 && end < 0 && start > end;
    let (start, end) = (place(start), place(end).min(length - 1));
    let part =
        if is_nothing || start > end { Vec::new() } else { value[start as usize..=end as usize].to_vec() };
    context.reply().bulk(part);
    Ok(())
}

pub(super) fn setrange(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let (key, part) = (&request[1], &request[3]);
    let offset = integer(&request[2])?;
    if offset < 0 {
        return Err("ERR offset is out of range".into());
    }
    let length = context.value(key).map_or(0, <[u8]>::len);
    if part.is_empty() {
        context.reply().count(length);
        return Ok(());
    }
    let end = context.checked_length(offset, part.len())?;
    let mut value = Vec::with_capacity(length.max(end));
    value.extend_from_slice(context.value(key).unwrap_or_default());
    value.resize(length.max(end), 0);
    value[end - part.len()..end].copy_from_slice(part);
    context.replace(key, &value);
    context.reply().count(value.len());
    Ok(())
}

pub(super) fn append(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let (key, part) = (&request[1], &request[2]);
    let length = context.value(key).map_or(0, <[u8]>::len);
    let length = context.checked_length(length as i64, part.len())?;
    let mut value = Vec::with_capacity(length);
    value.extend_from_slice(context.value(key).unwrap_or_default());
    value.extend_from_slice(part);
    context.replace(key, &value);
    context.reply().count(length);
    Ok(())
}

impl<'a> Options<'a> {
    /// The options from this word on: those of SET, or those of GETEX.
    fn of(request: Request<'a>, first: usize, is_set: bool) -> Result<Self, Refusal> {
        let mut options = Self::default();
        let mut words = request.from(first);
        while let Some(word) = words.next() {
            let timed = options.expires.map(|(unit, _)| unit);
            match word {
                _ if is_set && is(word, "NX") && !options.only_old => options.only_new = true,
                _ if is_set && is(word, "XX") && !options.only_new => options.only_old = true,
                _ if is_set && is(word, "GET") => options.get = true,
                _ if is_set && is(word, "KEEPTTL") && timed.is_none() => options.keep_ttl = true,
                _ if !is_set && is(word, "PERSIST") && timed.is_none() => options.persist = true,
                _ => {
                    let unit = Unit::of(word).filter(|unit| timed.is_none_or(|timed| timed == *unit));
                    let unit = unit.filter(|_| !options.keep_ttl && !options.persist).ok_or(SYNTAX)?;
                    options.expires = Some((unit, words.next().ok_or(SYNTAX)?));
                }
            }
        }
        Ok(options)
    }

    fn expires_at(&self, now: UnixMs, command: &str) -> Result<Option<UnixMs>, Refusal> {
        self.expires.map(|(unit, number)| unit.expires_at(number, now, command)).transpose()
    }
}

impl Unit {
    fn of(word: &[u8]) -> Option<Self> {
        let units = [
            ("EX", Self::Seconds),
            ("PX", Self::Milliseconds),
            ("EXAT", Self::UnixSeconds),
            ("PXAT", Self::UnixMilliseconds),
        ];
        units.into_iter().find(|(name, _)| is(word, name)).map(|(_, unit)| unit)
    }

    fn expires_at(self, number: &[u8], now: UnixMs, command: &str) -> Result<UnixMs, Refusal> {
        let (factor, base) = match self {
            Self::Seconds => (1000, now),
            Self::Milliseconds => (1, now),
            Self::UnixSeconds => (1000, 0),
            Self::UnixMilliseconds => (1, 0),
        };
        let number = Some(integer(number)?).filter(|number| *number > 0);
        let at = number.and_then(|number| number.checked_mul(factor)?.checked_add_unsigned(base));
        let at = at.ok_or_else(|| format!("ERR invalid expire time in '{command}' command"))?;
        Ok(at as UnixMs)
    }
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

    /// Writes a key's value, and leaves alone when it expires.
    pub(super) fn replace(&mut self, key: &[u8], value: &[u8]) {
        let expires = self.expiry(key).flatten();
        self.store(key, value, expires);
    }

    /// When a key expires, if it does; `None` where there is no key. Nothing is counted.
    pub(super) fn expiry(&mut self, key: &[u8]) -> Option<Option<UnixMs>> {
        let (slot, now) = (self.slot, self.node.now);
        self.node.keys.get(slot, key, now).map(Entry::expires)
    }

    /// The value of a key that is about to be written. Nothing is counted.
    pub(super) fn value(&mut self, key: &[u8]) -> Option<&[u8]> {
        let (slot, now) = (self.slot, self.node.now);
        self.node.keys.get(slot, key, now).map(Entry::value)
    }

    /// Bytes that a value comes to which grows, or the error of one that grows too long.
    fn checked_length(&self, length: i64, more: usize) -> Result<usize, Refusal> {
        let most = self.node.config.proto_max_bulk_len;
        let total = (length as u64).checked_add(more as u64).filter(|total| *total <= most);
        let total = total.and_then(|total| usize::try_from(total).ok());
        total.ok_or_else(|| "ERR string exceeds maximum allowed size (proto-max-bulk-len)".into())
    }

    /// When a key expires, counted as a hit or a miss, but not as a use.
    pub(super) fn look(&mut self, key: &[u8]) -> Option<Option<UnixMs>> {
        let found = self.expiry(key);
        match found {
            Some(_) => self.node.stats.hits += 1,
            None => self.node.stats.misses += 1,
        }
        found
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

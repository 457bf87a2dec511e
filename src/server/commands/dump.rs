//! DUMP and RESTORE: a key's value in the form in which another server takes it.

use super::parse::{SYNTAX, integer, is};
use crate::resp::Request;
use crate::server::execute::{Context, Refusal};
use crate::server::rdb::{self, BadDump};

/// What RESTORE says besides key, time and value.
#[derive(Default)]
struct Options {
    replace: bool,
    absolute: bool,
    /// Seconds since the key was used.
    idle: Option<i64>,
}

pub(super) fn dump(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    match context.read(&request[1]).map(rdb::dump) {
        Some(dump) => context.reply().bulk(dump),
        None => context.reply().nil(),
    }
    Ok(())
}

pub(super) fn restore(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let (key, slot, now) = (&request[1], context.slot, context.node.now);
    let options = Options::of(request)?;
    if !options.replace && context.expiry(key).is_some() {
        return Err("BUSYKEY Target key name already exists.".into());
    }
    let time = integer(&request[2])?;
    if time < 0 {
        return Err("ERR Invalid TTL value, must be >= 0".into());
    }
    let value = rdb::load(&request[3]).map_err(|bad| match bad {
        BadDump::Footer => "ERR DUMP payload version or checksum are wrong",
        BadDump::Format => "ERR Bad data format",
    })?;
    let base = if options.absolute { 0 } else { now as i64 };
    // A time beyond all times is over, in Redis as well.
    let expires = (time > 0).then(|| time.wrapping_add(base));
    if expires.is_some_and(|at| at <= now as i64) {
        context.node.keys.remove(slot, key, now);
    } else {
        context.store(key, &value, expires.map(|at| at as u64));
        if let Some(idle) = options.idle {
            let used = context.node.used_now.saturating_sub(idle.try_into().unwrap_or(u32::MAX));
            context.node.keys.read(slot, key, now, used);
        }
    }
    context.reply().ok();
    Ok(())
}

impl Options {
    fn of(request: Request<'_>) -> Result<Self, Refusal> {
        let mut options = Self::default();
        let mut frequency = None;
        let mut words = request.from(4);
        while let Some(word) = words.next() {
            let has_value = words.len() > 0;
            match word {
                _ if is(word, "REPLACE") => options.replace = true,
                _ if is(word, "ABSTTL") => options.absolute = true,
                _ if is(word, "IDLETIME") && has_value && frequency.is_none() => {
                    let idle = integer(words.next().unwrap_or_default())?;
                    if idle < 0 {
                        return Err("ERR Invalid IDLETIME value, must be >= 0".into());
                    }
                    options.idle = Some(idle);
                }
                // It would count where a policy counts uses, which none does here.
                _ if is(word, "FREQ") && has_value && options.idle.is_none() => {
                    let uses = integer(words.next().unwrap_or_default())?;
                    if !(0..=255).contains(&uses) {
                        return Err("ERR Invalid FREQ value, must be >= 0 and <= 255".into());
                    }
                    frequency = Some(uses);
                }
                _ => return Err(SYNTAX.into()),
            }
        }
        Ok(options)
    }
}

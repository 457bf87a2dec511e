//! When keys expire: said, asked and taken back.

use super::parse::{integer, is};
use crate::resp::Request;
use crate::server::execute::{Context, Refusal};
use crate::server::store::UnixMs;

/// How a number that a key expires by is meant, and what the command is called.
struct Meaning {
    command: &'static str,
    factor: i64,
    from_now: bool,
}

/// Which keys may be told to expire.
#[derive(Default)]
struct Conditions {
    only_without: bool,
    only_with: bool,
    only_later: bool,
    only_sooner: bool,
}

pub(super) fn expire(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    set_expiry(context, request, &Meaning { command: "expire", factor: 1000, from_now: true })
}

pub(super) fn pexpire(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    set_expiry(context, request, &Meaning { command: "pexpire", factor: 1, from_now: true })
}

pub(super) fn expireat(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    set_expiry(context, request, &Meaning { command: "expireat", factor: 1000, from_now: false })
}

pub(super) fn pexpireat(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    set_expiry(context, request, &Meaning { command: "pexpireat", factor: 1, from_now: false })
}

fn set_expiry(context: &mut Context<'_>, request: Request<'_>, meaning: &Meaning) -> Result<(), Refusal> {
    let conditions = Conditions::of(request)?;
    let (key, slot, now) = (&request[1], context.slot, context.node.now);
    let base = if meaning.from_now { now as i64 } else { 0 };
    let number = integer(&request[2])?;
    let at = number.checked_mul(meaning.factor).and_then(|number| number.checked_add(base));
    let at = at.ok_or_else(|| format!("ERR invalid expire time in '{}' command", meaning.command))?;
    let Some(present) = context.expiry(key) else {
        context.reply().integer(0);
        return Ok(());
    };
    let is_allowed = conditions.allow(present, at);
    if is_allowed {
        match UnixMs::try_from(at).ok().filter(|at| *at > now) {
            Some(at) => context.node.keys.expire(slot, key, Some(at)),
            // It is over already.
            None => {
                context.node.keys.remove(slot, key, now);
            }
        }
    }
    context.reply().integer(is_allowed.into());
    Ok(())
}

impl Conditions {
    fn of(request: Request<'_>) -> Result<Self, Refusal> {
        let mut conditions = Self::default();
        for word in request.from(3) {
            match word {
                _ if is(word, "NX") => conditions.only_without = true,
                _ if is(word, "XX") => conditions.only_with = true,
                _ if is(word, "GT") => conditions.only_later = true,
                _ if is(word, "LT") => conditions.only_sooner = true,
                _ => return Err(format!("ERR Unsupported option {}", String::from_utf8_lossy(word)).into()),
            }
        }
        let Self { only_without, only_with, only_later, only_sooner } = conditions;
        if only_without && (only_with || only_later || only_sooner) {
            return Err("ERR NX and XX, GT or LT options at the same time are not compatible".into());
        }
        if only_later && only_sooner {
            return Err("ERR GT and LT options at the same time are not compatible".into());
        }
        Ok(conditions)
    }

    /// Whether a key that expires then may expire `at`. One that does not expire is one that expires last.
    fn allow(&self, present: Option<UnixMs>, at: i64) -> bool {
        let present = present.map(|present| present as i64);
        !(self.only_without && present.is_some()
            || self.only_with && present.is_none()
            || self.only_later && present.is_none_or(|present| at <= present)
            || self.only_sooner && present.is_some_and(|present| at >= present))
    }
}

pub(super) fn ttl(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    tell_expiry(context, request, |at, now| in_seconds(at.saturating_sub(now)))
}

pub(super) fn pttl(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    tell_expiry(context, request, UnixMs::saturating_sub)
}

pub(super) fn expiretime(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    tell_expiry(context, request, |at, _| in_seconds(at))
}

pub(super) fn pexpiretime(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    tell_expiry(context, request, |at, _| at)
}

/// Answers what is made of when a key expires and of the time now; -1 if it does not, -2 if there is none.
fn tell_expiry(
    context: &mut Context<'_>,
    request: Request<'_>,
    tell: impl Fn(UnixMs, UnixMs) -> UnixMs,
) -> Result<(), Refusal> {
    let now = context.node.now;
    let told = match context.look(&request[1]) {
        None => -2,
        Some(None) => -1,
        Some(Some(at)) => tell(at, now) as i64,
    };
    context.reply().integer(told);
    Ok(())
}

fn in_seconds(milliseconds: UnixMs) -> UnixMs {
    (milliseconds + 500) / 1000
}

pub(super) fn persist(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let (key, slot) = (&request[1], context.slot);
    let expires = context.expiry(key).flatten().is_some();
    if expires {
        context.node.keys.expire(slot, key, None);
    }
    context.reply().integer(expires.into());
    Ok(())
}

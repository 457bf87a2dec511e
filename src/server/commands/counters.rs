//! Commands on strings that are numbers.

use super::parse::integer;
use crate::resp::Request;
use crate::server::execute::{Context, Refusal};
use crate::server::long_double::LongDouble;

const NOT_A_FLOAT: &str = "ERR value is not a valid float";

pub(super) fn incr(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    add(context, &request[1], 1)
}

pub(super) fn decr(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    add(context, &request[1], -1)
}

pub(super) fn incrby(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    add(context, &request[1], integer(&request[2])?)
}

pub(super) fn decrby(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let less = integer(&request[2])?.checked_neg().ok_or("ERR decrement would overflow")?;
    add(context, &request[1], less)
}

fn add(context: &mut Context<'_>, key: &[u8], more: i64) -> Result<(), Refusal> {
    let old = context.value(key).map_or(Ok(0), integer)?;
    let new = old.checked_add(more).ok_or("ERR increment or decrement would overflow")?;
    context.replace(key, new.to_string().as_bytes());
    context.reply().integer(new);
    Ok(())
}

pub(super) fn incrbyfloat(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let key = &request[1];
    let old = context.value(key).map_or(Some(LongDouble::ZERO), LongDouble::parse).ok_or(NOT_A_FLOAT)?;
    let more = LongDouble::parse(&request[2]).ok_or(NOT_A_FLOAT)?;
    let new = old.add(more).and_then(LongDouble::text);
    let new = new.ok_or("ERR increment would produce NaN or Infinity")?;
    context.replace(key, new.as_bytes());
    context.reply().bulk(new);
    Ok(())
}

//! COMMAND: what can be asked of this server.

use super::migrate;
use super::parse::{SYNTAX, is};
use super::spec::{Flags, Keys, Spec};
use super::table::{TABLE, find, named};
use crate::resp::Request;
use crate::server::execute::{Context, Refusal};
use crate::server::glob;
use crate::server::reply::Reply;

/// In the order in which COMMAND tells them.
const FLAG_NAMES: [(Flags, &str); 7] = [
    (Flags::WRITE, "write"),
    (Flags::READ, "readonly"),
    (Flags::DENY_OOM, "denyoom"),
    (Flags::ADMIN, "admin"),
    (Flags::FAST, "fast"),
    (Flags::NO_AUTH, "no_auth"),
    (Flags::NO_MULTI, "no_multi"),
];

fn top_level() -> impl Iterator<Item = &'static Spec> + Clone {
    TABLE.iter().filter(|spec| !spec.name.contains('|'))
}

fn subcommands(spec: &Spec) -> impl Iterator<Item = &'static Spec> + Clone + use<> {
    let container = spec.name;
    TABLE.iter().filter(move |sub| sub.name.split_once('|').is_some_and(|(name, _)| name == container))
}

pub(super) fn all(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let reply = context.reply();
    reply.array(top_level().count());
    top_level().for_each(|spec| describe(spec, reply));
    Ok(())
}

pub(super) fn count(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    context.reply().count(top_level().count());
    Ok(())
}

pub(super) fn info(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let reply = context.reply();
    if request.len() == 2 {
        reply.array(top_level().count());
        top_level().for_each(|spec| describe(spec, reply));
        return Ok(());
    }
    reply.array(request.len() - 2);
    for name in request.from(2) {
        match named(name) {
            Some(place) => describe(&TABLE[place], reply),
            None => reply.nil(),
        }
    }
    Ok(())
}

/// Name, arity, flags, places of the keys; no categories and no tips, since there are no rules that
/// would use them; the keys once more as a specification; and subcommands.
fn describe(spec: &Spec, reply: &mut Reply) {
    reply.array(10);
    reply.bulk(spec.name);
    reply.integer(spec.arity.into());
    let flags: Vec<_> = FLAG_NAMES.iter().filter(|(flag, _)| spec.flags.has(*flag)).collect();
    reply.set(flags.len());
    flags.iter().for_each(|(_, name)| reply.simple(name));
    let keys = spec.keys;
    let step = if keys.first == 0 { 0 } else { keys.step };
    reply.count(keys.first);
    reply.integer(keys.last.into());
    reply.count(step);
    reply.set(0);
    reply.set(0);
    describe_keys(spec, reply);
    match subcommands(spec).count() {
        0 => reply.set(0),
        inner => reply.array(inner),
    }
    subcommands(spec).for_each(|sub| describe(sub, reply));
}

fn describe_keys(spec: &Spec, reply: &mut Reply) {
    let Keys { first, last, step } = spec.keys;
    reply.set(usize::from(first > 0));
    if first == 0 {
        return;
    }
    reply.map(3);
    reply.bulk("flags");
    reply.set(1);
    reply.simple(if spec.flags.has(Flags::WRITE) { "RW" } else { "RO" });
    reply.bulk("begin_search");
    reply.map(2);
    reply.bulk("type");
    reply.bulk("index");
    reply.bulk("spec");
    reply.map(1);
    reply.bulk("index");
    reply.count(first);
    reply.bulk("find_keys");
    reply.map(2);
    reply.bulk("type");
    reply.bulk("range");
    reply.bulk("spec");
    reply.map(3);
    // Here, the last one counts from the first.
    let last = if last < 0 { last } else { last - first as i32 };
    for (name, number) in [("lastkey", last.into()), ("keystep", step as i64), ("limit", 0)] {
        reply.bulk(name);
        reply.integer(number);
    }
}

pub(super) fn docs(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let asked: Vec<&Spec> = match request.len() {
        2 => top_level().collect(),
        _ => request.from(2).filter_map(named).map(|place| &TABLE[place]).collect(),
    };
    let reply = context.reply();
    reply.map(asked.len());
    asked.into_iter().for_each(|spec| document(spec, reply));
    Ok(())
}

/// What a command does is what it does in Redis, so that is where it is told.
fn document(spec: &Spec, reply: &mut Reply) {
    let inner = subcommands(spec).count();
    reply.bulk(spec.name);
    reply.map(if inner > 0 { 3 } else { 2 });
    reply.bulk("summary");
    reply.bulk(format!("As in Redis: https://redis.io/commands/{}", spec.name.replace('|', "-")));
    reply.bulk("group");
    reply.bulk(group(spec));
    if inner > 0 {
        reply.bulk("subcommands");
        reply.map(inner);
        subcommands(spec).for_each(|sub| document(sub, reply));
    }
}

fn group(spec: &Spec) -> &'static str {
    match spec.name.split('|').next().unwrap_or_default() {
        "auth" | "client" | "echo" | "hello" | "ping" | "quit" | "reset" | "select" => "connection",
        "asking" | "cluster" | "readonly" | "readwrite" => "cluster",
        "copy" | "del" | "dump" | "exists" | "expire" | "expireat" | "expiretime" | "keys" | "migrate"
        | "object" | "persist" | "pexpire" | "pexpireat" | "pexpiretime" | "pttl" | "randomkey"
        | "rename" | "renamenx" | "restore" | "scan" | "touch" | "ttl" | "type" | "unlink" | "wait" => {
            "generic"
        }
        "memory" => "server",
        "discard" | "exec" | "multi" => "transactions",
        _ if spec.keys.first > 0 => "string",
        _ => "server",
    }
}

pub(super) fn get_keys(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let inner = request.tail(2);
    let place = find(&inner).map_err(|_| Refusal::from("ERR Invalid command specified"))?;
    let spec = &TABLE[place];
    let is_migrate = spec.name == "migrate";
    if spec.keys.first == 0 && !is_migrate {
        return Err("ERR The command has no key arguments".into());
    }
    if !spec.takes(inner.len()) {
        return Err("ERR Invalid number of arguments specified for command".into());
    }
    let keys: Vec<&[u8]> = match is_migrate {
        true => migrate::keys(inner).ok_or("ERR Invalid arguments specified for command")?,
        false => spec.keys.of(inner).collect(),
    };
    let reply = context.reply();
    reply.array(keys.len());
    keys.into_iter().for_each(|key| reply.bulk(key));
    Ok(())
}

pub(super) fn list(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let pattern: Option<&[u8]> = match request.len() {
        2 => None,
        5 if is(&request[2], "FILTERBY") && is(&request[3], "PATTERN") => Some(&request[4]),
        // There are no modules, whose commands could be told.
        5 if is(&request[2], "FILTERBY") && is(&request[3], "MODULE") => Some(b""),
        _ => return Err(SYNTAX.into()),
    };
    let fits =
        |spec: &&Spec| pattern.is_none_or(|pattern| glob::matches(pattern, spec.name.as_bytes(), true));
    let names: Vec<_> = TABLE.iter().filter(fits).map(|spec| spec.name).collect();
    context.reply().array(names.len());
    names.into_iter().for_each(|name| context.reply().bulk(name));
    Ok(())
}

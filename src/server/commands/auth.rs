//! Who a client is, and which protocol it speaks: AUTH, HELLO and RESET.

use super::client::valid_word;
use super::info::FOLLOWED_VERSION;
use super::parse::{SYNTAX, integer, is};
use crate::resp::Request;
use crate::server::client::{DEFAULT_USER, Replies};
use crate::server::execute::{Context, Refusal, quoted};

const NO_PASSWORD: &str = "ERR AUTH <password> called without any password configured for the default user. \
                           Are you sure your configuration is correct?";
const HELLO_FIRST: &str = "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO \
                           AUTH <user> <pass> option can be used to authenticate the client and select the RESP \
                           protocol version at the same time";

pub(super) fn auth(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    match request.len() {
        2 if context.node.config.requirepass.is_empty() => return Err(NO_PASSWORD.into()),
        2 => authenticate(context, DEFAULT_USER.as_bytes(), &request[1])?,
        3 => authenticate(context, &request[1], &request[2])?,
        _ => return Err(SYNTAX.into()),
    }
    context.reply().ok();
    Ok(())
}

fn authenticate(context: &mut Context<'_>, user: &[u8], password: &[u8]) -> Result<(), Refusal> {
    let config = &context.node.config;
    let known = match user == DEFAULT_USER.as_bytes() {
        true => config.requirepass.is_empty() || config.requirepass.as_bytes() == password,
        false => {
            config.users.iter().any(|(name, word)| (name.as_bytes(), word.as_bytes()) == (user, password))
        }
    };
    if !known {
        return Err("WRONGPASS invalid username-password pair or user is disabled.".into());
    }
    context.client.authenticated = true;
    context.client.user = String::from_utf8_lossy(user).into_owned();
    Ok(())
}

pub(super) fn hello(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let version = match request.get(1) {
        None => None,
        Some(word) => match integer(word) {
            Ok(version @ 2..=3) => Some(version),
            Ok(_) => return Err("NOPROTO unsupported protocol version".into()),
            Err(_) => return Err("ERR Protocol version is not an integer or out of range".into()),
        },
    };
    let (mut user, mut name) = (None, None);
    let mut words = request.from(2);
    while let Some(option) = words.next() {
        match option {
            _ if is(option, "AUTH") && words.len() >= 2 => user = words.next().zip(words.next()),
            _ if is(option, "SETNAME") && words.len() >= 1 => {
                name =
                    words.next().map(|word| valid_word(word).ok_or(super::client::WRONG_NAME)).transpose()?;
            }
            _ => return Err(format!("ERR Syntax error in HELLO option '{}'", quoted(option)).into()),
        }
    }
    if let Some((user, password)) = user {
        authenticate(context, user, password)?;
    }
    if !context.client.authenticated {
        return Err(HELLO_FIRST.into());
    }
    if let Some(name) = name {
        context.client.name = name;
    }
    if let Some(version) = version {
        context.client.reply.resp3 = version == 3;
    }
    greet(context);
    Ok(())
}

fn greet(context: &mut Context<'_>) {
    let mode = if context.node.cluster.is_some() { "cluster" } else { "standalone" };
    let role = if context.node.replication.master.is_some() { "replica" } else { "master" };
    let (id, resp3) = (context.client.id, context.client.reply.resp3);
    let reply = context.reply();
    reply.map(7);
    for (name, text) in [("server", "redis"), ("version", FOLLOWED_VERSION)] {
        reply.bulk(name);
        reply.bulk(text);
    }
    for (name, number) in [("proto", if resp3 { 3 } else { 2 }), ("id", id as i64)] {
        reply.bulk(name);
        reply.integer(number);
    }
    for (name, text) in [("mode", mode), ("role", role)] {
        reply.bulk(name);
        reply.bulk(text);
    }
    reply.bulk("modules");
    reply.array(0);
}

pub(super) fn reset(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let client = &mut context.client;
    client.authenticated = context.node.config.requirepass.is_empty();
    client.user = DEFAULT_USER.into();
    client.name = String::new();
    (client.asking, client.readonly, client.replies) = (false, false, Replies::On);
    client.transaction = None;
    client.reply.resp3 = false;
    client.reply.simple("RESET");
    Ok(())
}

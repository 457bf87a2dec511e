//! CLIENT: clients about themselves, and about each other.

use super::parse::{SYNTAX, integer, is};
use crate::resp::Request;
use crate::server::client::{Client, Replies};
use crate::server::execute::{Context, Refusal, quoted};
use crate::server::node::Pause;

pub(super) const WRONG_NAME: &str = "ERR Client names cannot contain spaces, newlines or special characters.";

/// What a client has to be like to be ended. What is not set does not count.
#[derive(Default)]
struct Filter<'a> {
    id: Option<u64>,
    address: Option<&'a [u8]>,
    local_address: Option<&'a [u8]>,
    user: Option<&'a [u8]>,
    /// Kinds of clients that there are none of here, such as replicas.
    other_kind: bool,
}

impl Filter<'_> {
    fn fits(&self, client: &Client) -> bool {
        !self.other_kind
            && self.id.is_none_or(|id| id == client.id)
            && self.address.is_none_or(|address| address == client.address.to_string().as_bytes())
            && self.local_address.is_none_or(|address| address == client.local_address.to_string().as_bytes())
            && self.user.is_none_or(|user| user == client.user.as_bytes())
    }
}

pub(super) fn id(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let id = context.client.id;
    context.reply().integer(id as i64);
    Ok(())
}

pub(super) fn info(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let line = context.client.describe();
    context.reply().verbatim(&line);
    Ok(())
}

pub(super) fn list(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let (node, client) = (&context.node, &context.client);
    let mut lines = Vec::new();
    match request.get(2) {
        Some(word) if is(word, "TYPE") && request.len() == 4 => {
            if is_normal(&request[3])? {
                lines = all_lines(context);
            }
        }
        Some(word) if is(word, "ID") && request.len() > 3 => {
            for word in request.from(3) {
                let id = integer(word).map_err(|_| Refusal::from("ERR Invalid client ID"))? as u64;
                let other = || node.clients.get(&id);
                let found = if client.id == id { Some(&**client) } else { other() };
                lines.extend(found.map(Client::describe));
            }
        }
        None => lines = all_lines(context),
        Some(_) => return Err(SYNTAX.into()),
    }
    context.reply().verbatim(&lines.concat());
    Ok(())
}

/// Of all clients, the oldest first.
fn all_lines(context: &Context<'_>) -> Vec<String> {
    let own = (context.client.id, context.client.describe());
    let others = context.node.clients.values().map(|client| (client.id, client.describe()));
    let mut lines: Vec<_> = others.chain([own]).collect();
    lines.sort_unstable_by_key(|(id, _)| *id);
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Whether a kind of clients is the one that there are here.
fn is_normal(kind: &[u8]) -> Result<bool, Refusal> {
    let known = ["normal", "master", "replica", "slave", "pubsub"].iter().any(|name| is(kind, name));
    match known {
        true => Ok(is(kind, "normal")),
        false => Err(format!("ERR Unknown client type '{}'", quoted(kind)).into()),
    }
}

pub(super) fn kill(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let (mut filter, mut skip_me) = (Filter::default(), true);
    let is_old_form = request.len() == 3;
    let mut words = request.from(2);
    if is_old_form {
        (filter.address, skip_me) = (words.next(), false);
    }
    while let Some(option) = words.next() {
        let value = words.next().ok_or(SYNTAX)?;
        match option {
            _ if is(option, "ID") => {
                let id = integer(value).ok().filter(|id| *id > 0);
                filter.id = Some(id.ok_or("ERR client-id should be greater than 0")? as u64);
            }
            _ if is(option, "TYPE") => filter.other_kind = !is_normal(value)?,
            _ if is(option, "ADDR") => filter.address = Some(value),
            _ if is(option, "LADDR") => filter.local_address = Some(value),
            _ if is(option, "USER") => {
                if !context.node.config.has_user(value) {
                    return Err(format!("ERR No such user '{}'", quoted(value)).into());
                }
                filter.user = Some(value);
            }
            _ if is(option, "SKIPME") && is(value, "yes") => skip_me = true,
            _ if is(option, "SKIPME") && is(value, "no") => skip_me = false,
            _ => return Err(SYNTAX.into()),
        }
    }
    let killed = end(context, &filter, skip_me);
    match is_old_form {
        true if killed == 0 => return Err("ERR No such client".into()),
        true => context.reply().ok(),
        false => context.reply().count(killed),
    }
    Ok(())
}

/// Ends all clients that fit, and says how many.
fn end(context: &mut Context<'_>, filter: &Filter<'_>, skip_me: bool) -> usize {
    let others = context.node.clients.values().filter(|client| filter.fits(client));
    let others: Vec<u64> = others.map(|client| client.id).collect();
    for id in &others {
        // It is gone at once for everybody; its connection ends when it is next looked at.
        if let Some(client) = context.node.clients.remove(id) {
            client.kill.notify_one();
        }
    }
    let me = !skip_me && filter.fits(context.client);
    context.client.closing |= me;
    others.len() + usize::from(me)
}

pub(super) fn set_name(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    context.client.name = valid_word(&request[2]).ok_or(WRONG_NAME)?;
    context.reply().ok();
    Ok(())
}

pub(super) fn get_name(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let name = context.client.name.clone();
    match name.is_empty() {
        true => context.reply().nil(),
        false => context.reply().bulk(name),
    }
    Ok(())
}

/// As Redis has it since 7.2: clients say it, whatever the version.
pub(super) fn set_info(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let option = &request[2];
    let place = match option {
        _ if is(option, "LIB-NAME") => &mut context.client.library,
        _ if is(option, "LIB-VER") => &mut context.client.library_version,
        _ => return Err(format!("ERR Unrecognized option '{}'", quoted(option)).into()),
    };
    *place = valid_word(&request[3]).ok_or_else(|| {
        format!("ERR {} cannot contain spaces, newlines or special characters.", quoted(option))
    })?;
    context.reply().ok();
    Ok(())
}

/// The word, if it can stand in a list of clients.
pub(super) fn valid_word(word: &[u8]) -> Option<String> {
    if !word.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    String::from_utf8(word.to_vec()).ok()
}

pub(super) fn pause(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let writes_only = match request.get(3) {
        _ if request.len() > 4 => {
            let text = "ERR unknown subcommand or wrong number of arguments for";
            return Err(format!("{text} '{}'. Try CLIENT HELP.", quoted(&request[1])).into());
        }
        None => false,
        Some(word) if is(word, "ALL") => false,
        Some(word) if is(word, "WRITE") => true,
        Some(_) => return Err("ERR CLIENT PAUSE mode must be WRITE or ALL".into()),
    };
    let time =
        integer(&request[2]).map_err(|_| Refusal::from("ERR timeout is not an integer or out of range"))?;
    let time = u64::try_from(time).map_err(|_| Refusal::from("ERR timeout is negative"))?;
    let now = context.node.now;
    // A time that a number has no room for has passed, in Redis too.
    let until = (now + time) as i64;
    let asked = Pause { until: until.max(0) as u64, writes_only };
    // A pause while there is one makes it longer and wider, never shorter.
    let before = context.node.pause.filter(|pause| pause.until > now);
    context.node.pause = Some(before.map_or(asked, |before| Pause {
        until: before.until.max(asked.until),
        writes_only: before.writes_only && writes_only,
    }));
    context.reply().ok();
    Ok(())
}

pub(super) fn unpause(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    context.node.pause = None;
    context.node.resumed.notify_waiters();
    context.reply().ok();
    Ok(())
}

pub(super) fn no_evict(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    context.client.no_evict = match &request[2] {
        word if is(word, "ON") => true,
        word if is(word, "OFF") => false,
        _ => return Err(SYNTAX.into()),
    };
    context.reply().ok();
    Ok(())
}

pub(super) fn reply(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let word = &request[2];
    let client = &mut context.client;
    match word {
        _ if is(word, "ON") => {
            client.replies = Replies::On;
            client.reply.ok();
        }
        _ if is(word, "OFF") => client.replies = Replies::Off,
        _ if is(word, "SKIP") => {
            if client.replies != Replies::Off {
                client.replies = Replies::SkipNext;
            }
        }
        _ => return Err(SYNTAX.into()),
    }
    Ok(())
}

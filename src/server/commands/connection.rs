//! Commands on the connection itself.

use crate::resp::Request;
use crate::server::execute::{Context, Refusal};

pub(super) fn ping(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    match request.len() {
        1 => context.reply().simple("PONG"),
        2 => context.reply().bulk(&request[1]),
        _ => return Err("ERR wrong number of arguments for 'ping' command".into()),
    }
    Ok(())
}

pub(super) fn echo(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    context.reply().bulk(&request[1]);
    Ok(())
}

pub(super) fn select(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    match super::parse::integer(&request[1]) {
        Ok(0) => context.reply().ok(),
        Ok(_) if context.node.cluster.is_some() => {
            return Err("ERR SELECT is not allowed in cluster mode".into());
        }
        Ok(_) => return Err("ERR DB index is out of range".into()),
        Err(_) => return Err(super::parse::NOT_AN_INTEGER.into()),
    }
    Ok(())
}

pub(super) fn quit(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    context.reply().ok();
    context.client.closing = true;
    Ok(())
}

pub(super) fn asking(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    super::cluster::membership(context)?;
    context.client.asking = true;
    context.reply().ok();
    Ok(())
}

pub(super) fn readonly(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    super::cluster::membership(context)?;
    context.client.readonly = true;
    context.reply().ok();
    Ok(())
}

pub(super) fn readwrite(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    super::cluster::membership(context)?;
    context.client.readonly = false;
    context.reply().ok();
    Ok(())
}

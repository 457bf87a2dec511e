//! Commands on the node as a whole.

use crate::resp::Request;
use crate::server::execute::{Context, Refusal};

pub(super) fn role(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let reply = context.reply();
    reply.array(3);
    reply.bulk("master");
    reply.integer(0);
    reply.array(0);
    Ok(())
}

pub(super) fn shutdown(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    context.node.shutdown = true;
    context.client.closing = true;
    Ok(())
}

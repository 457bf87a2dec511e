//! MULTI, EXEC and DISCARD. Commands between them are queued where they would run (`execute`). There is no
//! WATCH: keys do not remember who looks at them.

use crate::resp::Request;
use crate::server::execute::{Context, Refusal, answer, carry_out};

pub(super) fn multi(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    if context.client.transaction.is_some() {
        return Err("ERR MULTI calls can not be nested".into());
    }
    context.client.transaction = Some(Box::default());
    context.reply().ok();
    Ok(())
}

pub(super) fn discard(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    context.client.transaction.take().ok_or("ERR DISCARD without MULTI")?;
    context.reply().ok();
    Ok(())
}

/// Each command answers for itself. Which answers are wanted may change from one to the next.
pub(super) fn exec(context: &mut Context<'_>, _: Request<'_>) -> Result<(), Refusal> {
    let Context { node, client, .. } = context;
    let transaction = client.transaction.as_mut().ok_or("ERR EXEC without MULTI")?;
    if transaction.failed {
        client.transaction = None;
        return Err("EXECABORT Transaction discarded because of previous errors.".into());
    }
    let commands = std::mem::take(&mut transaction.commands);
    client.reply.array(commands.len());
    client.settle_answer();
    for queued in commands {
        let was_closing = client.closing;
        let result = carry_out(node, client, (queued.place, queued.slot), queued.kept.request());
        answer(node, client, result.map(drop), was_closing);
    }
    client.transaction = None;
    // ASKING was for this transaction, or within it.
    client.asking = false;
    Ok(())
}

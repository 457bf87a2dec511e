//! FILLBENCH FAULT: a node is told to fail, over the wire. These commands are run whatever else fails.

use tracing::info;

use super::parse::is;
use crate::resp::Request;
use crate::server::execute::{Context, Refusal};
use crate::server::fault::{Fault, Strike};

/// What the table calls it.
pub(crate) const NAME: &str = "fillbench|fault";

pub(super) fn fault(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    match &request[2] {
        word if is(word, "LIST") && request.len() == 3 => {
            let faults = context.node.faults.list();
            context.client.reply.array(faults.len());
            faults.for_each(|fault| context.client.reply.bulk(fault));
            return Ok(());
        }
        word if is(word, "OFF") && request.len() == 3 => {
            info!(node = %context.node.address, "faults are off");
            context.node.faults.clear();
        }
        _ => {
            let read = |word: &[u8]| String::from_utf8_lossy(word).parse::<Fault>();
            let faults: Vec<Fault> = request
                .from(2)
                .map(read)
                .collect::<Result<_, _>>()
                .map_err(|error| Refusal(format!("ERR {error}").into()))?;
            for fault in faults {
                info!(node = %context.node.address, %fault, "fault is set");
                if context.node.faults.add(fault)? == Some(Strike::Restart) {
                    context.node.restart();
                    context.client.closing = true;
                }
            }
        }
    }
    context.reply().ok();
    Ok(())
}

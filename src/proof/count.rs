//! How many keys there are: exact and nearly free, but it does not say which.

use tracing::debug;

use crate::cluster::Mode;
use crate::net::{Connection, NetError};
use crate::resp::{Value, encode_command};

/// The keys in each of `slots`, at a node that owns them: 16384 slots take about 50 ms.
///
/// # Errors
/// [`NetError`] if the node does not answer, or refuses.
pub async fn count_slots(node: &mut Connection, slots: &[u16]) -> Result<Vec<u64>, NetError> {
    let mut wire = Vec::new();
    for slot in slots {
        encode_command(&mut wire, &[b"CLUSTER", b"COUNTKEYSINSLOT", slot.to_string().as_bytes()]);
    }
    let mut counts = Vec::with_capacity(slots.len());
    let mut refusal = None;
    node.pipeline(&wire, slots.len(), |_, reply| match reply.as_integer() {
        Some(count) => counts.push(count as u64),
        None => refusal = refusal.take().or(Some(reply)),
    })
    .await?;
    debug!(address = %node.address(), slots = slots.len(), keys = counts.iter().sum::<u64>(), "counted");
    match refusal {
        None => Ok(counts),
        Some(reply) => Err(NetError::unexpected(node.address(), "CLUSTER COUNTKEYSINSLOT", &reply)),
    }
}

/// The keys in the connection's database, those that have expired but were not yet collected
/// included.
///
/// # Errors
/// [`NetError`] if the node does not answer, or refuses.
pub async fn count_database(node: &mut Connection) -> Result<u64, NetError> {
    let reply = node.call(&[b"DBSIZE"]).await?;
    reply
        .as_integer()
        .map(|count| count as u64)
        .ok_or_else(|| NetError::unexpected(node.address(), "DBSIZE", &reply))
}

/// Whether this user may count what a fill needs counted.
///
/// # Errors
/// [`NetError`] if the node does not answer.
pub async fn may_count(node: &mut Connection, mode: Mode) -> Result<bool, NetError> {
    let counted = match mode {
        Mode::Standalone => Value::Nil,
        Mode::Cluster => node.call_raw(&[b"CLUSTER", b"COUNTKEYSINSLOT", b"0"]).await?,
    };
    let sized = node.call_raw(&[b"DBSIZE"]).await?;
    Ok(counted.as_error().is_none() && sized.as_error().is_none())
}

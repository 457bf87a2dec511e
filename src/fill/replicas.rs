//! Replicas: whether they can be waited for, and how many of them have everything in the end.

use std::time::{Duration, Instant};

use tokio::task::{JoinError, JoinSet};

use crate::cluster::{Info, Topology};
use crate::net::{Address, Connection, Connector, NetError};
use crate::resp::Value;
use crate::write::ReplicaWait;

use super::FillError;
use super::nodes::in_order;

/// How long replicas that nobody asked to wait for are given to say how far they are.
const GRACE: Duration = Duration::from_millis(200);
/// How long one question to them waits for its answer.
const QUESTION: Duration = Duration::from_millis(20);

/// The replicas of one master.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Replicas {
    /// Those that follow it.
    pub attached: u64,
    /// Those that have everything it had when it was asked.
    pub acknowledged: u64,
}

/// The replicas of all masters when the run ends.
pub(super) struct AtEnd {
    /// The masters of that moment.
    pub topology: Topology,
    /// Theirs, in the same order; `None` where one will not say.
    pub replicas: Vec<Option<Replicas>>,
}

impl AtEnd {
    /// The first master that has fewer replicas with everything than are waited for, and why.
    pub fn shortage(&self, wait: ReplicaWait) -> Option<(&Address, FillError)> {
        let mut masters = self.topology.masters.iter().zip(&self.replicas);
        masters.find_map(|(master, replicas)| {
            let address = master.address.clone();
            let shortage = match *replicas {
                None => Some(FillError::ReplicasHidden { address }),
                Some(Replicas { attached, .. }) if attached < wait.replicas => {
                    Some(FillError::FewReplicas { address, replicas: attached, asked: wait.replicas })
                }
                Some(found) if found.reach(wait) => None,
                Some(found) => Some(FillError::behind(address, found.acknowledged, wait)),
            };
            Some((&master.address, shortage?))
        })
    }

    /// For each slot, whether as many replicas of its master have everything as are waited for.
    pub fn reached(&self, wait: ReplicaWait) -> Vec<bool> {
        let owners = self.topology.owners();
        let reaches = |owner: usize| self.replicas[owner].is_some_and(|replicas| replicas.reach(wait));
        owners.iter().map(|owner| owner.is_some_and(reaches)).collect()
    }
}

impl Replicas {
    fn reach(&self, wait: ReplicaWait) -> bool {
        self.acknowledged >= wait.replicas
    }
}

/// Sees to it, before the first key, that a master has replicas that can be waited for. `connection` is to
/// be silent for `reply_timeout` at most, beside the time that replicas are given.
pub(super) async fn check(
    connection: &mut Connection,
    wait: ReplicaWait,
    reply_timeout: Duration,
) -> Result<(), FillError> {
    let address = connection.address().clone();
    let ReplicaWait { replicas: asked, timeout } = wait;
    let Some((_, Replicas { attached, .. })) = look(connection, None).await? else {
        return Err(FillError::ReplicasHidden { address });
    };
    if attached < asked {
        return Err(FillError::FewReplicas { address, replicas: attached, asked });
    }
    let words = [asked.to_string(), wait.timeout_ms().to_string()];
    connection.set_reply_timeout(reply_timeout.saturating_add(timeout));
    let reply = connection.call_raw(&[b"WAIT", words[0].as_bytes(), words[1].as_bytes()]).await?;
    connection.set_reply_timeout(reply_timeout);
    match reply {
        Value::Integer(replicas) => match u64::try_from(replicas).unwrap_or(0) {
            replicas if replicas < asked => Err(FillError::behind(address, replicas, wait)),
            _ => Ok(()),
        },
        Value::Error(message) => {
            Err(FillError::WaitRefused { address, message: crate::net::shown(&message) })
        }
        other => Err(NetError::unexpected(&address, "WAIT", &other).into()),
    }
}

/// How many replicas of each master have what it has now, whoever wrote it; `None` where it will not say.
/// Waits until they are as many as `wait` asks for, or for a moment until they are all.
pub(super) async fn at_end(
    connector: &Connector,
    topology: Topology,
    wait: Option<ReplicaWait>,
) -> Result<AtEnd, JoinError> {
    let mut asking = JoinSet::new();
    for (index, master) in topology.masters.iter().enumerate() {
        let (connector, address) = (connector.clone(), master.address.clone());
        asking.spawn(async move {
            let asked = async { catch_up(&mut connector.open(&address).await?, wait).await };
            (index, asked.await.ok().flatten())
        });
    }
    Ok(AtEnd { topology, replicas: in_order(asking).await? })
}

/// The answer to WAIT would count only what the same connection has written. So the master's own offset
/// is what replicas are compared with; WAIT has them say how far they are, which they else do once a second.
async fn catch_up(
    connection: &mut Connection,
    wait: Option<ReplicaWait>,
) -> Result<Option<Replicas>, NetError> {
    let since = Instant::now();
    let Some((offset, mut replicas)) = look(connection, None).await? else { return Ok(None) };
    let patience = wait.map_or(GRACE, |wait| wait.timeout);
    loop {
        let enough = wait.map_or(replicas.attached, |wait| wait.replicas);
        if replicas.acknowledged >= enough || since.elapsed() >= patience {
            return Ok(Some(replicas));
        }
        // More than there are: so it does ask them.
        let (more, question) = ((replicas.attached + 1).to_string(), QUESTION.as_millis().to_string());
        let answer = connection.call_raw(&[b"WAIT", more.as_bytes(), question.as_bytes()]).await?;
        if answer.as_error().is_some() {
            tokio::time::sleep(QUESTION).await;
        }
        let Some((_, now)) = look(connection, Some(offset)).await? else { return Ok(None) };
        replicas = now;
    }
}

/// The master's offset in its own history, and its replicas, of which those count as having everything that
/// are at `offset` or beyond; `None` for the master's own of now. `None` if this user may not know.
async fn look(connection: &mut Connection, offset: Option<u64>) -> Result<Option<(u64, Replicas)>, NetError> {
    let reply = connection.call_raw(&[b"INFO", b"replication"]).await?;
    let Some(text) = reply.as_text().filter(|_| reply.as_error().is_none()) else { return Ok(None) };
    let info = Info::parse(&text);
    let Some(now) = info.number("master_repl_offset") else { return Ok(None) };
    let offset = offset.unwrap_or(now);
    let offsets = info.replica_offsets();
    let acknowledged = offsets.iter().filter(|&&reached| reached >= offset).count() as u64;
    Ok(Some((now, Replicas { attached: offsets.len() as u64, acknowledged })))
}

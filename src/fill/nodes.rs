//! What every master says of itself at one moment: before the fill to know what was there, after it
//! to know what happened.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::task::{JoinError, JoinSet};

use crate::cluster::{self, ClusterError, Info, Master, Mode};
use crate::net::{Connection, Connector, NetError};
use crate::proof::count_database;

/// A master that answered.
pub(super) struct Node {
    /// A connection for questions, with replies.
    pub connection: Connection,
    /// INFO; `None` if this user may not have it.
    pub info: Option<Info>,
    /// Keys in the database; `None` if this user may not count them.
    pub keys: Option<u64>,
    /// The shortest time in which a question was answered.
    pub round_trip: Duration,
}

impl Node {
    /// Whether it is on this machine: what goes to an address of our own goes nowhere else. A machine's own name may
    /// stand for 127.0.1.1, which is called from 127.0.0.1.
    pub fn is_here(&self) -> bool {
        let ends = self.connection.ends();
        let to_itself = ends.is_some_and(|(local, peer)| local == peer || peer.is_loopback());
        to_itself || self.connection.address().is_local()
    }

    /// Its process and its port, as it tells them itself, if it is here. In a container, or behind a tunnel, they are
    /// those of another world.
    pub fn process(&self) -> Option<(u32, u16)> {
        let info = self.info.as_ref().filter(|_| self.is_here())?;
        Some((info.number("process_id")?, info.number("tcp_port")?))
    }
}

/// Questions that are timed: one may come at a bad moment.
const PINGS: usize = 3;

/// Asks all masters at once. The result has one entry per master, in their order.
pub(super) async fn ask(
    connector: &Connector,
    masters: &[Master],
    mode: Mode,
) -> Result<Vec<Result<Node, ClusterError>>, JoinError> {
    let mut tasks = JoinSet::new();
    for (index, master) in masters.iter().enumerate() {
        let (connector, master) = (connector.clone(), master.clone());
        tasks.spawn(async move { (index, visit(&connector, &master, mode).await) });
    }
    in_order(tasks).await
}

/// What numbered tasks return, in the order of their numbers.
pub(super) async fn in_order<T: 'static>(mut tasks: JoinSet<(usize, T)>) -> Result<Vec<T>, JoinError> {
    let mut done = BTreeMap::new();
    while let Some(joined) = tasks.join_next().await {
        let (number, value) = joined?;
        done.insert(number, value);
    }
    Ok(done.into_values().collect())
}

async fn visit(connector: &Connector, master: &Master, mode: Mode) -> Result<Node, ClusterError> {
    let mut connection = cluster::meet(connector, master, mode).await?;
    let info = cluster::info(&mut connection).await?;
    let keys = match count_database(&mut connection).await {
        Ok(keys) => Some(keys),
        Err(NetError::Refused { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let mut round_trip = Duration::MAX;
    for _ in 0..PINGS {
        let asked = Instant::now();
        connection.call_raw(&[b"PING"]).await?;
        round_trip = round_trip.min(asked.elapsed());
    }
    Ok(Node { connection, info, keys, round_trip })
}

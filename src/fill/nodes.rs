//! What every master says of itself at one moment: before the fill to know what was there, after it
//! to know what happened.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::Poll;
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

/// Masters that are worked on at once: whenever one of them answers, all of them are looked at.
pub(super) const AT_ONCE: usize = 64;
/// Masters whose distance is measured at once: the answers of many would wait for this process, which would seem to be
/// the distance.
const TIMED_AT_ONCE: usize = 8;

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
    let visited = in_order(tasks).await?.into_iter();
    let timed = visited.map(|visited| async move {
        Ok(match visited {
            Ok(node) => time(node).await.map_err(ClusterError::from),
            Err(error) => Err(error),
        })
    });
    at_once(TIMED_AT_ONCE, timed).await
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

/// Does the same with many masters, so many at once, on this task, so that nothing is lost of what they lend if it is
/// given up. The results are in their order. Where some fail, all that were begun are waited for, and the first of
/// them in this order is told.
pub(super) async fn at_once<T, E>(
    most: usize,
    work: impl IntoIterator<Item = impl Future<Output = Result<T, E>>>,
) -> Result<Vec<T>, E> {
    let (mut work, mut done) = (work.into_iter(), Vec::new());
    loop {
        let mut some: Vec<_> = work.by_ref().take(most).map(|future| (Box::pin(future), None)).collect();
        if some.is_empty() {
            return Ok(done);
        }
        poll_fn(|context| {
            let mut is_open = false;
            for (future, result) in some.iter_mut().filter(|(_, result)| result.is_none()) {
                match future.as_mut().poll(context) {
                    Poll::Ready(ended) => *result = Some(ended),
                    Poll::Pending => is_open = true,
                }
            }
            if is_open { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        for result in some.into_iter().filter_map(|(_, result)| result) {
            done.push(result?);
        }
    }
}

async fn visit(connector: &Connector, master: &Master, mode: Mode) -> Result<Node, ClusterError> {
    let mut connection = cluster::meet(connector, master, mode).await?;
    let info = cluster::info(&mut connection).await?;
    let keys = match count_database(&mut connection).await {
        Ok(keys) => Some(keys),
        Err(NetError::Refused { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Node { connection, info, keys, round_trip: Duration::MAX })
}

/// Measures how far a master is.
async fn time(mut node: Node) -> Result<Node, NetError> {
    for _ in 0..PINGS {
        let asked = Instant::now();
        node.connection.call_raw(&[b"PING"]).await?;
        node.round_trip = node.round_trip.min(asked.elapsed());
    }
    Ok(node)
}

#[cfg(test)]
mod tests {
    use tokio::sync::{Barrier, Notify};

    use super::*;

    #[tokio::test]
    async fn many_are_worked_on_at_once_and_stay_in_order() {
        // None of them ends before all of its turn have begun.
        let together = Barrier::new(AT_ONCE);
        let together = &together;
        let work = (0..2 * AT_ONCE).map(|number| async move {
            together.wait().await;
            Ok::<_, ()>(number)
        });
        assert_eq!(at_once(AT_ONCE, work).await, Ok((0..2 * AT_ONCE).collect()));
        assert_eq!(at_once(AT_ONCE, [] as [std::future::Ready<Result<(), ()>>; 0]).await, Ok(Vec::new()));
    }

    #[tokio::test]
    async fn the_first_of_several_errors_is_told_when_all_have_ended() {
        let (last_failed, first_ended) = (Notify::new(), std::cell::Cell::new(false));
        let (last_failed, first_ended) = (&last_failed, &first_ended);
        let work = (0..3).map(|number| async move {
            match number {
                2 => {
                    last_failed.notify_one();
                    Err("third")
                }
                1 => Err("second"),
                _ => {
                    last_failed.notified().await;
                    first_ended.set(true);
                    Ok(())
                }
            }
        });
        assert_eq!(at_once(AT_ONCE, work).await, Err("second"));
        assert!(first_ended.get());
    }
}

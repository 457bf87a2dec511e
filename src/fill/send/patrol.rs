//! Looking at every node while it is filled, about once a second: what it says of itself and of the
//! cluster. One that does not answer is asked again, later and later.

use std::collections::BTreeMap;
use std::future::pending;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tracing::debug;

use crate::cluster::{self, ClusterError, Mode};
use crate::net::{Address, AddressMap, Connection, Connector};

use super::backoff::Backoff;
use super::sight::{Seen, Sight};

/// How often a node is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// However many wish to know more: a storm of redirections is one look.
const EVERY_AT_MOST: Duration = Duration::from_millis(200);
/// A node that has not answered by then is not there. The barrier's deadline is for those that are
/// busy.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// One node, and how it is doing.
struct Post {
    connection: Option<Connection>,
    /// `None` while it is being asked.
    due: Option<Instant>,
    last: Option<Instant>,
    /// Whether somebody wishes to know more although it is being asked.
    again: bool,
    backoff: Backoff,
}

/// Asks nodes, each on a connection of its own.
pub(in crate::fill) struct Patrol {
    connector: Connector,
    map: AddressMap,
    mode: Mode,
    posts: BTreeMap<Address, Post>,
    asked: JoinSet<(Sight, Option<Connection>)>,
}

impl Patrol {
    /// A patrol that begins its first round a second from now.
    pub fn new<'a>(
        connector: &Connector,
        map: &AddressMap,
        mode: Mode,
        nodes: impl Iterator<Item = &'a Address>,
    ) -> Self {
        let reply_timeout = connector.reply_timeout.min(ANSWERS_WITHIN);
        let connector = Connector { reply_timeout, ..connector.clone() };
        let posts = BTreeMap::new();
        let mut patrol = Self { connector, map: map.clone(), mode, posts, asked: JoinSet::new() };
        nodes.for_each(|address| patrol.watch(address, Instant::now() + EVERY));
        patrol
    }

    /// Looks at a node from `due` on, if it does not do so yet.
    pub fn watch(&mut self, address: &Address, due: Instant) {
        self.posts.entry(address.clone()).or_insert_with(|| Post {
            connection: None,
            due: Some(due),
            last: None,
            again: false,
            backoff: Backoff::default(),
        });
    }

    /// Something happened: looks at all nodes as soon as may be.
    pub fn hurry(&mut self) {
        let now = Instant::now();
        for post in self.posts.values_mut() {
            match (post.due, post.last) {
                (None, _) => post.again = true,
                // One that does not answer keeps its own time.
                (Some(_), _) if post.backoff.failures() > 0 => {}
                (Some(due), last) => {
                    post.due = Some(due.min(last.map_or(now, |last| last + EVERY_AT_MOST).max(now)));
                }
            }
        }
    }

    /// Those whose time has come.
    pub fn due(&self) -> Vec<Address> {
        let now = Instant::now();
        let due = self.posts.iter().filter(|(_, post)| post.due.is_some_and(|due| due <= now));
        due.map(|(address, _)| address.clone()).collect()
    }

    /// Asks those whose time has come.
    pub fn ask_due(&mut self) {
        let now = Instant::now();
        for (address, post) in &mut self.posts {
            if post.due.is_none_or(|due| due > now) {
                continue;
            }
            (post.due, post.last) = (None, Some(now));
            let (connector, map, mode) = (self.connector.clone(), self.map.clone(), self.mode);
            let (address, open) = (address.clone(), post.connection.take());
            self.asked.spawn(async move {
                let mut connection = None;
                let seen = look(&connector, &map, mode, &address, open, &mut connection).await;
                // One that failed is of no use any more.
                let connection = connection.filter(|_| seen.is_ok());
                (Sight { address, asked: now, seen }, connection)
            });
        }
    }

    /// The next answer, or that there was none. Nothing is lost when it is dropped.
    pub async fn next(&mut self) -> Sight {
        loop {
            match self.asked.join_next().await {
                Some(Ok((sight, connection))) => {
                    self.take(&sight, connection);
                    return sight;
                }
                // A look that panicked: its node is looked at no more, which its writers will notice.
                Some(Err(_)) => {}
                None => return pending().await,
            }
        }
    }

    fn take(&mut self, sight: &Sight, connection: Option<Connection>) {
        let Some(post) = self.posts.get_mut(&sight.address) else { return };
        let took = sight.asked.elapsed();
        match &sight.seen {
            Ok(_) => debug!(node = %sight.address, ?took, "looked at a node"),
            Err(error) => debug!(node = %sight.address, ?took, %error, "looked at a node in vain"),
        }
        let now = Instant::now();
        let again = std::mem::take(&mut post.again);
        post.connection = connection;
        post.due = Some(match &sight.seen {
            Ok(_) => {
                post.backoff = Backoff::default();
                if again { (sight.asked + EVERY_AT_MOST).max(now) } else { (sight.asked + EVERY).max(now) }
            }
            Err(_) => now + post.backoff.failed(),
        });
    }
}

async fn look(
    connector: &Connector,
    map: &AddressMap,
    mode: Mode,
    address: &Address,
    open: Option<Connection>,
    used: &mut Option<Connection>,
) -> Result<Seen, ClusterError> {
    let mut node = match open {
        Some(node) => node,
        None => connector.open(address).await?,
    };
    let info = cluster::info(&mut node).await?;
    // Asked about a cluster, a standalone server would count an error.
    let view = match mode {
        Mode::Standalone => None,
        Mode::Cluster => cluster::view(&mut node, map, connector.tls.is_some()).await?,
    };
    *used = Some(node);
    Ok(Seen { info, view })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{Server, ServerOptions};

    #[tokio::test]
    async fn however_many_wish_to_know_more_a_node_is_asked_now_and_then() {
        let server = Server::start(&ServerOptions { masters: Some(1), ..ServerOptions::default() }).unwrap();
        let node = server.addresses()[0];
        let address = Address::tcp(&node.ip().to_string(), node.port());
        let (connector, map) = (Connector::default(), AddressMap::default());
        let mut patrol = Patrol::new(&connector, &map, Mode::Cluster, [&address].into_iter());
        let (since, mut looks) = (Instant::now(), 0);
        // A storm: every writer is redirected again and again.
        while since.elapsed() < 5 * EVERY_AT_MOST {
            patrol.hurry();
            patrol.ask_due();
            if let Ok(sight) = tokio::time::timeout(Duration::from_millis(1), patrol.next()).await {
                assert!(sight.seen.is_ok());
                looks += 1;
            }
        }
        let most = since.elapsed().div_duration_f64(EVERY_AT_MOST).ceil();
        assert!(looks > 1 && f64::from(looks) <= most, "{looks} of {most}");
    }
}

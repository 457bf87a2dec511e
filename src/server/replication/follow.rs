//! A replica's part: changes and copies are made of the master's keys.

use std::time::{Duration, Instant};

use super::lead::HANDOVER;
use crate::server::cluster::{MemberIndex, Part, random_id};
use crate::server::node::Node;
use crate::server::store::Change;

/// Bytes that are made in one go; then clients have their turn.
const TURN_BYTES: usize = 1 << 20;

/// How a replica stands to its master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// It has had everything once.
    Up,
    /// Keys are being copied.
    Copying,
    /// The master is gone.
    Down,
}

impl Node {
    /// How the node stands to its master, if it has one.
    pub(crate) fn link(&self) -> Option<Link> {
        let (cluster, master) = self.cluster.as_ref().zip(self.replication.master)?;
        Some(match cluster.shared.feed(cluster.member).is_online(master) {
            _ if cluster.shared.read().members[master].failed => Link::Down,
            true => Link::Up,
            false => Link::Copying,
        })
    }

    /// Makes some of what the master did. Returns after which time there is more to make, if that is known.
    pub(super) fn follow(&mut self) -> Option<Duration> {
        let mut made = 0;
        while made < TURN_BYTES {
            match self.make_next() {
                Ok(bytes) => made += bytes,
                Err(rest) => return rest,
            }
        }
        Some(Duration::ZERO)
    }

    /// Makes the next part, and says of how many bytes it was.
    fn make_next(&mut self) -> Result<usize, Option<Duration>> {
        let (cluster, master) = self.cluster.as_ref().zip(self.replication.master).ok_or(None)?;
        let (shared, me) = (cluster.shared.clone(), cluster.member);
        let feed = shared.feed(me);
        let part = feed.take()?;
        let made = match part {
            Part::Changes(changes, offset) => {
                self.make_all(&changes);
                feed.reach(offset);
                changes.len()
            }
            Part::Copy(copy) => {
                self.make_all(&copy);
                copy.len()
            }
            // Who has not had everything must not take over. The master gives it up in time.
            Part::HandOver if feed.is_online(master) => {
                // Unless it was called off meanwhile.
                let _ = shared.change(|state| match state.members[master].hands_over_to {
                    Some((heir, asked)) if heir == me && asked.elapsed() < HANDOVER => state.take_over(me),
                    _ => Err(String::new()),
                });
                0
            }
            Part::Copied(_) | Part::HandOver => 0,
        };
        shared.feed(master).bell.notify_one();
        Ok(made)
    }

    fn make_all(&mut self, mut changes: &[u8]) {
        while let Some(change) = Change::read(&mut changes) {
            self.keys.make(change, self.used_now);
        }
    }

    /// Copies this master from now on. What was here stays until the copy begins.
    pub(super) fn become_replica(&mut self, master: MemberIndex) {
        let Some(cluster) = &self.cluster else { return };
        self.replication.master = Some(master);
        self.replication.hands_over = None;
        self.keys.follows = true;
        self.keys.keep_journal(false);
        cluster.shared.feed(cluster.member).ask(master);
        cluster.shared.feed(master).bell.notify_one();
        // Whoever waits is told that this is no master any more.
        self.resumed.notify_waiters();
        self.replication.progressed.notify_waiters();
    }

    /// Is a master from now on, with what has come before it was decided.
    pub(super) fn become_master(&mut self) {
        let Some(cluster) = &self.cluster else { return };
        let (shared, me) = (cluster.shared.clone(), cluster.member);
        let feed = shared.feed(me);
        feed.cut(Instant::now());
        while self.make_next().is_ok() {}
        let (offset, history) = (feed.offset(), feed.history());
        feed.close();
        self.keys.follows = false;
        self.replication.master = None;
        self.replication.offset = offset;
        self.replication.earlier = Some((history, offset)).filter(|(history, _)| !history.is_empty());
        self.replication.history = random_id(&mut self.random);
    }
}

//! A master's part: changes and copies go to the replicas.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::server::cluster::{Feed, MemberIndex, Part};
use crate::server::node::Node;
use crate::server::store::{Change, UnixMs};

/// How long a replica that is to take over may take for it. As in Redis.
pub(super) const HANDOVER: Duration = Duration::from_secs(5);
/// Writes wait longer, if need be: none may be executed before the replica has been told that it is too late.
const HANDOVER_PAUSE_MS: UnixMs = 2 * HANDOVER.as_millis() as UnixMs;
/// Changes are passed on when there are so many bytes of them, also in the middle of a pipeline.
const JOURNAL_BYTES: usize = 1 << 20;
/// Copied keys that a replica has not taken yet, in bytes: then copying waits.
const COPY_AHEAD_BYTES: usize = 8 << 20;
/// Keys that are copied in one go, in bytes.
const COPY_PART_BYTES: usize = 1 << 20;

/// A replica, as its master sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Replica {
    pub(crate) member: MemberIndex,
    /// Whether it has had everything once.
    pub(crate) is_online: bool,
    /// How far it is in the master's history.
    pub(crate) offset: u64,
}

impl Node {
    /// These replicas copy the node.
    pub(super) fn lead(&mut self, replicas: &[MemberIndex]) {
        let old = &self.replication.replicas;
        if let Some(cluster) = &self.cluster {
            // One that comes back has missed what was written meanwhile.
            let new = replicas.iter().filter(|replica| !old.contains_key(replica));
            new.for_each(|replica| cluster.shared.feed(*replica).begin_again(cluster.member));
        }
        let new = replicas.iter().map(|replica| (*replica, old.get(replica).copied().flatten())).collect();
        self.replication.replicas = new;
        self.keys.keep_journal(!replicas.is_empty());
    }

    /// Whether so much has changed that replicas should have it at once.
    #[inline]
    pub(crate) fn should_feed(&self) -> bool {
        self.keys.journal_len() > JOURNAL_BYTES
    }

    /// Passes on what has changed, and goes on with copies.
    pub(crate) fn feed_replicas(&mut self) {
        let Some(cluster) = &self.cluster else { return };
        if self.replication.replicas.is_empty() {
            return;
        }
        let (shared, me, lag) = (cluster.shared.clone(), cluster.member, self.faults.lag());
        let changes = Bytes::from(self.keys.take_journal());
        self.replication.offset += changes.len() as u64;
        let offset = self.replication.offset;
        shared.feed(me).reach(offset);
        let mut replicas = std::mem::take(&mut self.replication.replicas);
        for (replica, copying) in &mut replicas {
            let feed = shared.feed(*replica);
            if !changes.is_empty() {
                feed.put(me, Part::Changes(changes.clone(), offset), lag);
            }
            if feed.begin_copy(me, &self.replication.history) {
                let mut start = Vec::new();
                Change::Clear.write(&mut start);
                feed.put(me, Part::Copy(start), lag);
                *copying = Some(0);
            }
            while let Some(cursor) = copying.filter(|_| feed.copied() < COPY_AHEAD_BYTES) {
                *copying = self.copy_part(feed, me, cursor);
            }
        }
        self.replication.replicas = replicas;
    }

    /// Copies some keys, as they are now. What has changed among those that were copied before follows as a
    /// change; a change to one that was not is made to nothing, or made twice, and either is right.
    fn copy_part(&self, feed: &Feed, me: MemberIndex, cursor: u64) -> Option<u64> {
        let (lag, mean) = (self.faults.lag(), self.keys.bytes() / self.keys.len().max(1));
        let keys = (COPY_PART_BYTES / mean.max(1)).max(1);
        let (next, found) = self.keys.scan_parts(cursor, keys, keys);
        let mut copy = Vec::new();
        for entry in found {
            let (slot, expires) = (crate::slots::slot_of(entry.key()), entry.expires());
            Change::Set { slot, key: entry.key(), value: entry.value(), expires }.write(&mut copy);
        }
        // One that has to begin again has no use for the rest.
        let is_wanted = feed.put(me, Part::Copy(copy), lag);
        if next > 0 {
            return Some(next).filter(|_| is_wanted);
        }
        feed.put(me, Part::Copied(self.replication.offset), lag);
        None
    }

    /// Has writes wait until the replica that asked for it has everything and takes over; `None` is nobody
    /// (any more).
    pub(super) fn hand_over(&mut self, to: Option<MemberIndex>) {
        let current = self.replication.hands_over.map(|(replica, _)| replica);
        if current == to {
            return;
        }
        self.replication.hands_over = to.map(|replica| (replica, self.now));
        self.feed_replicas();
        if let Some(cluster) = &self.cluster {
            // What it has not read yet must not make it take over at another time.
            current.into_iter().for_each(|replica| cluster.shared.feed(replica).call_off());
            if let Some(replica) = to {
                cluster.shared.feed(replica).put(cluster.member, Part::HandOver, self.faults.lag());
            }
        }
        self.resumed.notify_waiters();
    }

    /// Gives up waiting for the replica, if that has taken too long.
    pub(crate) fn watch_handover(&mut self) {
        if let Some((replica, since)) = self.replication.hands_over
            && since + HANDOVER.as_millis() as UnixMs <= self.now
            && let Some(cluster) = &self.cluster
        {
            let me = cluster.member;
            // It can only fail to be kept, and then the next cycle tries again.
            let _ = cluster.shared.change(|state| {
                state.members[me].hands_over_to.take_if(|(to, _)| *to == replica);
                Ok(())
            });
        }
    }

    /// Until when writes wait for a replica to take over.
    pub(crate) fn hands_over_until(&self) -> Option<UnixMs> {
        self.replication.hands_over.map(|(_, since)| since + HANDOVER_PAUSE_MS)
    }

    /// How many replicas have everything up to this offset.
    pub(crate) fn replicas_at(&self, offset: u64) -> usize {
        let has = |replica: &Replica| replica.is_online && replica.offset >= offset;
        self.replicas().iter().filter(|replica| has(replica)).count()
    }

    /// Bytes of changes and copies that replicas have not taken yet: of the one that is farthest behind, since
    /// changes are the same for all.
    pub(crate) fn bytes_of_feeds(&self) -> usize {
        let Some(cluster) = &self.cluster else { return 0 };
        let waiting = self.replication.replicas.keys().map(|replica| cluster.shared.feed(*replica).bytes());
        self.keys.journal_len() + waiting.max().unwrap_or_default()
    }

    /// The replicas, as they are now.
    pub(crate) fn replicas(&self) -> Vec<Replica> {
        let Some(cluster) = &self.cluster else { return Vec::new() };
        let replica = |member: &MemberIndex| {
            let feed = cluster.shared.feed(*member);
            Replica { member: *member, is_online: feed.is_online(cluster.member), offset: feed.offset() }
        };
        self.replication.replicas.keys().map(replica).collect()
    }

    /// The name of the node's history of changes, and that of the one before with its end.
    pub(crate) fn histories(&self) -> (String, Option<(String, u64)>) {
        match &self.cluster {
            Some(cluster) if self.replication.master.is_some() => {
                (cluster.shared.feed(cluster.member).history(), None)
            }
            _ => (self.replication.history.clone(), self.replication.earlier.clone()),
        }
    }

    /// How far the node is in its history, what it has just changed included.
    pub(crate) fn offset(&self) -> u64 {
        match &self.cluster {
            Some(cluster) if self.replication.master.is_some() => {
                cluster.shared.feed(cluster.member).offset()
            }
            _ => self.replication.offset + self.keys.journal_len() as u64,
        }
    }

    /// The node leaves for good, as its process would: at once, or with what it has written down for its
    /// replicas. The one that is ahead of the others takes over.
    pub(crate) fn leave(&mut self) {
        if std::mem::replace(&mut self.shutdown, true) {
            return;
        }
        self.feed_replicas();
        let Some(cluster) = &self.cluster else { return };
        let (me, shared) = (cluster.member, &cluster.shared);
        let now = Instant::now();
        let online = self.replicas().into_iter().filter(|replica| replica.is_online);
        let heir = online.max_by_key(|replica| replica.offset).map(|replica| replica.member);
        heir.into_iter().for_each(|heir| shared.feed(heir).cut(now));
        // A node that cannot keep its file is gone all the same.
        let _ = shared.change(|state| {
            state.fail(me, heir);
            Ok(())
        });
        shared.feed(me).close();
    }
}

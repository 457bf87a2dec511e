//! Which part a node has: it is a master, or a replica, and may become the other.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use rand_xoshiro::Xoshiro256PlusPlus;
use tokio::sync::Notify;

use super::lead::HANDOVER;
use crate::server::cluster::{MemberIndex, State, random_id};
use crate::server::node::Node;
use crate::server::store::UnixMs;

/// A node's part in it.
pub(crate) struct Replication {
    /// The name of the history of changes that is written here.
    pub(crate) history: String,
    /// The one before, and up to which offset it is the same. None since there is but one.
    pub(crate) earlier: Option<(String, u64)>,
    /// The master that the node copies.
    pub(crate) master: Option<MemberIndex>,
    /// Replicas that copy the node, and where the copy of its keys goes on, if that is not done.
    pub(super) replicas: BTreeMap<MemberIndex, Option<u64>>,
    /// The replica that is to take over, and since when it is.
    pub(crate) hands_over: Option<(MemberIndex, UnixMs)>,
    /// Bytes of changes so far.
    pub(super) offset: u64,
    /// Rung when a replica has come further.
    pub(crate) progressed: Rc<Notify>,
}

impl Replication {
    pub(crate) fn new(random: &mut Xoshiro256PlusPlus) -> Self {
        Self {
            history: random_id(random),
            earlier: None,
            master: None,
            replicas: BTreeMap::new(),
            hands_over: None,
            offset: 0,
            progressed: Rc::new(Notify::new()),
        }
    }
}

impl Node {
    /// Does what there is to do about masters and replicas. Returns after which time there is more, if
    /// nobody rings before.
    pub(crate) fn replicate(&mut self) -> Option<Duration> {
        self.look_at_cluster();
        match self.replication.master {
            Some(_) => self.follow(),
            None => {
                self.feed_replicas();
                self.replication.progressed.notify_waiters();
                None
            }
        }
    }

    /// Begins as a new process would, without keys: replicas have to begin again.
    pub(crate) fn restart_replication(&mut self) {
        self.replication = Replication::new(&mut self.random);
        let Some(cluster) = &mut self.cluster else { return };
        let state = cluster.look();
        self.take_role(&state);
        let Some(cluster) = &self.cluster else { return };
        let replicas = self.replication.replicas.keys();
        replicas.for_each(|replica| cluster.shared.feed(*replica).begin_again(cluster.member));
    }

    /// The node's role may have changed. Returns whether it is, and was, a master.
    pub(crate) fn take_role(&mut self, state: &State) -> bool {
        let Some(cluster) = &self.cluster else { return true };
        let (master, me) = (state.members[cluster.member].replica_of, cluster.member);
        let replicas = state.followers(me);
        // One that asked long ago, while the node stood still, has given up.
        let is_asked = state.members[me].hands_over_to.filter(|(_, asked)| asked.elapsed() < HANDOVER);
        let is_asked = is_asked.map(|(replica, _)| replica);
        let was = self.replication.master;
        match master {
            Some(master) if was != Some(master) => self.become_replica(master),
            None if was.is_some() => self.become_master(),
            _ => {}
        }
        self.lead(&replicas);
        if was.is_none() && master.is_none() {
            self.hand_over(is_asked);
        }
        was.is_none() && master.is_none()
    }
}

//! Who copies whom, and who takes over. There are no votes: what a majority would decide is decided at
//! once, and all see it.

use std::time::Instant;

use tracing::info;

use super::orders::Order;
use super::slot_set::SlotSet;
use super::state::{MemberIndex, State};

impl State {
    /// Has `me`, which holds so many keys, copy another from now on.
    pub(crate) fn replicate(&mut self, me: MemberIndex, id: &[u8], keys: usize) -> Order {
        let master = self.known(me, id)?;
        let member = &self.members[me];
        if master == me {
            return Err("ERR Can't replicate myself".into());
        }
        if self.members[master].replica_of.is_some() {
            return Err("ERR I can only replicate a master, not a replica.".into());
        }
        if member.replica_of.is_none() && (member.slots.len() > 0 || keys > 0) {
            return Err("ERR To set a master the node must be empty and without assigned slots.".into());
        }
        self.make_replica(me, master);
        Ok(())
    }

    /// `me` and its replicas copy this master from now on, which must not be one of them.
    pub(super) fn make_replica(&mut self, me: MemberIndex, master: MemberIndex) {
        for member in 0..self.members.len() {
            if member == me || self.members[member].replica_of == Some(me) {
                self.members[member].replica_of = Some(master);
                self.members[member].shard = self.members[master].shard.clone();
                self.members[member].doubts.clear();
            }
        }
        let member = &mut self.members[me];
        member.migrating.clear();
        member.importing.clear();
        member.hands_over_to = None;
    }

    /// `me` asks its master to stop writing and to let it take over when it has everything.
    pub(crate) fn ask_to_take_over(&mut self, me: MemberIndex) -> Order {
        let master = self.master_to_succeed(me)?;
        if self.members[master].failed {
            return Err("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE".into());
        }
        self.members[master].hands_over_to = Some((me, Instant::now()));
        Ok(())
    }

    /// `me` takes over from its master, whatever that does.
    pub(crate) fn take_over(&mut self, me: MemberIndex) -> Order {
        let master = self.master_to_succeed(me)?;
        info!(node = %self.members[me].address, master = %self.members[master].address, "takes over");
        let slots = std::mem::take(&mut self.members[master].slots);
        self.members[me].slots = slots;
        self.members[me].replica_of = None;
        self.make_replica(master, me);
        // Greater than all, so that whoever reads their files knows who has the slots.
        self.members[me].config_epoch = 0;
        self.bump_epoch(me);
        Ok(())
    }

    fn master_to_succeed(&self, me: MemberIndex) -> Order<MemberIndex> {
        match self.members[me].replica_of {
            None => Err("ERR You should send CLUSTER FAILOVER to a replica".into()),
            // It was reset.
            Some(master) if self.members[master].island != self.members[me].island => {
                Err("ERR I'm a replica but my master is unknown to me".into())
            }
            Some(master) => Ok(master),
        }
    }

    /// `me` is gone, and the others know it. If a replica is named, it takes over, unless it copies another by now.
    pub(crate) fn fail(&mut self, me: MemberIndex, heir: Option<MemberIndex>) {
        self.members[me].failed = true;
        if let Some(heir) = heir.filter(|heir| self.members[*heir].replica_of == Some(me)) {
            // It has a master to take over from.
            let _ = self.take_over(heir);
        }
    }

    /// A master without slots copies whoever took the last of them, as do its replicas.
    pub(super) fn follow_last_slot(&mut self, emptied: MemberIndex, taker: MemberIndex) {
        if emptied != taker && self.members[emptied].slots.len() == 0 {
            self.make_replica(emptied, taker);
        }
    }

    /// Has replicas of replicas copy the master of those, as files may say that were written while roles
    /// changed, and all names of shards be those of their masters. Those that copy each other copy nobody.
    pub(super) fn settle_roles(&mut self) {
        for me in 0..self.members.len() {
            let steps = std::iter::successors(Some(me), |member| self.members[*member].replica_of);
            let master = steps.take(self.members.len()).last().unwrap_or(me);
            let is_found = master != me && self.members[master].replica_of.is_none();
            self.members[me].replica_of = is_found.then_some(master);
            if is_found {
                self.members[me].shard = self.members[master].shard.clone();
            }
        }
    }

    /// Takes all slots and the role of a replica from a node that begins anew.
    pub(super) fn make_alone(&mut self, me: MemberIndex) {
        let member = &mut self.members[me];
        member.replica_of = None;
        member.shard = member.id.chars().rev().collect();
        member.slots = SlotSet::default();
        member.doubts.clear();
        member.migrating.clear();
        member.importing.clear();
        member.hands_over_to = None;
    }
}

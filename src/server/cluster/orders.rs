//! What the CLUSTER commands change, and why they refuse to. An error is the text that Redis gives.
//!
//! In Redis each node has its own idea of whose a slot is, and gossip has the one with the greater
//! epoch win. Here the outcome of that is applied at once.

use super::slot_set::SlotSet;
use super::state::{MemberIndex, State};

/// An error, as it is answered.
pub(super) type Order<T = ()> = Result<T, String>;

impl State {
    /// Gives `me` slots that nobody has.
    pub(crate) fn add_slots(&mut self, me: MemberIndex, slots: &[u16]) -> Order {
        self.each_once(slots, |state, slot| match state.owner(me, slot) {
            Some(_) => Err(format!("ERR Slot {slot} is already busy")),
            None => Ok(()),
        })?;
        self.master(me)?;
        slots.iter().for_each(|slot| {
            self.members[me].importing.remove(slot);
        });
        self.claim(me, slots);
        Ok(())
    }

    /// Takes slots from `me`. Another's slots stay that one's, and only `me` does not know it.
    pub(crate) fn delete_slots(&mut self, me: MemberIndex, slots: &[u16]) -> Order {
        self.each_once(slots, |state, slot| match state.owner(me, slot) {
            Some(_) => Ok(()),
            None => Err(format!("ERR Slot {slot} is already unassigned")),
        })?;
        for slot in slots {
            match self.members[me].slots.contains(*slot) {
                true => self.members[me].slots.remove(*slot),
                false => self.disown(me, *slot),
            }
        }
        Ok(())
    }

    /// Takes all slots from `me`.
    pub(crate) fn flush_slots(&mut self, me: MemberIndex) {
        self.members[me].slots = SlotSet::default();
        self.members[me].doubts.clear();
    }

    fn each_once(&self, slots: &[u16], check: impl Fn(&Self, u16) -> Order) -> Order {
        let mut seen = SlotSet::default();
        for slot in slots {
            check(self, *slot)?;
            if seen.contains(*slot) {
                return Err(format!("ERR Slot {slot} specified multiple times"));
            }
            seen.insert(*slot);
        }
        Ok(())
    }

    /// `me` is to give a slot of its own away.
    pub(crate) fn set_migrating(&mut self, me: MemberIndex, slot: u16, to: &[u8]) -> Order {
        if self.owner(me, slot) != Some(me) {
            return Err(format!("ERR I'm not the owner of hash slot {slot}"));
        }
        let to = self.other_side(me, to)?;
        self.members[me].migrating.insert(slot, to);
        Ok(())
    }

    /// `me` is to take another's slot.
    pub(crate) fn set_importing(&mut self, me: MemberIndex, slot: u16, from: &[u8]) -> Order {
        if self.owner(me, slot) == Some(me) {
            return Err(format!("ERR I'm already the owner of hash slot {slot}"));
        }
        let from = self.other_side(me, from)?;
        self.members[me].importing.insert(slot, from);
        Ok(())
    }

    /// The one with this name, which `me` has to know.
    pub(crate) fn known(&self, me: MemberIndex, id: &[u8]) -> Order<MemberIndex> {
        self.find(me, id).ok_or_else(|| unknown(id))
    }

    fn other_side(&self, me: MemberIndex, id: &[u8]) -> Order<MemberIndex> {
        let unknown = || format!("ERR I don't know about node {}", String::from_utf8_lossy(id));
        self.master(self.find(me, id).ok_or_else(unknown)?)
    }

    fn master(&self, member: MemberIndex) -> Order<MemberIndex> {
        match self.members[member].replica_of {
            Some(_) => Err("ERR Target node is not a master".into()),
            None => Ok(member),
        }
    }

    /// `me` neither gives nor takes the slot.
    pub(crate) fn set_stable(&mut self, me: MemberIndex, slot: u16) {
        self.members[me].migrating.remove(&slot);
        self.members[me].importing.remove(&slot);
    }

    /// `me` is told whose a slot is; it has so many keys of it.
    pub(crate) fn set_owner(&mut self, me: MemberIndex, slot: u16, to: &[u8], keys: usize) -> Order {
        let to = self.master(self.known(me, to)?)?;
        let owner = self.owner(me, slot);
        if owner == Some(me) && to != me && keys > 0 {
            return Err(format!(
                "ERR Can't assign hashslot {slot} to a different node while I still hold keys for this hash slot."
            ));
        }
        if keys == 0 {
            self.members[me].migrating.remove(&slot);
        }
        if to == me && self.members[me].importing.remove(&slot).is_some() {
            // So that it is taken even from an owner with a greater epoch.
            self.bump_epoch(me);
        }
        let epoch = |member: MemberIndex| self.members[member].config_epoch;
        let is_moved = match self.told_owner(me, slot) {
            None => true,
            // Its own to give.
            Some(owner) if owner == me => true,
            // It takes what it has the greater epoch for; of others it tells nobody anything new.
            Some(owner) => to == me && epoch(me) > epoch(owner),
        };
        self.members[me].doubts.remove(&slot);
        if is_moved {
            self.give(to, slot);
        }
        Ok(())
    }

    /// Takes a slot from all of an island, those included that were told to forget each other, and gives it to one.
    pub(super) fn give(&mut self, to: MemberIndex, slot: u16) {
        let island = self.members[to].island;
        let has = |member: &MemberIndex| {
            self.members[*member].island == island && self.members[*member].slots.contains(slot)
        };
        let owners: Vec<MemberIndex> = (0..self.members.len()).filter(has).collect();
        owners.iter().for_each(|owner| self.members[*owner].slots.remove(slot));
        self.members[to].slots.insert(slot);
        owners.into_iter().for_each(|owner| self.follow_last_slot(owner, to));
    }

    /// Gives `me` an epoch greater than all, unless it has it. Returns whether it did.
    pub(crate) fn bump_epoch(&mut self, me: MemberIndex) -> bool {
        let island = self.members[me].island;
        let greatest = self.greatest_epoch(island);
        let epoch = self.members[me].config_epoch;
        let is_bumped = epoch == 0 || epoch != greatest;
        if is_bumped {
            self.members[me].config_epoch = greatest + 1;
            self.all_see(island, greatest + 1);
            self.press_claims(me);
        }
        is_bumped
    }

    /// Gives a new member that knows nobody its first epoch.
    pub(crate) fn set_config_epoch(&mut self, me: MemberIndex, epoch: i64) -> Order {
        let number = u64::try_from(epoch);
        let number = number.map_err(|_| format!("ERR Invalid config epoch specified: {epoch}"))?;
        if self.known_to(me).count() > 1 {
            let text =
                "ERR The user can assign a config epoch only when the node does not know any other node.";
            return Err(text.into());
        }
        if self.members[me].config_epoch != 0 {
            return Err("ERR Node config epoch is already non-zero".into());
        }
        self.members[me].config_epoch = number;
        self.all_see(self.members[me].island, number);
        Ok(())
    }

    /// `me` and the other know each other from now on, and all that they know.
    pub(crate) fn meet(&mut self, me: MemberIndex, other: MemberIndex) {
        let (mine, theirs) = (self.members[me].island, self.members[other].island);
        for index in 0..self.members.len() {
            let member = &mut self.members[index];
            if member.island == theirs {
                member.island = mine;
            }
            // They hear of each other again from whoever knows them.
            if member.island == mine {
                member.forgotten.clear();
            }
        }
        let seen = self.greatest_epoch(mine);
        self.all_see(mine, seen);
        self.settle(mine);
        self.settle_roles();
    }

    /// `me` knows another no more, until they meet again.
    pub(crate) fn forget(&mut self, me: MemberIndex, id: &[u8]) -> Order {
        let other = self.known(me, id)?;
        if other == me {
            return Err("ERR I tried hard but I can't forget myself...".into());
        }
        if self.members[me].replica_of == Some(other) {
            return Err("ERR Can't forget my master!".into());
        }
        self.members[me].forgotten.insert(other);
        self.close_moves(me, other);
        Ok(())
    }

    /// `me` knows nobody, has no slots, and is known to nobody. With a new name it is a new node.
    pub(crate) fn reset(&mut self, me: MemberIndex, new_id: Option<String>) {
        for other in 0..self.members.len() {
            self.close_moves(other, me);
            self.members[other].forgotten.remove(&me);
        }
        // One more than there are members leaves one number free.
        let free = (0..=self.members.len())
            .find(|island| self.members.iter().all(|member| member.island != *island));
        let member = &mut self.members[me];
        member.island = free.unwrap_or(member.island);
        member.forgotten.clear();
        if let Some(id) = new_id {
            member.id = id;
            (member.config_epoch, member.current_epoch) = (0, 0);
        }
        self.make_alone(me);
    }

    /// `me` neither gives to nor takes from the other.
    fn close_moves(&mut self, me: MemberIndex, other: MemberIndex) {
        self.members[me].migrating.retain(|_, to| *to != other);
        self.members[me].importing.retain(|_, from| *from != other);
    }

    /// Makes each epoch one master's, and each slot that of the one with the greatest epoch among
    /// those that claim it.
    pub(super) fn settle(&mut self, island: usize) {
        let mut by_id: Vec<MemberIndex> =
            (0..self.members.len()).filter(|index| self.members[*index].island == island).collect();
        // Of two with one epoch, the one with the smaller name takes a new one.
        by_id.sort_by(|a, b| self.members[*b].id.cmp(&self.members[*a].id));
        let mut taken = std::collections::BTreeSet::new();
        for index in by_id.iter().copied() {
            if self.members[index].replica_of.is_some() {
                continue;
            }
            if !taken.insert(self.members[index].config_epoch) {
                let epoch = self.greatest_epoch(island) + 1;
                self.members[index].config_epoch = epoch;
                self.all_see(island, epoch);
                taken.insert(epoch);
            }
        }
        by_id.sort_by_key(|index| std::cmp::Reverse(self.members[*index].config_epoch));
        let mut claimed = SlotSet::default();
        for index in by_id {
            let slots: Vec<u16> = self.members[index].slots.iter().collect();
            for slot in slots {
                match claimed.contains(slot) {
                    true => self.members[index].slots.remove(slot),
                    false => claimed.insert(slot),
                }
            }
        }
    }

    fn greatest_epoch(&self, island: usize) -> u64 {
        let members = self.members.iter().filter(|member| member.island == island);
        members.map(|member| member.current_epoch.max(member.config_epoch)).max().unwrap_or(0)
    }

    fn all_see(&mut self, island: usize, epoch: u64) {
        for member in self.members.iter_mut().filter(|member| member.island == island) {
            member.current_epoch = member.current_epoch.max(epoch);
        }
    }
}

fn unknown(id: &[u8]) -> String {
    format!("ERR Unknown node {}", String::from_utf8_lossy(id))
}

//! What a member was told of others' slots: that nobody has them, and then that it has them itself. In Redis the
//! owner's next heartbeat tells it again whose they are, unless its own epoch is the greater: then all believe it.

use super::state::{MemberIndex, State};

/// What one member takes for true of a slot that another has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// Nobody has it.
    Disowned,
    /// It has it itself.
    Claimed,
}

impl State {
    /// The state as `me` sees it.
    pub(crate) fn seen_by(&self, me: MemberIndex) -> Self {
        let mut seen = self.clone();
        for (slot, doubt) in &self.members[me].doubts {
            self.known_to(me).for_each(|other| seen.members[other].slots.remove(*slot));
            if *doubt == Doubt::Claimed {
                seen.members[me].slots.insert(*slot);
            }
        }
        seen
    }

    /// Whether `me` was told anything that it would know better after a heartbeat.
    pub(crate) fn has_doubts(&self, me: MemberIndex) -> bool {
        !self.members[me].doubts.is_empty()
    }

    /// `me` no more takes a slot for that of its owner.
    pub(super) fn disown(&mut self, me: MemberIndex, slot: u16) {
        self.members[me].doubts.insert(slot, Doubt::Disowned);
    }

    /// `me` takes slots for its own, those that it has disowned among them.
    pub(super) fn claim(&mut self, me: MemberIndex, slots: &[u16]) {
        for slot in slots {
            self.members[me].doubts.insert(*slot, Doubt::Claimed);
        }
        self.press_claims(me);
    }

    /// Gives `me` what it claims and nobody has, or only one with a smaller epoch.
    pub(super) fn press_claims(&mut self, me: MemberIndex) {
        let doubts = self.members[me].doubts.clone();
        for (slot, _) in doubts.into_iter().filter(|(_, doubt)| *doubt == Doubt::Claimed) {
            let epoch = |member: MemberIndex| self.members[member].config_epoch;
            if self.told_owner(me, slot).is_none_or(|owner| epoch(me) > epoch(owner)) {
                self.members[me].doubts.remove(&slot);
                self.give(me, slot);
            }
        }
    }

    /// Heartbeats of all have reached `me`: it sees the slots as they do.
    pub(crate) fn hear(&mut self, me: MemberIndex) {
        self.press_claims(me);
        self.members[me].doubts.clear();
    }
}

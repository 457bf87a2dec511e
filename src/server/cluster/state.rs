//! Members and slots, and how one member sees them all. Members that know each other are an island;
//! in an island a slot is one member's at most.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Instant;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::Rng;

use super::doubt::Doubt;
use super::slot_set::SlotSet;
use crate::slots::SLOTS;

/// Hexadecimal digits of a node's name.
pub(super) const ID_DIGITS: usize = 40;

/// Which of the members: its place in [`State::members`]. A member keeps it for as long as the
/// process lives.
pub(crate) type MemberIndex = usize;

/// A node as the others know it.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// 40 hexadecimal digits.
    pub(crate) id: String,
    pub(crate) address: SocketAddr,
    /// The master that it copies, if it is a replica.
    pub(crate) replica_of: Option<MemberIndex>,
    /// The name that a master and its replicas share, whichever of them is the master. It is not kept in their
    /// files: after a restart it is made of the master's name again.
    pub(crate) shard: String,
    /// The replica that is to take over from it when it has everything, and when it asked for that.
    pub(crate) hands_over_to: Option<(MemberIndex, Instant)>,
    /// It is gone for as long as the process lives.
    pub(crate) failed: bool,
    /// The epoch of its slots.
    pub(crate) config_epoch: u64,
    /// The greatest epoch that it has seen.
    pub(crate) current_epoch: u64,
    pub(crate) slots: SlotSet,
    /// Slots that it was told to give, and to whom.
    pub(crate) migrating: BTreeMap<u16, MemberIndex>,
    /// Slots that it was told to take, and from whom.
    pub(crate) importing: BTreeMap<u16, MemberIndex>,
    /// What it was told of slots that another has, until it hears better.
    pub(super) doubts: BTreeMap<u16, Doubt>,
    /// Members with the same number know each other.
    pub(super) island: usize,
    /// Those of its island that it was told to know no more.
    pub(super) forgotten: BTreeSet<MemberIndex>,
}

/// A slot as one node sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotState {
    /// Nobody has it.
    Unowned,
    /// This node has it.
    Own,
    /// This node has it, and is giving it to that one.
    Migrating(MemberIndex),
    /// That node has it.
    Other(MemberIndex),
    /// That node has it, and this one is taking it.
    Importing(MemberIndex),
}

/// All members.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) members: Vec<Member>,
}

impl Member {
    /// A member that knows nobody.
    pub(super) fn alone(id: String, address: SocketAddr, island: usize) -> Self {
        Self {
            shard: id.chars().rev().collect(),
            id,
            address,
            replica_of: None,
            hands_over_to: None,
            failed: false,
            config_epoch: 0,
            current_epoch: 0,
            slots: SlotSet::default(),
            migrating: BTreeMap::new(),
            importing: BTreeMap::new(),
            doubts: BTreeMap::new(),
            island,
            forgotten: BTreeSet::new(),
        }
    }
}

impl State {
    /// Nodes at these addresses that know each other: first so many masters, each with an equal run of
    /// slots, then as many replicas of each.
    pub(crate) fn of_masters(
        addresses: &[SocketAddr],
        masters: usize,
        random: &mut Xoshiro256PlusPlus,
    ) -> Self {
        let owner = |slot: u16| usize::from(slot) * masters / usize::from(SLOTS);
        let members = addresses.iter().enumerate().map(|(index, address)| Member {
            config_epoch: if index < masters { index as u64 + 1 } else { 0 },
            current_epoch: masters as u64,
            slots: (0..SLOTS).filter(|slot| owner(*slot) == index).collect(),
            ..Member::alone(random_id(random), *address, 0)
        });
        let mut state = Self { members: members.collect() };
        (masters..addresses.len()).for_each(|replica| state.make_replica(replica, replica % masters));
        state
    }

    /// Those that `me` knows, itself included.
    pub(crate) fn known_to(&self, me: MemberIndex) -> impl Iterator<Item = MemberIndex> + '_ {
        (0..self.members.len()).filter(move |other| self.knows(me, *other))
    }

    pub(super) fn knows(&self, me: MemberIndex, other: MemberIndex) -> bool {
        let member = &self.members[me];
        me == other || (member.island == self.members[other].island && !member.forgotten.contains(&other))
    }

    /// The one with this name, if `me` knows it.
    pub(crate) fn find(&self, me: MemberIndex, id: &[u8]) -> Option<MemberIndex> {
        self.known_to(me).find(|other| self.members[*other].id.as_bytes() == id)
    }

    /// The one that can be reached at this address.
    pub(crate) fn at(&self, address: SocketAddr) -> Option<MemberIndex> {
        let is_at = |member: &Member| {
            let ip = member.address.ip();
            member.address.port() == address.port() && (ip == address.ip() || ip.is_unspecified())
        };
        self.members.iter().position(is_at)
    }

    /// Whose the slot is, as `me` sees it.
    pub(crate) fn owner(&self, me: MemberIndex, slot: u16) -> Option<MemberIndex> {
        match self.members[me].doubts.get(&slot) {
            Some(Doubt::Disowned) => None,
            Some(Doubt::Claimed) => Some(me),
            None => self.told_owner(me, slot),
        }
    }

    /// Whose the slot is, as those that `me` knows tell it.
    pub(super) fn told_owner(&self, me: MemberIndex, slot: u16) -> Option<MemberIndex> {
        self.known_to(me).find(|other| self.members[*other].slots.contains(slot))
    }

    /// All slots as `me` sees them. A replica sees its master's as another's.
    pub(crate) fn view(&self, me: MemberIndex) -> Vec<SlotState> {
        let mut view = vec![SlotState::Unowned; usize::from(SLOTS)];
        let seen = self.seen_by(me);
        let member = &self.members[me];
        for other in self.known_to(me) {
            for slot in seen.members[other].slots.iter() {
                view[usize::from(slot)] = if other == me {
                    member.migrating.get(&slot).map_or(SlotState::Own, |to| SlotState::Migrating(*to))
                } else if member.importing.contains_key(&slot) {
                    SlotState::Importing(other)
                } else {
                    SlotState::Other(other)
                };
            }
        }
        view
    }

    /// Whether every slot has an owner that is there, as `me` sees it.
    pub(crate) fn is_whole(&self, me: MemberIndex) -> bool {
        let present = self.known_to(me).filter(|member| !self.members[*member].failed);
        present.map(|member| self.members[member].slots.len()).sum::<usize>() == usize::from(SLOTS)
    }

    /// Those that copy `me` and are there, whether it was told to forget them or not.
    pub(crate) fn followers(&self, me: MemberIndex) -> Vec<MemberIndex> {
        let follows = |other: &Member| {
            other.replica_of == Some(me) && other.island == self.members[me].island && !other.failed
        };
        (0..self.members.len()).filter(|other| follows(&self.members[*other])).collect()
    }

    /// Those that copy a master, as `me` sees them.
    pub(crate) fn replicas(&self, me: MemberIndex, master: MemberIndex) -> Vec<MemberIndex> {
        self.known_to(me).filter(|other| self.members[*other].replica_of == Some(master)).collect()
    }

    /// The epoch of a member's slots; a replica's is its master's.
    pub(crate) fn config_epoch(&self, member: MemberIndex) -> u64 {
        self.members[self.members[member].replica_of.unwrap_or(member)].config_epoch
    }
}

/// A name for a node or a run.
pub(crate) fn random_id(random: &mut Xoshiro256PlusPlus) -> String {
    (0..ID_DIGITS).filter_map(|_| char::from_digit(random.next_u32() & 0xf, 16)).collect()
}

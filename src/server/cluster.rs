//! What all nodes of the process know of each other. There is no gossip: a change at one node is
//! seen by all before their next command.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::Rng;

use crate::slots::SLOTS;

/// Hexadecimal digits of a node's name.
const ID_DIGITS: usize = 40;

/// Which of the members: its place in [`State::members`].
pub(crate) type MemberIndex = usize;

/// A node as the others know it.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// 40 hexadecimal digits.
    pub(crate) id: String,
    /// Those of the shard: a master's and its replicas'.
    pub(crate) shard: String,
    pub(crate) address: SocketAddr,
    /// The master that it copies, if it is a replica.
    pub(crate) replica_of: Option<MemberIndex>,
    /// The epoch of its slots.
    pub(crate) config_epoch: u64,
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
    /// The first has it, and is giving it to this node.
    Importing(MemberIndex),
}

/// Members and slots.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) members: Vec<Member>,
    /// Whose each slot is.
    pub(crate) owners: Vec<Option<MemberIndex>>,
    pub(crate) current_epoch: u64,
    /// Slots on their way: the slot, the node that was told, and the other side.
    pub(crate) migrating: Vec<(u16, MemberIndex, MemberIndex)>,
    pub(crate) importing: Vec<(u16, MemberIndex, MemberIndex)>,
}

/// The state, shared.
pub(crate) struct Cluster {
    state: Mutex<State>,
    version: AtomicU64,
}

impl Member {
    /// Where a client finds it that has reached one of the nodes at `asked_at`: a node that listens on
    /// every address has each of them.
    pub(crate) fn announced(&self, asked_at: SocketAddr) -> SocketAddr {
        let ip = self.address.ip();
        let ip = if ip.is_unspecified() { asked_at.ip().to_canonical() } else { ip };
        SocketAddr::new(ip, self.address.port())
    }
}

/// An address as redirections and CLUSTER NODES spell it: one of IPv6 goes without brackets.
pub(crate) fn spelt(address: SocketAddr) -> String {
    format!("{}:{}", address.ip(), address.port())
}

impl State {
    /// Masters at these addresses, each with an equal run of slots.
    pub(crate) fn of_masters(addresses: &[SocketAddr], random: &mut Xoshiro256PlusPlus) -> Self {
        let masters = addresses.len();
        let members = addresses.iter().zip(1..).map(|(address, config_epoch)| Member {
            id: random_id(random),
            shard: random_id(random),
            address: *address,
            replica_of: None,
            config_epoch,
        });
        let owner = |slot: u16| Some(usize::from(slot) * masters / usize::from(SLOTS));
        Self {
            members: members.collect(),
            owners: (0..SLOTS).map(owner).collect(),
            current_epoch: masters as u64,
            migrating: Vec::new(),
            importing: Vec::new(),
        }
    }

    /// The slot as `node` sees it. A replica sees its master's.
    pub(crate) fn slot(&self, slot: u16, node: MemberIndex) -> SlotState {
        let other_side = |moves: &[(u16, MemberIndex, MemberIndex)]| {
            moves.iter().find(|moved| (moved.0, moved.1) == (slot, node)).map(|moved| moved.2)
        };
        match self.owners[usize::from(slot)] {
            Some(owner) if owner == node => {
                other_side(&self.migrating).map_or(SlotState::Own, SlotState::Migrating)
            }
            Some(owner) if other_side(&self.importing).is_some() => SlotState::Importing(owner),
            Some(owner) => SlotState::Other(owner),
            None => SlotState::Unowned,
        }
    }

    /// Runs of slots of a member, ascending, both ends included.
    pub(crate) fn ranges(&self, member: MemberIndex) -> Vec<(u16, u16)> {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        for slot in (0..SLOTS).filter(|slot| self.owners[usize::from(*slot)] == Some(member)) {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == slot => *last = slot,
                _ => ranges.push((slot, slot)),
            }
        }
        ranges
    }

    /// Whether every slot has an owner.
    pub(crate) fn is_whole(&self) -> bool {
        self.owners.iter().all(Option::is_some)
    }
}

impl Cluster {
    pub(crate) fn new(state: State) -> Self {
        Self { state: Mutex::new(state), version: AtomicU64::new(1) }
    }

    /// Moves on with each change; a node compares it before each command.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The state, to be read.
    pub(crate) fn read(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves no half-made change behind that would be worse than none.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and has every node look again.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.read();
        let result = change(&mut state);
        self.version.fetch_add(1, Ordering::Release);
        result
    }
}

/// A name for a node, a shard or a run.
pub(crate) fn random_id(random: &mut Xoshiro256PlusPlus) -> String {
    (0..ID_DIGITS).filter_map(|_| char::from_digit(random.next_u32() & 0xf, 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_listens_everywhere_is_where_it_was_reached() {
        let member = |address: &str| Member {
            id: String::new(),
            shard: String::new(),
            address: address.parse().unwrap(),
            replica_of: None,
            config_epoch: 0,
        };
        for (listens, asked_at, announced) in [
            ("127.0.0.1:7001", "127.0.0.1:7000", "127.0.0.1:7001"),
            ("127.0.0.1:7001", "10.0.0.1:7000", "127.0.0.1:7001"),
            ("0.0.0.0:7001", "10.0.0.1:7000", "10.0.0.1:7001"),
            ("[::]:7001", "[::ffff:10.0.0.1]:7000", "10.0.0.1:7001"),
            ("[::]:7001", "[fd00::1]:7000", "fd00::1:7001"),
        ] {
            assert_eq!(spelt(member(listens).announced(asked_at.parse().unwrap())), announced);
        }
    }
}

//! One node: its keys, its clients, its counters, and how it sees the slots.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand_xoshiro::Xoshiro256PlusPlus;
use tokio::sync::Notify;
use tracing::info;

use super::address::reachable;
use super::client::Client;
use super::cluster::{Cluster, MemberIndex, SlotState, State, random_id};
use super::commands::Flags;
use super::config::Config;
use super::fault::Faults;
use super::input::INPUT_BYTES;
use super::replication::Replication;
use super::stats::Stats;
use super::store::{Keyspace, UnixMs};
use super::transfer::Transfer;
use crate::slots::SLOTS;

/// How often a node hears from the others what they have.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Everything that a node's thread owns.
pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    pub(crate) run_id: String,
    pub(crate) started: Instant,
    /// The time, as of the last look at the clock: once for what was read in one piece.
    pub(crate) now: UnixMs,
    /// The same in seconds since the start: what keys are marked with when they are used.
    pub(crate) used_now: u32,
    pub(crate) keys: Keyspace,
    pub(crate) config: Config,
    pub(crate) stats: Stats,
    /// All clients but the one whose commands run now.
    pub(crate) clients: BTreeMap<u64, Client>,
    pub(crate) next_client: u64,
    /// Bytes that clients take, as of the last cycle: they are too many to be asked before each command.
    pub(crate) client_bytes: usize,
    /// Whether keys are parsed and counted, and thrown away.
    pub(crate) discard: bool,
    /// What it does wrong on purpose.
    pub(crate) faults: Faults,
    /// The last command's place in the table, if it is none that has subcommands, or is one.
    pub(crate) last_place: Option<usize>,
    pub(crate) random: Xoshiro256PlusPlus,
    /// CLIENT PAUSE was asked for.
    pub(crate) pause: Option<Pause>,
    /// Rung when a pause ends before its time.
    pub(crate) resumed: Rc<Notify>,
    /// SHUTDOWN was asked for.
    pub(crate) shutdown: bool,
    /// The connection over which MIGRATE sent keys last.
    pub(crate) transfer: Option<Transfer>,
    /// None is a server of its own.
    pub(crate) cluster: Option<Membership>,
    pub(crate) replication: Replication,
}

/// A time in which commands wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    pub(crate) until: UnixMs,
    /// Whether those that change nothing go on.
    pub(crate) writes_only: bool,
}

/// A node's place in its cluster, and the slots as it saw them last.
pub(crate) struct Membership {
    pub(crate) shared: Arc<Cluster>,
    pub(crate) member: MemberIndex,
    slots: Vec<SlotState>,
    pub(crate) is_whole: bool,
    version: u64,
    /// When the node last heard from the others what they have.
    heard: Instant,
}

impl Node {
    pub(crate) fn new(
        address: SocketAddr,
        member: MemberIndex,
        cluster: Option<Arc<Cluster>>,
        discard: bool,
        random: &mut Xoshiro256PlusPlus,
    ) -> Self {
        let membership = cluster.map(|shared| Membership {
            shared,
            member,
            slots: vec![SlotState::Unowned; usize::from(SLOTS)],
            is_whole: false,
            version: 0,
            heard: Instant::now(),
        });
        Self {
            address,
            run_id: random_id(random),
            started: Instant::now(),
            now: unix_ms(),
            used_now: 0,
            keys: Keyspace::default(),
            config: Config::default(),
            stats: Stats::default(),
            clients: BTreeMap::new(),
            next_client: 1,
            client_bytes: INPUT_BYTES,
            discard,
            faults: Faults::default(),
            last_place: None,
            random: random.clone(),
            pause: None,
            resumed: Rc::new(Notify::new()),
            shutdown: false,
            transfer: None,
            cluster: membership,
            replication: Replication::new(random),
        }
    }

    /// Bytes of keys, values, tables and clients, which count against `maxmemory`, and of what is on its way to
    /// replicas, which does not: as in Redis, no key has to go because a replica is slow.
    pub(crate) fn used_memory(&self) -> usize {
        self.keys.bytes() + self.bytes_of_clients() + self.bytes_of_feeds()
    }

    /// Bytes of clients, of the buffer that they share, and of what waits to be executed and to be sent.
    pub(crate) fn bytes_of_clients(&self) -> usize {
        let bytes = |client: &Client| {
            size_of::<Client>() + client.unread + client.queued_bytes() + client.reply.capacity()
        };
        INPUT_BYTES + self.clients.values().map(bytes).sum::<usize>()
    }

    /// A member's address, for a client that reached this node at `local`: nodes that listen on
    /// every address are told of by the one that the client used.
    pub(crate) fn address_of(&self, member: MemberIndex, local: SocketAddr) -> SocketAddr {
        let address = self.cluster.as_ref().map(|cluster| cluster.shared.read().members[member].address);
        reachable(address.unwrap_or(self.address), local)
    }

    /// Looks at the cluster again, if something changed there.
    #[inline]
    pub(crate) fn look_at_cluster(&mut self) {
        if self.cluster.as_ref().is_some_and(|cluster| cluster.version != cluster.shared.version()) {
            self.cluster_changed();
        }
    }

    /// Keys of slots that went to another node are removed, as Redis does: the other has what was
    /// sent to it, and here they would come back with old values if the slot did.
    #[cold]
    fn cluster_changed(&mut self) {
        let Some(cluster) = &mut self.cluster else { return };
        let state = cluster.look();
        let lost = cluster.refresh(&state);
        // A replica's keys are its master's.
        if self.take_role(&state) {
            lost.into_iter().for_each(|slot| self.keys.clear_slot(slot));
        }
    }

    /// Whether a command has to wait for the end of a pause.
    pub(crate) fn holds_back(&self, flags: Flags) -> bool {
        let holds = |pause: &Pause| pause.until > self.now && (!pause.writes_only || flags.has(Flags::WRITE));
        self.pauses().any(|pause| holds(&pause))
    }

    /// What commands wait for: what a client asked for, and a replica that takes over.
    pub(crate) fn pauses(&self) -> impl Iterator<Item = Pause> {
        let handover = self.hands_over_until().map(|until| Pause { until, writes_only: true });
        self.pause.into_iter().chain(handover)
    }

    /// Whether a client has to authenticate first.
    pub(crate) fn wants_auth(&self, client: &Client) -> bool {
        !client.authenticated && !self.config.requirepass.is_empty()
    }

    /// Becomes what a new process in its place would be: without keys, counters or clients.
    pub(crate) fn restart(&mut self) {
        info!(node = %self.address, keys = self.keys.len(), "restarts without its keys");
        self.keys = Keyspace::default();
        self.stats = Stats::default();
        self.run_id = random_id(&mut self.random);
        self.started = Instant::now();
        self.pause = None;
        self.restart_replication();
        // A connection that is not among them reads no more.
        for client in std::mem::take(&mut self.clients).into_values() {
            client.kill.notify_one();
        }
    }

    /// Looks at the clock.
    pub(crate) fn look_at_clock(&mut self) {
        self.now = unix_ms();
        self.used_now = self.started.elapsed().as_secs() as u32;
    }
}

impl Membership {
    /// The slot as it was when the node looked last.
    #[inline]
    pub(crate) fn slot(&self, slot: u16) -> SlotState {
        self.slots[usize::from(slot)]
    }

    /// Hears from the others what they have, once in a while, if there is anything that it would not know.
    pub(crate) fn hear(&mut self) {
        if self.heard.elapsed() < HEARTBEAT {
            return;
        }
        self.heard = Instant::now();
        let me = self.member;
        if self.shared.read().has_doubts(me) {
            // What cannot be kept is tried again at the next heartbeat.
            let _ = self.shared.change(|state| {
                state.hear(me);
                Ok(())
            });
        }
    }

    /// The state as it is now.
    pub(crate) fn look(&mut self) -> State {
        let state = self.shared.read();
        // Under the lock, so that it is the version of what is read.
        self.version = self.shared.version();
        state.clone()
    }

    /// Sees the slots anew. Returns those that were this node's and are another's now.
    fn refresh(&mut self, state: &State) -> Vec<u16> {
        let seen = state.seen_by(self.member);
        let slots = seen.view(self.member);
        self.is_whole = seen.is_whole(self.member);
        let is_lost = |slot: &u16| {
            let (old, new) = (self.slots[usize::from(*slot)], slots[usize::from(*slot)]);
            matches!(old, SlotState::Own | SlotState::Migrating(_))
                && matches!(new, SlotState::Other(_) | SlotState::Importing(_))
        };
        let lost = (0..SLOTS).filter(is_lost).collect();
        self.slots = slots;
        lost
    }
}

fn unix_ms() -> UnixMs {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as UnixMs)
}

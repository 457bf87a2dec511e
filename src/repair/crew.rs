//! Several connections to each master that read, or mend, slot after slot, until every key is known. A slot
//! that its owner does not show to the end is looked at again, where it is then, as long as that leads
//! anywhere.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tracing::debug;

use crate::cluster::{Topology, rediscover};
use crate::net::{Address, AddressMap, Connector, NetError};
use crate::proof::{Expectation, ReadProgress, Reader, SlotRead};
use crate::results::{Event, Observer};

use super::mend::{Mended, mend};

/// Keys that a reader takes on at a time, about: few enough that all readers end together.
const KEYS_PER_TURN: u64 = 4096;
/// Turns whose results may wait to be added up.
const TURNS_WAITING: usize = 64;
/// How a master's words begin that does not let a user read.
const DENIED: &str = "NOPERM";
const REPORT_EVERY: Duration = Duration::from_millis(100);
/// Before slots are looked at again, first and at most.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What is done with each slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Its keys are looked at.
    Read,
    /// They are looked at, and the faulty ones written again.
    Mend,
}

/// What is known of slots, kept by whoever has a crew work.
pub trait Known {
    /// Keys to look at in these slots.
    fn keys_in(&self, slots: &[u16]) -> u64;

    /// Those of some slots in which not every key is known.
    fn open(&self, slots: &[u16]) -> Vec<u16>;

    /// A slot was gone through; that replaces what was known of it.
    fn take(&mut self, slot: u16, read: SlotRead);

    /// So many keys were written again.
    fn rewrote(&mut self, keys: u64);
}

/// Where to work, and on what.
pub struct Crew<'a> {
    /// How connections are opened.
    pub connector: Connector,
    /// Where nodes are reached.
    pub map: &'a AddressMap,
    /// Who owns what, as it was seen last.
    pub topology: Topology,
    /// What should be there.
    pub expected: Expectation,
    /// Connections to each master.
    pub readers: u64,
    /// How long it may lead nowhere; zero is one attempt.
    pub patience: Duration,
    /// Who is told how far it is.
    pub observer: &'a dyn Observer,
    /// What is told while keys are read: keys so far, and of how many.
    pub reading: fn(u64, u64) -> Event,
}

/// What working on some slots came to.
#[derive(Default)]
pub struct Worked {
    /// Why some keys were not written again where asking once more would not help. A master that said so
    /// is left alone with the rest.
    pub refusal: Option<NetError>,
    /// What this user is not allowed to read, in the words of a master.
    pub unreadable: Option<String>,
    /// Why not every key is known.
    pub why_open: Option<String>,
}

/// Slots of one master, taken by its readers in turns.
struct Shelf {
    slots: Vec<u16>,
    per_turn: usize,
    next: AtomicUsize,
    /// Set by the first reader to whom the master says that it takes no writes: there is nothing more to
    /// take.
    closed: AtomicBool,
    /// Whether it said so for good.
    refused: AtomicBool,
}

impl Shelf {
    fn take(&self) -> &[u16] {
        if self.closed.load(Relaxed) {
            return &[];
        }
        let start = self.next.fetch_add(self.per_turn, Relaxed).min(self.slots.len());
        &self.slots[start..(start + self.per_turn).min(self.slots.len())]
    }
}

/// What one turn came to, slot by slot.
type Turn = Vec<(u16, Mended)>;

impl Crew<'_> {
    /// Works on `slots` until every key in them is known, or nothing has become known for too long.
    /// `tell` is called now and then, and at the end.
    pub async fn work<K: Known>(
        &mut self,
        work: Work,
        slots: &[u16],
        known: &mut K,
        tell: &mut dyn FnMut(&K),
    ) -> Worked {
        let mut worked = Worked::default();
        let mut open = slots.to_vec();
        let (mut last_progress, mut pause) = (Instant::now(), PAUSE);
        loop {
            worked.why_open = None;
            let done = known.keys_in(slots) - known.keys_in(&open);
            let of = known.keys_in(slots);
            let given_up = self.round(work, &open, (done, of), known, tell, &mut worked).await;
            tell(known);
            let mut still_open = known.open(&open);
            still_open.retain(|slot| !given_up.contains(slot));
            if still_open.is_empty() {
                worked.why_open = None;
                return worked;
            }
            worked.why_open.get_or_insert_with(|| "their owners would not show them".into());
            if still_open.len() < open.len() {
                (last_progress, pause) = (Instant::now(), PAUSE);
            }
            if last_progress.elapsed() >= self.patience {
                return worked;
            }
            debug!(slots = still_open.len(), why = worked.why_open, "not all is known yet");
            open = still_open;
            tokio::time::sleep(pause).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
            // As long as nobody says where the slots are now, they are asked for where they were.
            if let Ok(now) = rediscover(&self.connector, &self.topology, self.map).await {
                self.topology = now;
            }
        }
    }

    /// Has every master's readers work on those of the open slots that it owns; returns those of masters
    /// that write nothing any more.
    async fn round<K: Known>(
        &self,
        work: Work,
        open: &[u16],
        (done, of): (u64, u64),
        known: &mut K,
        tell: &mut dyn FnMut(&K),
        worked: &mut Worked,
    ) -> HashSet<u16> {
        let mut shelves = Vec::new();
        let progress = Arc::new(ReadProgress::new(done));
        let (turns, mut taken) = mpsc::channel::<Turn>(TURNS_WAITING);
        let mut readers: JoinSet<Result<(), NetError>> = JoinSet::new();
        for (address, slots) in self.by_owner(open, worked) {
            let keys = known.keys_in(&slots).max(1);
            let per_turn = (KEYS_PER_TURN * slots.len() as u64 / keys).clamp(1, KEYS_PER_TURN) as usize;
            let turns_to_take = slots.len().div_ceil(per_turn) as u64;
            let next = AtomicUsize::new(0);
            let (closed, refused) = Default::default();
            let shelf = Arc::new(Shelf { slots, per_turn, next, closed, refused });
            for _ in 0..self.readers.min(turns_to_take) {
                readers.spawn(self.reader(work, address.clone(), &shelf, &progress, turns.clone()));
            }
            shelves.push(shelf);
        }
        drop(turns);
        let event = |keys: u64| match work {
            Work::Read => (self.reading)(keys, of),
            Work::Mend => Event::Repairing { keys, of },
        };
        let mut ticks = tokio::time::interval(REPORT_EVERY);
        // Ticks that are made up for would keep a single thread from reading.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                turn = taken.recv() => match turn {
                    None => break,
                    Some(turn) => turn.into_iter().for_each(|(slot, mended)| add(slot, mended, known, worked)),
                },
                _ = ticks.tick() => {
                    self.observer.event(&event(progress.load(Relaxed)));
                    tell(known);
                }
            }
        }
        self.observer.event(&event(progress.load(Relaxed)));
        while let Some(joined) = readers.join_next().await {
            let why = match joined {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            worked.why_open = Some(why);
        }
        let refused = shelves.iter().filter(|shelf| shelf.refused.load(Relaxed));
        refused.flat_map(|shelf| shelf.slots.iter().copied()).collect()
    }

    /// The open slots of each master.
    fn by_owner(&self, open: &[u16], worked: &mut Worked) -> Vec<(Address, Vec<u16>)> {
        let owners = self.topology.owners();
        let masters = self.topology.masters.iter();
        let mut by_owner: Vec<_> = masters.map(|master| (master.address.clone(), Vec::new())).collect();
        for &slot in open {
            match owners[usize::from(slot)] {
                Some(owner) => by_owner[owner].1.push(slot),
                None => worked.why_open = Some(format!("slot {slot} has no owner")),
            }
        }
        by_owner.retain(|(_, slots)| !slots.is_empty());
        by_owner
    }

    /// One connection's work.
    fn reader(
        &self,
        work: Work,
        address: Address,
        shelf: &Arc<Shelf>,
        progress: &Arc<ReadProgress>,
        turns: mpsc::Sender<Turn>,
    ) -> impl Future<Output = Result<(), NetError>> + Send + use<> {
        let (connector, map, expected) = (self.connector.clone(), self.map.clone(), self.expected.clone());
        let (shelf, progress) = (shelf.clone(), progress.clone());
        async move {
            let mut reader = Reader::open(&connector, &map, &address, &expected).await?;
            loop {
                let slots = shelf.take();
                if slots.is_empty() {
                    return Ok(());
                }
                let mut done = match work {
                    Work::Mend => mend(&mut reader, &expected, slots, &progress).await?,
                    Work::Read => {
                        let read = reader.read(&expected, slots, &progress).await?;
                        read.into_iter().map(|read| Mended { read, ..Mended::default() }).collect()
                    }
                };
                for mended in &mut done {
                    if let Some(refusal) = &mut mended.read.refusal {
                        mended.denied = refusal.starts_with(DENIED);
                        *refusal = format!("{address} answered: {refusal}");
                    }
                }
                if done.iter().any(Mended::ends_here) {
                    shelf.closed.store(true, Relaxed);
                }
                if done.iter().any(|mended| mended.refusal.is_some()) {
                    shelf.refused.store(true, Relaxed);
                }
                // Nobody takes results any more only if the work is cut short.
                if turns.send(slots.iter().copied().zip(done).collect()).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
}

fn add(slot: u16, mended: Mended, known: &mut impl Known, worked: &mut Worked) {
    let Mended { read, rewritten, refusal, denied, .. } = mended;
    if worked.refusal.is_none() {
        worked.refusal = refusal;
    }
    if let Some(why) = &read.refusal {
        worked.why_open = Some(why.clone());
        if denied && worked.unreadable.is_none() {
            worked.unreadable = Some(why.clone());
        }
    }
    if rewritten > 0 {
        known.rewrote(rewritten);
    }
    known.take(slot, read);
}

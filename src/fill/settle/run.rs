//! After the sending: look at what the masters hold, write again what is short, and look again, until every
//! key is proven, or nothing gets better for too long. Only what was looked at last counts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cluster::{Info, Moment, Topology, audit};
use crate::dataset::golden;
use crate::net::{Connector, NetError};
use crate::proof::{Expectation, SlotRead};
use crate::repair::{Crew, Known, Work};
use crate::results::{Event, Incidents, Observer};

use super::count::{Evidence, count};
use super::doubt::{as_sent, at_the_start, changes, stayed, suspicion};
use crate::fill::ledger::Ledger;
use crate::fill::prepare::Prepared;
use crate::fill::replicas::AtEnd;
use crate::fill::send::{MOST_MOVES, Sent};
use crate::fill::{FillError, FillOptions};

/// Connections that read from one master at a time: while one waits, the other keeps it busy.
const READERS: u64 = 2;
/// However often something gets better: looks at what is short.
const MOST_LOOKS: usize = 1000;
/// Between two looks without progress, at first and in the end; a long time-out has longer pauses, so that
/// it is over before [`MOST_LOOKS`].
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const PAUSES_AT_LEAST: u32 = 100;

/// What was found after the sending; empty where nobody could look.
#[derive(Default)]
pub(in crate::fill) struct After {
    /// INFO by planned master.
    pub infos: Vec<Option<Info>>,
    /// The same of the first time that anybody looked: nothing but what was sent is in its counters.
    pub first_infos: Vec<Option<Info>>,
    /// Keys evicted since the fill began, at all that own slots or did.
    pub evicted: u64,
    /// Whether all masters were looked at to the end, at least once.
    pub looked: bool,
    /// Why keys are neither proven nor disproven.
    pub why_open: Option<String>,
    /// Keys that were written again.
    pub repaired: u64,
    /// How far the replicas are.
    pub replicas: Option<AtEnd>,
    /// Slots that the present look enters, which nobody has seen yet that nothing happened to meanwhile.
    pub unconfirmed: Vec<u16>,
}

/// Time spent beside the fill.
#[derive(Clone, Copy, Default)]
pub(in crate::fill) struct Clock {
    pub flush: Duration,
    pub audit: Duration,
    pub proof: Duration,
    pub repair: Duration,
}

/// What is known before anybody looks, and where what is found is entered: whenever the work is dropped,
/// that is what is known until then.
pub(in crate::fill) struct Settle<'a> {
    pub prepared: &'a Prepared,
    pub options: &'a FillOptions,
    pub observer: &'a Arc<dyn Observer>,
    pub incidents: &'a Incidents,
    pub sent: &'a Sent,
    /// When the first key was sent, or earlier.
    pub began: Instant,
    /// Slots that held no key before the fill.
    pub empty_before: &'a [bool],
    pub expected: Expectation,
    pub ledger: &'a mut Ledger,
    pub after: &'a mut After,
    pub clock: &'a mut Clock,
    /// How long nothing may get better.
    pub patience: Duration,
}

/// What a look came to beside the ledger.
#[derive(Default)]
struct Looked {
    /// Whether a slot has another owner than before.
    moved: bool,
    /// Whether a user may not read what would have to be read.
    unreadable: bool,
}

/// Whether it is of use to go on.
struct Progress {
    /// The fewest unproven keys so far.
    lowest: u64,
    /// When something got better.
    since: Instant,
    /// How often slots have moved since then without fewer unproven keys.
    moves: u32,
    pause: Duration,
}

impl Settle<'_> {
    /// Looks and mends until every key is proven, nothing is left to try, or nothing gets better for
    /// `--recovery-timeout`.
    ///
    /// # Errors
    /// [`FillError`] why keys that are short were not written again, or not for good.
    pub async fn run(mut self) -> Result<(), FillError> {
        let recovery = self.patience;
        let longest_pause = LONGEST_PAUSE.max(recovery / PAUSES_AT_LEAST);
        let mut progress = Progress { lowest: u64::MAX, since: Instant::now(), moves: 0, pause: PAUSE };
        let mut view = as_sent(self.sent);
        let (mut refusal, mut held_up) = (None, None);
        for _ in 0..MOST_LOOKS {
            let looked = match self.look(&mut view).await {
                Ok(looked) => looked,
                // Nobody says who owns what: perhaps a moment later.
                Err(error) => {
                    self.after.why_open = Some(error.to_string());
                    Looked::default()
                }
            };
            if self.prepared.discards() {
                return Ok(());
            }
            let totals = self.ledger.totals();
            let unproven = totals.planned - totals.proven;
            if unproven == 0 {
                return Ok(());
            }
            if let Some(refusal) = refusal {
                return Err(refusal);
            }
            let fewer = unproven < progress.lowest;
            // Slots that go to and fro for ever are nobody's progress.
            let better = fewer || looked.moved && progress.moves < MOST_MOVES;
            if better {
                // While slots move it may take long, and asking more often would not make it shorter.
                let (moves, pause) = if fewer { (0, PAUSE) } else { (progress.moves + 1, progress.pause) };
                let lowest = unproven.min(progress.lowest);
                progress = Progress { lowest, since: Instant::now(), moves, pause };
            }
            let is_open = totals.suspect > 0;
            let (slots, reason) = self.mendable(&view);
            let hopeless = looked.unreadable && !better;
            if slots.is_empty() && (!is_open || looked.unreadable) || hopeless {
                return reason.map_or(Ok(()), Err);
            }
            if progress.since.elapsed() >= recovery {
                // What nobody shows has a reason of its own.
                return if is_open { reason.map_or(Ok(()), Err) } else { Err(unsettled(recovery, held_up)) };
            }
            if !better || looked.moved || slots.is_empty() {
                tokio::time::sleep(progress.pause).await;
                progress.pause = (2 * progress.pause).min(longest_pause);
            }
            if !slots.is_empty() {
                (refusal, held_up) = self.mend(&slots, &view.topology).await;
            }
        }
        Err(unsettled(self.began.elapsed(), held_up))
    }

    /// Looks at the open slots at their present owners: counts where that proves them, else reads. What
    /// happens to a master meanwhile makes what was seen there void. `view` becomes what is seen at the end.
    async fn look(&mut self, view: &mut Moment) -> Result<Looked, FillError> {
        let since = Instant::now();
        let earlier = std::mem::replace(view, self.moment(&view.topology).await?);
        if self.prepared.discards() {
            self.after.why_open = self.refusal(&self.after.infos);
            self.clock.audit += since.elapsed();
            return Ok(Looked::default());
        }
        let mut why_open = self.doubt(&earlier, view);
        // Whatever happens there unseen, keys that are all read at one go were there together.
        view.hidden_slots().for_each(|slot| self.ledger.doubt(slot));
        let mut moved = has_moved(&earlier, view);
        let suspicion = self.suspicion(view);
        self.clock.audit += since.elapsed();

        let since = Instant::now();
        self.after.unconfirmed = self.ledger.unproven();
        let mut countable = stayed(view, self.prepared);
        countable.iter_mut().zip(self.empty_before).for_each(|(stayed, empty)| *stayed &= empty);
        let spec = self.expected.spec.clone();
        let evidence = Evidence { spec: &spec, countable: &countable, suspicion: &suspicion };
        let counted = count(&self.connector(), self.ledger, &evidence, &view.topology).await;
        let open = self.ledger.unproven();
        let mut unreadable = false;
        if !open.is_empty() {
            let worked = self.crew(&view.topology).work(Work::Read, &open, self.ledger, &mut |_| ()).await;
            why_open = worked.why_open;
            unreadable = worked.unreadable.is_some();
        }
        self.clock.proof += since.elapsed();

        let since = Instant::now();
        let later = match self.moment(&view.topology).await {
            Ok(later) => later,
            Err(error) => {
                // Nobody knows what happened while keys were looked at.
                counted.iter().chain(&open).for_each(|&slot| self.ledger.doubt(slot));
                return Err(error);
            }
        };
        moved |= has_moved(view, &later);
        why_open = self.doubt_counted(&counted, &later).or(why_open);
        why_open = self.doubt(view, &later).or(why_open);
        self.clock.audit += since.elapsed();
        (self.after.looked, self.after.why_open) = (true, why_open);
        self.after.unconfirmed.clear();
        *view = later;
        Ok(Looked { moved, unreadable })
    }

    /// Who owns what now, and what each of these masters says of itself.
    async fn moment(&mut self, known: &Topology) -> Result<Moment, FillError> {
        let Prepared { site, topology: planned, .. } = self.prepared;
        let now = Moment::take(&site.connector, &site.map, known).await?;
        let info = |master| now.said_by(master).info().cloned();
        self.after.infos = planned.masters.iter().map(info).collect();
        if self.after.first_infos.is_empty() {
            self.after.first_infos.clone_from(&self.after.infos);
        }
        let evicted = now.evicted_since(&at_the_start(self.prepared)).map(|(_, keys)| keys).sum();
        // Whoever is gone by now, or was restarted, has thrown them away all the same.
        self.after.evicted = self.after.evicted.max(evicted);
        Ok(now)
    }

    /// Doubts and tells what happened meanwhile; returns why something is doubtful, if anything is.
    fn doubt(&mut self, before: &Moment, now: &Moment) -> Option<String> {
        let mut why = None;
        for change in changes(before, now) {
            for &slot in &change.slots {
                if change.only_evicts() { self.ledger.evicted(slot) } else { self.ledger.doubt(slot) }
            }
            if let Some(kind) = change.kind {
                let keys = self.ledger.keys_in(&change.slots);
                self.incidents.report(&change.master, kind, &change.why, keys);
            }
            why = Some(format!("while {} was looked at, {}", change.master, change.why));
        }
        why
    }

    /// Where keys were counted, nobody else may have written until now.
    fn doubt_counted(&mut self, counted: &[u16], now: &Moment) -> Option<String> {
        let (owners, suspicion) = (now.topology.owners(), self.suspicion(now));
        let mut why = None;
        for &slot in counted {
            if let Some(owner) = owners[usize::from(slot)]
                && let Some(reason) = &suspicion[owner]
            {
                self.ledger.doubt(slot);
                let address = &now.topology.masters[owner].address;
                why = Some(format!("while {address} was looked at, {reason}"));
            }
        }
        why
    }

    /// For each present master, why a count there proves nothing.
    fn suspicion(&self, now: &Moment) -> Vec<Option<String>> {
        let everywhere = |why: &str| vec![Some(why.into()); now.topology.masters.len()];
        match self.options.ttl {
            Some(_) => everywhere("its keys expire"),
            None if self.expected.spec.is_share() => everywhere("its slots hold other workers' keys, too"),
            None => suspicion(now, self.prepared, self.sent),
        }
    }

    /// The slots to write again, and why some with missing or wrong keys are not among them.
    fn mendable(&self, view: &Moment) -> (Vec<u16>, Option<FillError>) {
        let mut slots = self.ledger.faulty();
        if self.options.ttl.is_some_and(|ttl| self.began.elapsed() >= ttl.0) {
            // They may be gone because their time is over, as was asked.
            return (Vec::new(), None);
        }
        slots.sort_by_key(|&slot| golden(slot));
        let mut reason = None;
        for (master, keys) in view.evicted_since(&at_the_start(self.prepared)) {
            let count = slots.len();
            slots.retain(|slot| !master.slots.iter().any(|run| run.contains(slot)));
            if slots.len() < count {
                reason = Some(FillError::Evicting { address: master.address.clone(), keys });
            }
        }
        (slots, reason)
    }

    /// Writes again what is not as it should be in these slots; returns a refusal that is final, and why
    /// something was not written for another reason. Until somebody looks, nothing is known of them.
    async fn mend(&mut self, slots: &[u16], topology: &Topology) -> (Option<FillError>, Option<String>) {
        let since = Instant::now();
        slots.iter().for_each(|&slot| self.ledger.mend(slot));
        let mut crew = self.crew(topology);
        let ledger = Ledger::new(self.expected.spec.clone());
        let mut mending = Mending { ledger, repaired: &mut self.after.repaired };
        let worked = crew.work(Work::Mend, slots, &mut mending, &mut |_| ()).await;
        self.clock.repair += since.elapsed();
        let refusal = worked.refusal.map(|error| match error {
            NetError::Refused { address, message, .. } => FillError::Refused { address, message },
            error => error.into(),
        });
        (refusal, worked.why_open)
    }

    fn connector(&self) -> Connector {
        Connector { reply_timeout: self.options.timeouts.proof, ..self.prepared.site.connector.clone() }
    }

    /// Readers for one attempt: whether there is another is decided by [`Self::run`].
    fn crew<'c>(&self, topology: &Topology) -> Crew<'c>
    where
        Self: 'c,
    {
        Crew {
            connector: self.connector(),
            map: &self.prepared.site.map,
            topology: topology.clone(),
            expected: self.expected.clone(),
            readers: READERS,
            patience: Duration::ZERO,
            observer: &**self.observer,
            reading: |keys, of| Event::Proving { keys, of },
        }
    }

    /// Why not all that was sent may have been executed, where nothing is kept that could be looked at.
    fn refusal(&self, now: &[Option<Info>]) -> Option<String> {
        let masters = self.prepared.nodes.iter().zip(now).enumerate();
        let mut of_master = masters.map(|(index, (before, now))| {
            let address = &self.prepared.topology.masters[index].address;
            let (Some(before), Some(now)) = (&before.info, now) else {
                return Some(format!("{address} does not show its counters"));
            };
            if before.run_id() != now.run_id() {
                return Some(format!("{address} was restarted"));
            }
            let refused = audit::rejected(before, now, &self.sent.commands_of(index).0);
            (refused > 0).then(|| format!("{address} refused {refused} writes"))
        });
        of_master.find_map(|why| why)
    }
}

/// Whether a slot has another owner later.
fn has_moved(before: &Moment, later: &Moment) -> bool {
    before.topology.moved_slots(&later.topology).next().is_some()
}

fn unsettled(after: Duration, held_up: Option<String>) -> FillError {
    let reason = held_up.map_or_else(String::new, |why| format!(": {why}"));
    FillError::Unsettled { after, reason }
}

/// Slots that are being mended: which of them are done with, and how many keys that took.
struct Mending<'a> {
    ledger: Ledger,
    repaired: &'a mut u64,
}

impl Known for Mending<'_> {
    fn keys_in(&self, slots: &[u16]) -> u64 {
        self.ledger.keys_in(slots)
    }

    fn open(&self, slots: &[u16]) -> Vec<u16> {
        self.ledger.open(slots)
    }

    fn take(&mut self, slot: u16, read: SlotRead) {
        self.ledger.take(slot, read);
    }

    fn rewrote(&mut self, keys: u64) {
        *self.repaired += keys;
    }
}

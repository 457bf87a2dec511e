//! One fill from the first connection to the verdict: make the masters ready, send, look at what
//! happened, prove. Whoever wants it to end can end it in each stage.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cluster::{Info, Topology, rediscover};
use crate::dataset::Values;
use crate::proof::Expectation;
use crate::results::{Event, LatencyHistogram, Observer, Record, new_histogram};

use super::choose::choose;
use super::ledger::Ledger;
use super::limits::Limits;
use super::outcome::Outcome;
use super::prepare::Prepared;
use super::prove::{Evidence, prove};
use super::send::{Ended, Sent, send};
use super::survey::survey;
use super::{FillError, FillOptions, audit};

/// What was found after the sending; empty where nobody could look. By planned master.
#[derive(Default)]
pub(super) struct After {
    pub infos: Vec<Option<Info>>,
    /// Why a count at a master proves nothing.
    pub suspicion: Vec<Option<String>>,
    /// Whether all masters were looked at to the end.
    pub looked: bool,
    /// Why keys are neither proven nor disproven.
    pub why_open: Option<String>,
}

/// How often masters are looked at that change meanwhile.
const LOOKS: usize = 2;

/// Time spent beside the fill.
#[derive(Clone, Copy, Default)]
pub(super) struct Clock {
    pub flush: Duration,
    pub audit: Duration,
    pub proof: Duration,
}

/// Fills, proves, and enters everything into `record`, whose header the caller has filled in; what
/// goes wrong is in the record, too. `started` is when the run began. Returns the latencies of all
/// pipelines.
pub async fn fill(
    mut prepared: Prepared,
    options: &FillOptions,
    observer: Arc<dyn Observer>,
    limits: &Limits,
    record: &mut Record,
) -> LatencyHistogram {
    let round_trip = prepared.nodes.iter().map(|node| node.round_trip).max().unwrap_or_default();
    let chosen = choose(options, prepared.topology.masters.len(), round_trip);
    let mut outcome = Outcome::new(record, options, &chosen);
    for warning in prepared.warnings() {
        observer.event(&Event::Warning(warning.clone()));
        outcome.warned(warning);
    }
    let ready = limits.bound(make_ready(&mut prepared, options, &mut outcome.clock)).await;
    outcome.before(&prepared);
    let empty_before = match ready {
        Ok(empty) => empty,
        Err(ended) => {
            outcome.ended(ended, &Ledger::new(options.spec.clone()), &After::default(), false);
            return new_histogram();
        }
    };
    let values = Arc::new(Values::new(&options.spec));
    outcome.announce(&*observer);
    let (sent, mut ended) = send(&prepared, options, &chosen, &values, &observer, limits).await;
    let mut ledger = sent.ledger(&options.spec);
    outcome.sent(&prepared, &sent, &ledger);

    let mut after = After::default();
    if !matches!(ended, Ended::Interrupted | Ended::Failed(FillError::Deadline(_))) {
        let expected = Expectation { spec: options.spec.clone(), values, expires: options.ttl.is_some() };
        let stage = Stage { prepared: &prepared, options, observer: &observer };
        let look = stage.look(&sent, &empty_before, expected, &mut ledger, &mut after, &mut outcome.clock);
        if let Err(cut) = limits.bound(look).await
            && matches!(ended, Ended::Complete)
        {
            ended = cut;
        }
    }
    outcome.after(&prepared, &after);
    outcome.ended(ended, &ledger, &after, prepared.discards());
    sent.latency
}

/// Empties the masters if that was asked, and returns which slots hold no key.
async fn make_ready(
    prepared: &mut Prepared,
    options: &FillOptions,
    clock: &mut Clock,
) -> Result<Vec<bool>, FillError> {
    if options.flush {
        let since = Instant::now();
        prepared.flush(options).await?;
        clock.flush = since.elapsed();
    }
    let since = Instant::now();
    let empty = prepared.empty_slots().await?;
    clock.audit += since.elapsed();
    Ok(empty)
}

/// What looking afterwards needs to know.
struct Stage<'a> {
    prepared: &'a Prepared,
    options: &'a FillOptions,
    observer: &'a Arc<dyn Observer>,
}

impl Stage<'_> {
    /// Looks at the masters after the fill, and proves what they hold. What happens to a master while
    /// it is looked at makes what was seen there void: then it is looked at once more.
    async fn look(
        &self,
        sent: &Sent,
        empty_before: &[bool],
        expected: Expectation,
        ledger: &mut Ledger,
        after: &mut After,
        clock: &mut Clock,
    ) -> Result<(), FillError> {
        let Prepared { site, topology, .. } = self.prepared;
        for _ in 0..LOOKS {
            let since = Instant::now();
            after.infos = self.infos().await?;
            if self.prepared.discards() {
                after.why_open = self.refusal(sent, &after.infos);
                clock.audit += since.elapsed();
                return Ok(());
            }
            after.suspicion = self.suspicion(sent, &after.infos);
            let present = rediscover(&site.connector, topology, &site.map).await?;
            clock.audit += since.elapsed();

            let since = Instant::now();
            let (suspicion, expected) = (&after.suspicion, expected.clone());
            let evidence = Evidence { planned: topology, empty_before, suspicion, expected };
            let timeout = self.options.timeouts.proof;
            after.why_open = prove(site, ledger, &evidence, &present, self.observer, timeout).await;
            clock.proof += since.elapsed();

            let since = Instant::now();
            let doubts = self.doubts(sent, after, &present).await?;
            clock.audit += since.elapsed();
            let Some((_, why)) = doubts.first() else { break };
            after.why_open = Some(why.clone());
            doubts.iter().for_each(|(slot, _)| ledger.doubt(*slot));
        }
        after.looked = true;
        Ok(())
    }

    async fn infos(&self) -> Result<Vec<Option<Info>>, FillError> {
        let Prepared { site, topology, .. } = self.prepared;
        let nodes = survey(&site.connector, &topology.masters, topology.mode).await?;
        Ok(nodes.into_iter().map(|node| node.ok()?.info).collect())
    }

    /// For each planned master, why a count there proves nothing.
    fn suspicion(&self, sent: &Sent, now: &[Option<Info>]) -> Vec<Option<String>> {
        let masters = self.prepared.nodes.iter().zip(now).enumerate();
        let of_master = masters.map(|(index, (before, now))| {
            let (command, commands) = sent.commands_of(index);
            match (&before.info, now, commands) {
                _ if self.options.ttl.is_some() => Some("its keys expire".into()),
                (Some(before), Some(now), Some(commands)) => {
                    audit::suspicion(before, now, &command, commands)
                }
                (_, _, None) => Some("what it executed is not known".into()),
                _ => Some("it does not show its counters".into()),
            }
        });
        of_master.collect()
    }

    /// Why not all that was sent may have been executed, where nothing is kept that could be looked at.
    fn refusal(&self, sent: &Sent, now: &[Option<Info>]) -> Option<String> {
        let masters = self.prepared.nodes.iter().zip(now).enumerate();
        let mut of_master = masters.map(|(index, (before, now))| {
            let address = &self.prepared.topology.masters[index].address;
            let (Some(before), Some(now)) = (&before.info, now) else {
                return Some(format!("{address} does not show its counters"));
            };
            if before.run_id() != now.run_id() {
                return Some(format!("{address} was restarted"));
            }
            let refused = audit::rejected(before, now, &sent.commands_of(index).0);
            (refused > 0).then(|| format!("{address} refused {refused} writes"))
        });
        of_master.find_map(|why| why)
    }

    /// The slots about which what was found may no longer be so, and why.
    async fn doubts(
        &self,
        sent: &Sent,
        after: &After,
        present: &Topology,
    ) -> Result<Vec<(u16, String)>, FillError> {
        let Prepared { site, topology, .. } = self.prepared;
        let now = self.infos().await?;
        let suspicion = self.suspicion(sent, &now);
        let mut doubts = Vec::new();
        for (index, master) in topology.masters.iter().enumerate() {
            let change = match (&after.infos[index], &now[index]) {
                (Some(earlier), Some(now)) => audit::upheaval(earlier, now),
                (Some(_), None) => Some("it no longer answers".into()),
                (None, _) => None,
            };
            // Where keys were counted, nobody else may have written until now.
            let counted = after.suspicion[index].is_none();
            if let Some(why) = change.or_else(|| suspicion[index].clone().filter(|_| counted)) {
                let why = format!("while {} was looked at, {why}", master.address);
                doubts.extend(master.slots.iter().cloned().flatten().map(|slot| (slot, why.clone())));
            }
        }
        let later = rediscover(&site.connector, topology, &site.map).await?;
        let moved = later.moved_slots(present);
        doubts.extend(moved.map(|slot| (slot, format!("slot {slot} was moved while it was looked at"))));
        Ok(doubts)
    }
}

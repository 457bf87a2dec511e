//! One fill from the first connection to the verdict: make the masters ready, send, look at what
//! happened, prove. Whoever wants it to end can end it in each stage.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::cluster::{Info, rediscover};
use crate::dataset::Values;
use crate::proof::Expectation;
use crate::results::{Event, LatencyHistogram, Observer, Record, new_histogram};

use super::choose::choose;
use super::ledger::Ledger;
use super::outcome::Outcome;
use super::prepare::Prepared;
use super::prove::{Evidence, Proof, prove};
use super::send::{Ended, Sent, send};
use super::survey::survey;
use super::{FillError, FillOptions, audit};

/// Set to true by whoever wants a run to end: it does so within a second.
pub type Halt = watch::Receiver<bool>;

/// What ends a run from outside.
#[derive(Clone)]
pub(super) struct Limits {
    halt: Halt,
    deadline: Option<(Instant, Duration)>,
}

/// What was found after the sending; empty where nobody could look. By planned master.
#[derive(Default)]
pub(super) struct After {
    pub infos: Vec<Option<Info>>,
    /// Why a count at a master proves nothing.
    pub suspicion: Vec<Option<String>>,
    pub proof: Option<Proof>,
}

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
    halt: Halt,
    record: &mut Record,
    started: Instant,
) -> LatencyHistogram {
    let deadline = options.timeouts.deadline.map(|limit| (started + limit, limit));
    let limits = Limits { halt, deadline };
    let round_trip = prepared.nodes.iter().map(|node| node.round_trip).max().unwrap_or_default();
    let chosen = choose(options, prepared.topology.masters.len(), round_trip);
    let mut outcome = Outcome::new(record, options, &chosen, started);
    for warning in prepared.warnings() {
        observer.event(Event::Warning(warning.clone()));
        outcome.warned(warning);
    }
    let ready = limits.bound(make_ready(&mut prepared, options, &mut outcome.clock)).await;
    outcome.before(&prepared);
    let empty_before = match ready {
        Ok(empty) => empty,
        Err(ended) => {
            outcome.ended(ended, &Ledger::new(options.spec.clone()), &After::default());
            return new_histogram();
        }
    };
    let values = Arc::new(Values::new(&options.spec));
    outcome.announce(&*observer);
    let (sent, mut ended) = send(&prepared, options, &chosen, &values, &observer, &limits).await;
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
    outcome.ended(ended, &ledger, &after);
    observer.event(Event::Finished);
    sent.latency
}

impl Limits {
    /// Runs `work` to its end, unless the run is to end first.
    pub async fn bound<T>(&self, work: impl Future<Output = Result<T, FillError>>) -> Result<T, Ended> {
        tokio::select! {
            done = work => done.map_err(Ended::Failed),
            ended = self.reached() => Err(ended),
        }
    }

    /// Ends when somebody asks for it, or when the run's time is over.
    pub async fn reached(&self) -> Ended {
        let mut halt = self.halt.clone();
        let halted = async {
            if halt.wait_for(|halt| *halt).await.is_err() {
                // Nobody is left who could ask.
                std::future::pending::<()>().await;
            }
        };
        let overdue = async {
            match self.deadline {
                Some((at, limit)) => {
                    tokio::time::sleep_until(at.into()).await;
                    limit
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = halted => Ended::Interrupted,
            limit = overdue => Ended::Failed(FillError::Deadline(limit)),
        }
    }
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
    /// Looks at the masters after the fill, and proves what they hold.
    async fn look(
        &self,
        sent: &Sent,
        empty_before: &[bool],
        expected: Expectation,
        ledger: &mut Ledger,
        after: &mut After,
        clock: &mut Clock,
    ) -> Result<(), FillError> {
        let since = Instant::now();
        let Prepared { site, topology, nodes, .. } = self.prepared;
        let now = survey(&site.connector, &topology.masters, topology.mode).await;
        after.infos = now.into_iter().map(|node| node.ok()?.info).collect();
        for (index, (before, after_info)) in nodes.iter().zip(&after.infos).enumerate() {
            let (command, commands) = sent.commands_of(index);
            after.suspicion.push(match (&before.info, after_info, commands) {
                _ if self.options.ttl.is_some() => Some("its keys expire".into()),
                (Some(before), Some(now), Some(commands)) => audit::suspicion(before, now, command, commands),
                (_, _, None) => Some("what it executed is not known".into()),
                _ => Some("it does not show its counters".into()),
            });
        }
        let present = rediscover(&site.connector, topology, &site.map).await?;
        clock.audit += since.elapsed();

        let since = Instant::now();
        let evidence = Evidence { planned: topology, empty_before, suspicion: &after.suspicion, expected };
        let timeout = self.options.timeouts.proof;
        after.proof = Some(prove(site, ledger, &evidence, present, self.observer, timeout).await);
        clock.proof = since.elapsed();
        Ok(())
    }
}

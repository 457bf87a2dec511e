//! One fill from the first connection to the verdict: make the masters ready, send, settle. Whoever wants it
//! to end can end it in each stage.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::cluster::rediscover;
use crate::dataset::Values;
use crate::proof::{ANY_CLOCK, Depth, Expectation, Lifetime, ONE_CLOCK};
use crate::results::{Event, IncidentKind, Incidents, LatencyHistogram, Observer, Record, new_histogram};

use super::choose::choose;
use super::keep::Keeper;
use super::ledger::Ledger;
use super::limits::Limits;
use super::memory::{self, Estimate, growth};
use super::outcome::Outcome;
use super::prepare::Prepared;
use super::replicas::at_end;
use super::send::{Ended, Listeners, send};
use super::settle::{After, Settle};
use super::start::wait_until;
use super::{FillError, FillOptions, keep};

/// How long a fill that failed tries to mend what is short.
const ONCE_MORE: Duration = Duration::from_secs(5);

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
    let (written_after, tolerance) = match record.resumed.times {
        0 => (Some(SystemTime::now()), ONE_CLOCK),
        _ => (record.resumed.began(), ANY_CLOCK),
    };
    let lifetime = Lifetime::given(options.ttl.map(|ttl| ttl.0), written_after, tolerance);
    let round_trip = prepared.nodes.iter().map(|node| node.round_trip).max().unwrap_or_default();
    let chosen = choose(options, prepared.topology.masters.len(), round_trip);
    let mut outcome = Outcome::new(record, options, &chosen);
    let values = Arc::new(Values::new(&options.spec));
    let ready = make_ready(&mut prepared, options, &values, &mut outcome, &observer, limits).await;
    outcome.before(&prepared);
    let (empty_before, estimates) = match ready {
        Ok(ready) => ready,
        Err(ended) => {
            outcome.ended(ended, &Ledger::new(options.spec.clone()), &After::default(), false);
            return new_histogram();
        }
    };
    outcome.estimated(&estimates);
    let starts = keep::starts(options, &empty_before);
    let began = Instant::now();
    let incidents = Arc::new(Incidents::new(began, observer.clone()));
    let opening = Keeper::open(options, &prepared.place, &values, &starts, &observer, &incidents);
    let opened = limits.bound(opening).await;
    let mut keeper = match opened {
        Ok(keeper) => keeper,
        Err(ended) => {
            outcome.ended(ended, &Ledger::new(options.spec.clone()), &After::default(), false);
            return new_histogram();
        }
    };
    outcome.begins(&starts, &keeper, &*observer);
    outcome.announce(&*observer);
    let ledger = Ledger::from_starts(options.spec.clone(), &starts);
    let listeners = Listeners { observer: &observer, incidents: &incidents, keeper: &mut keeper };
    let (sent, mut ended) = send(&prepared, options, &chosen, &values, ledger, listeners, limits).await;
    let mut ledger = sent.ledger.clone();
    outcome.planned(ledger.spec());
    keeper.note(&ledger.kept());
    outcome.sent(&prepared, &sent, &ledger);

    let mut after = After::default();
    if !matches!(ended, Ended::Interrupted | Ended::Failed(FillError::Deadline(_))) {
        let (spec, depth) = (ledger.spec().clone(), Depth::Stamp);
        let settle = Settle {
            prepared: &prepared,
            options,
            observer: &observer,
            incidents: &incidents,
            sent: &sent,
            began,
            empty_before: &empty_before,
            expected: Expectation { spec, values, lifetime, depth, sample: None },
            ledger: &mut ledger,
            after: &mut after,
            clock: &mut outcome.clock,
            patience: match ended {
                Ended::Complete => options.timeouts.recovery,
                // What did not get better while keys were sent was waited for already.
                _ => options.timeouts.recovery.min(ONCE_MORE),
            },
        };
        // What ends it is nearer to the end than what may have ended the sending.
        if let Err(cut) = limits.bound(settle.run()).await {
            ended = cut;
        }
        // A look that was cut off may have seen what was void already.
        after.unconfirmed.drain(..).for_each(|slot| ledger.doubt(slot));
        let since = Instant::now();
        let replicas = async {
            let Prepared { site, .. } = &prepared;
            let present = rediscover(&site.connector, &sent.topology, &site.map).await?;
            Ok::<_, FillError>(at_end(&site.connector, present, options.wait).await?)
        };
        match limits.bound(replicas).await {
            Ok(replicas) => after.replicas = Some(replicas),
            Err(cut) if matches!(ended, Ended::Complete) => ended = cut,
            Err(_) => {}
        }
        outcome.clock.audit += since.elapsed();
    }
    outcome.after(&prepared, &sent, &after);
    for warning in keeper.close(&ledger.kept()).await {
        outcome.warned(warning);
    }
    if ledger.totals().proven == ledger.totals().planned {
        incidents.all_recovered();
    }
    let end = after.replicas.as_ref().zip(options.wait);
    if let Some((address, shortage)) = end.and_then(|(replicas, wait)| replicas.shortage(wait)) {
        incidents.report(address, IncidentKind::ReplicasBehind, &shortage.to_string(), 0);
    }
    outcome.ended(ended, &ledger, &after, prepared.discards());
    incidents.enter(record);
    sent.latency
}

/// Sees to it that the dataset fits, empties the masters if that was asked, waits for the start, and returns which
/// slots hold no key, and what the dataset is estimated to take.
async fn make_ready(
    prepared: &mut Prepared,
    options: &FillOptions,
    values: &Arc<Values>,
    outcome: &mut Outcome<'_>,
    observer: &Arc<dyn Observer>,
    limits: &Limits,
) -> Result<(Vec<bool>, Vec<Option<Estimate>>), Ended> {
    let since = Instant::now();
    let mut estimates = match growth(prepared, options) {
        Some(growth) => {
            let checked = growth.check(&prepared.topology, &prepared.infos());
            checked.map_err(|error| Ended::Failed(error.into()))?;
            Vec::new()
        }
        None => {
            let check = memory::check(prepared, options, values, options.flush, limits);
            limits.bound_late(check).await?
        }
    };
    outcome.clock.audit += since.elapsed();
    if options.flush {
        let since = Instant::now();
        limits.bound(prepared.flush(options)).await?;
        outcome.clock.flush = since.elapsed();
        if !estimates.is_empty() {
            // On empty masters it is measured more closely, and where there was no room before.
            let since = Instant::now();
            let check = memory::check(prepared, options, values, false, limits);
            estimates = limits.bound_late(check).await?;
            outcome.clock.audit += since.elapsed();
        }
    }
    for warning in prepared.warnings() {
        observer.event(&Event::Warning(warning.clone()));
        outcome.warned(warning);
    }
    let since = Instant::now();
    let empty = limits.bound(prepared.empty_slots()).await?;
    outcome.clock.audit += since.elapsed();
    if let Some(start_at) = options.start_at
        && let Some(late) = limits.within(wait_until(start_at, &**observer)).await?
    {
        observer.event(&Event::Warning(late.clone()));
        outcome.warned(late);
    }
    Ok((empty, estimates))
}

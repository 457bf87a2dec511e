//! One verification from the first connection to the verdict: find the masters, look at every key, write
//! again what is not as it should be if that was asked, and look again.

use std::time::{Duration, Instant};

use crate::cluster::{self, ClusterError, Discovered, Info, Mode, Moment, Topology, discover};
use crate::dataset::{Position, Values};
use crate::net::Connector;
use crate::proof::{Depth, Expectation, Sample, may_read};
use crate::repair::{Crew, Known, Work, Worked};
use crate::results::{Event, Observer, Repair, SampleBound, Verification};
use crate::target::Site;
use crate::units::show_count;

use super::confidence::{CONFIDENCE, most_faulty};
use super::tally::Tally;
use super::{VerifyError, VerifyOptions};

/// Before keys are looked at again that something happened to.
const PAUSE: Duration = Duration::from_millis(50);

/// Verifies, and enters everything into `record`, whose header the caller has filled in; what goes wrong is
/// in the record, too. Dropped before its end, it leaves there what was known until then.
pub async fn verify(
    site: &Site,
    options: &VerifyOptions,
    observer: &dyn Observer,
    record: &mut Verification,
) {
    if let Err(error) = run(site, options, observer, record).await {
        record.error = Some(error.failure());
    }
    record.settle();
}

async fn run(
    site: &Site,
    options: &VerifyOptions,
    observer: &dyn Observer,
    record: &mut Verification,
) -> Result<(), VerifyError> {
    let connector = Connector { reply_timeout: options.patience, ..site.connector.clone() };
    let Discovered { topology, mut seed } = discover(&connector, &site.address, &site.map).await?;
    enter_target(record, &topology, cluster::info(&mut seed).await?.as_ref());
    drop(seed);
    check(site, &connector, &topology, options).await?;
    let expected = expectation(options);
    let mut tally = Tally::new(&expected);
    record.found = tally.findings(&options.spec);
    if tally.selected() == 0 {
        let percent = options.sample.map_or(100.0, |sample| sample.percent);
        return Err(VerifyError::EmptySample { percent, keys: options.spec.keys() });
    }
    announce(record, options, observer);
    let began = match options.repair {
        true => Some(Moment::take(&connector, &site.map, &topology).await?),
        false => None,
    };
    let (readers, patience) = (options.readers, options.patience);
    let (map, reading) = (&site.map, |keys, of| Event::Verifying { keys, of });
    let mut crew = Crew { connector, map, topology, expected, readers, patience, observer, reading };

    let since = Instant::now();
    let slots = tally.slots();
    let enter = &mut |tally: &Tally| {
        record.found = tally.findings(&options.spec);
        record.seconds.read = since.elapsed().as_secs_f64();
    };
    let read = crew.work(Work::Read, &slots, &mut tally, enter).await;
    let looked_at = record.found.selected - record.found.unread;
    record.keys_per_second = looked_at as f64 / record.seconds.read.max(f64::MIN_POSITIVE);
    if let Some(sample) = options.sample
        && looked_at > 0
    {
        let most = most_faulty(record.found.inexact(), looked_at);
        let percent = sample.percent;
        let (confidence, inexact_percent_max) = (CONFIDENCE, 100.0 * most);
        record.sample = Some(SampleBound { percent, seed: sample.seed, confidence, inexact_percent_max });
    }
    if let Some(began) = began.filter(|_| record.found.inexact() > 0) {
        repair(&mut crew, tally, &began, options, record).await?;
    }
    match (record.last().unread, read.why_open) {
        (keys @ 1.., Some(why)) => Err(VerifyError::Unread { keys, why }),
        _ => Ok(()),
    }
}

/// Writes the faulty keys again, and looks at their slots once more, and at those to which something happened since
/// `began`, before the first look: writing may push out other keys.
async fn repair(
    crew: &mut Crew<'_>,
    mut tally: Tally,
    began: &Moment,
    options: &VerifyOptions,
    record: &mut Verification,
) -> Result<(), VerifyError> {
    let since = Instant::now();
    let mut seen = Moment::take(&crew.connector, crew.map, &crew.topology).await?;
    let mut slots = tally.faulty_slots();
    for (master, _) in seen.evicted_since(began) {
        slots.retain(|slot| !master.slots.iter().any(|run| run.contains(slot)));
    }
    doubt(&mut tally, began, &seen);
    tally.forget(&slots);
    let mut enter = |tally: &Tally, rewritten: u64| {
        let after = tally.findings(&options.spec);
        record.repair = Some(Repair { rewritten, after });
        record.seconds.repair = since.elapsed().as_secs_f64();
    };
    let mut mended = tally.clone();
    let mut told = |mended: &Tally| enter(&tally, mended.rewritten);
    let Worked { refusal, why_open, .. } = crew.work(Work::Mend, &slots, &mut mended, &mut told).await;
    let rewritten = mended.rewritten;
    let looked = look_again(crew, &mut tally, &mut seen, &mut |tally| enter(tally, rewritten)).await;
    enter(&tally, rewritten);
    let left = tally.findings(&options.spec);
    let mut evicting = None;
    for (master, keys) in seen.evicted_since(began) {
        let address = master.address.clone();
        let warning = format!("{address} evicted {} keys meanwhile, of whomever", show_count(keys));
        crew.observer.event(&Event::Warning(warning.clone()));
        record.warnings.push(warning);
        evicting = Some(VerifyError::Evicting { address, keys });
    }
    if let Some(refusal) = refusal {
        return Err(VerifyError::Unwritten(refusal));
    }
    let why = looked?;
    match (evicting, why, why_open) {
        (Some(evicting), ..) if left.unread + left.inexact() > 0 => Err(evicting),
        (_, Some(why), _) if left.unread > 0 => Err(VerifyError::Unread { keys: left.unread, why }),
        (_, _, Some(why)) if left.inexact() > 0 => Err(VerifyError::Untaken(why)),
        _ => Ok(()),
    }
}

/// Looks at all slots that are open, until nothing happens meanwhile to what was looked at, or that leads nowhere for
/// too long; returns why slots are still open. `seen` becomes what is seen at the end.
async fn look_again(
    crew: &mut Crew<'_>,
    tally: &mut Tally,
    seen: &mut Moment,
    tell: &mut dyn FnMut(&Tally),
) -> Result<Option<String>, VerifyError> {
    let all = tally.slots();
    let (mut fewest, mut last_progress) = (usize::MAX, Instant::now());
    loop {
        // Whatever happens there unseen, keys that are all read at one go were there together.
        tally.forget(&seen.hidden_slots().collect::<Vec<_>>());
        let open = tally.open(&all);
        let worked = crew.work(Work::Read, &open, tally, tell).await;
        let now = match Moment::take(&crew.connector, crew.map, &crew.topology).await {
            Ok(now) => now,
            Err(error) => {
                // Nobody knows what happened while keys were looked at.
                tally.forget(&all);
                return Err(error.into());
            }
        };
        let change = doubt(tally, seen, &now);
        *seen = now;
        let open = tally.open(&all).len();
        if change.is_none() || open == 0 {
            return Ok(worked.why_open);
        }
        if open < fewest {
            (fewest, last_progress) = (open, Instant::now());
        }
        if last_progress.elapsed() >= crew.patience {
            return Ok(change);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Forgets what something happened to between two moments; returns what, if anything.
fn doubt(tally: &mut Tally, before: &Moment, now: &Moment) -> Option<String> {
    let mut why = None;
    for change in before.changes(now) {
        match change.only_evicts() {
            true => tally.evicted(&change.slots),
            false => tally.forget(&change.slots),
        }
        why = Some(format!("while {} was looked at, {}", change.master, change.why));
    }
    why
}

fn enter_target(record: &mut Verification, topology: &Topology, info: Option<&Info>) {
    let target = &mut record.target;
    target.mode = match topology.mode {
        Mode::Cluster => "cluster".into(),
        Mode::Standalone => "standalone".into(),
    };
    target.masters = topology.masters.len() as u64;
    target.replicas = topology.replicas(info);
    if let Some((server, version)) = info.map(Info::server) {
        (target.server, target.version) = (server.into(), version);
    }
}

/// Sees to it that every master is there, and shows keys to this user.
async fn check(
    site: &Site,
    connector: &Connector,
    topology: &Topology,
    options: &VerifyOptions,
) -> Result<(), VerifyError> {
    for master in &topology.masters {
        let opened = connector.open(&master.address).await;
        let mut node = opened.map_err(|error| ClusterError::from(error).at_master(master, &site.address))?;
        let slot = master.slots.first().map_or(0, |slots| *slots.start());
        let key = options.spec.shape().key(Position { slot, ordinal: 0 });
        if let Some(message) = may_read(&mut node, options.depth, &key).await? {
            let (address, depth) = (master.address.clone(), options.depth);
            return Err(VerifyError::Unreadable { address, message, depth });
        }
    }
    Ok(())
}

fn expectation(options: &VerifyOptions) -> Expectation {
    // A hundred percent are all keys, and not all but one in 2^64.
    let sample = options.sample.filter(|sample| sample.percent < 100.0);
    Expectation {
        spec: options.spec.clone(),
        values: Values::new(&options.spec).into(),
        lifetime: options.lifetime,
        depth: options.depth,
        sample: sample.map(|sample| Sample::new(sample.percent / 100.0, sample.seed)),
    }
}

/// Tells what is about to be done.
fn announce(record: &Verification, options: &VerifyOptions, observer: &dyn Observer) {
    let how = match options.depth {
        Depth::Existence => "whether they are there",
        Depth::Size => "their lengths and times to live",
        Depth::Stamp => "their first bytes and times to live",
        Depth::Value => "every byte of their values, and times to live",
    };
    observer.event(&Event::VerifyPlanned {
        target: record.target.describe(),
        how: how.into(),
        keys: record.found.selected,
        of: record.found.planned,
    });
}

//! One verification from the first connection to the verdict: find the masters, look at every key, write
//! again what is not as it should be if that was asked, and look again.

use std::time::Instant;

use crate::cluster::{self, ClusterError, Discovered, Info, Mode, Topology, discover};
use crate::dataset::{Position, Values};
use crate::net::Connector;
use crate::proof::{Depth, Expectation, Sample, may_read};
use crate::repair::{Crew, Work, Worked};
use crate::results::{Event, Observer, Repair, SampleBound, Verification};
use crate::target::Site;

use super::confidence::{CONFIDENCE, most_faulty};
use super::tally::Tally;
use super::{VerifyError, VerifyOptions};

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
    if options.repair && record.found.inexact() > 0 {
        repair(&mut crew, tally, options, record).await?;
    }
    match (record.last().unread, read.why_open) {
        (keys @ 1.., Some(why)) => Err(VerifyError::Unread { keys, why }),
        _ => Ok(()),
    }
}

/// Writes the faulty keys again, and looks at their slots once more.
async fn repair(
    crew: &mut Crew<'_>,
    mut tally: Tally,
    options: &VerifyOptions,
    record: &mut Verification,
) -> Result<(), VerifyError> {
    let slots = tally.faulty_slots();
    let since = Instant::now();
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
    let again = crew.work(Work::Read, &slots, &mut tally, &mut |tally| enter(tally, rewritten)).await;
    if let Some(refusal) = refusal {
        return Err(VerifyError::Unwritten(refusal));
    }
    let left = record.repair.as_ref().map(|repair| (repair.after.unread, repair.after.inexact()));
    match (left, again.why_open, why_open) {
        (Some((keys @ 1.., _)), Some(why), _) => Err(VerifyError::Unread { keys, why }),
        (Some((_, 1..)), _, Some(why)) => Err(VerifyError::Untaken(why)),
        _ => Ok(()),
    }
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

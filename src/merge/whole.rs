//! All workers as one run: its record, its latencies, and its seconds.

use std::iter::Peekable;
use std::time::{Duration, SystemTime};

use humantime::format_rfc3339_micros;

use super::clock::{Clock, Timeline};
use super::{MergeError, account, crew, servers};
use crate::recorded::{ClockedLatencies, LoadError, WorkerFolder};
use crate::results::{
    Done, Interval, Latency, LatencyHistogram, Rates, Record, Second, Seconds, Verdict, WorkerPart, Workers,
    new_histogram,
};

/// What all workers did together.
pub struct Whole {
    folders: Vec<WorkerFolder>,
    clock: Clock,
    timeline: Timeline,
    /// The record of one run that did all of it; it has the first worker's name, which is the caller's to change.
    pub record: Record,
    /// Every pipeline of every worker.
    pub latency: LatencyHistogram,
}

/// Puts workers together: each of them once, all of one fill.
///
/// # Errors
/// [`MergeError`] names what is missing, differs, or is damaged.
pub fn whole(mut folders: Vec<WorkerFolder>) -> Result<Whole, MergeError> {
    crew::order(&mut folders)?;
    let clock = Clock::of(&folders)?;
    let latency = latencies(&folders)?;
    let timeline = match clock.whole {
        Some(span) => Timeline::of(&folders, span)?,
        None => Timeline::default(),
    };
    let record = record(&folders, &clock, &timeline, &latency);
    Ok(Whole { folders, clock, timeline, record, latency })
}

/// Every bucket of every worker, added up.
fn latencies(folders: &[WorkerFolder]) -> Result<LatencyHistogram, MergeError> {
    let mut all = new_histogram();
    for folder in folders {
        let mut found = 0;
        for second in folder.latencies() {
            let ClockedLatencies { latencies, .. } = second?;
            found += latencies.len();
            add(&mut all, &latencies, folder)?;
        }
        let record = &folder.record;
        let wanted = record.latency_us.count;
        // The last of several runs tells of itself alone, and one that was killed of nothing.
        if found < wanted
            || found > wanted && record.resumed.times == 0 && record.verdict != Verdict::Unfinished
        {
            return Err(MergeError::Latencies { folder: folder.path.clone(), found, wanted });
        }
    }
    Ok(all)
}

/// Adds buckets to the same buckets.
fn add(all: &mut LatencyHistogram, some: &LatencyHistogram, folder: &WorkerFolder) -> Result<(), LoadError> {
    all.add(some).map_err(|error| LoadError::OtherKind {
        path: folder.path.clone(),
        text: format!("its latencies have other buckets: {error}"),
    })
}

fn record(
    folders: &[WorkerFolder],
    clock: &Clock,
    timeline: &Timeline,
    latency: &LatencyHistogram,
) -> Record {
    let first = &folders[0].record;
    let mut record = first.clone();
    record.options.worker_index = None;
    if let Some(began) = account::began(folders) {
        record.started_at = humantime::format_rfc3339_millis(began).to_string();
    }
    let of_done =
        |part: fn(&Done) -> u64| -> u64 { folders.iter().map(|folder| part(&folder.record.done)).sum() };
    record.account = account::account(folders);
    record.done = Done {
        // What earlier runs of a worker executed was executed by a worker.
        keys: record.account.executed,
        payload_bytes: record.account.executed * (first.options.key_size + first.options.value_size),
        wire_bytes: of_done(|done| done.wire_bytes),
        ..first.done.clone()
    };
    record.fill_began_at = clock.whole.map(|whole| format_rfc3339_micros(whole.start).to_string());
    record.seconds = seconds(folders, clock);
    let fill = record.seconds.fill;
    let per_second = |amount: u64| if fill > 0.0 { amount as f64 / fill } else { 0.0 };
    record.rates = Rates {
        keys_per_second: per_second(record.done.keys),
        payload_bytes_per_second: per_second(record.done.payload_bytes),
        wire_bytes_per_second: per_second(record.done.wire_bytes),
        interval_keys_per_second: timeline.spread(),
    };
    record.latency_us = Latency::from(latency);
    record.servers = servers::servers(folders, clock);
    record.client = servers::client(folders);
    servers::limit(folders, &mut record);
    record.verdict = account::verdict(folders);
    record.error = account::error(folders);
    record.warnings = account::warnings(folders);
    record.resumed = account::resumed(folders);
    record.resume_command = None;
    (record.incidents, record.incidents_left_out) = account::incidents(folders, clock);
    record.workers = Some(workers(folders, clock));
    record
}

/// From the first worker's first byte to the last one's last answer; of what each did for itself, the longest.
fn seconds(folders: &[WorkerFolder], clock: &Clock) -> Seconds {
    let longest = |part: fn(&Seconds) -> f64| {
        folders.iter().map(|folder| part(&folder.record.seconds)).max_by(f64::total_cmp).unwrap_or_default()
    };
    let ended = folders.iter().filter_map(|folder| {
        let started = humantime::parse_rfc3339(&folder.record.started_at).ok()?;
        started.checked_add(Duration::try_from_secs_f64(folder.record.seconds.total).ok()?)
    });
    let total =
        account::began(folders).zip(ended.max()).and_then(|(began, ended)| ended.duration_since(began).ok());
    Seconds {
        flush: longest(|seconds| seconds.flush),
        fill: clock.whole.map_or(0.0, |whole| whole.seconds()),
        audit: longest(|seconds| seconds.audit),
        proof: longest(|seconds| seconds.proof),
        repair: longest(|seconds| seconds.repair),
        total: total.map_or(0.0, |total| total.as_secs_f64()),
    }
}

fn workers(folders: &[WorkerFolder], clock: &Clock) -> Workers {
    let part = |(place, folder): (usize, &WorkerFolder)| {
        let record = &folder.record;
        let (keys, seconds) = (record.account.executed, clock.each[place].map_or(0.0, |span| span.seconds()));
        WorkerPart {
            index: record.options.worker_index.unwrap_or_default(),
            run: record.run.clone(),
            folder: folder.path.display().to_string(),
            verdict: record.verdict,
            keys,
            start_seconds: clock.start_seconds(place),
            seconds,
            keys_per_second: if seconds > 0.0 { keys as f64 / seconds } else { 0.0 },
        }
    };
    Workers {
        overlap_share: clock.overlap_share(),
        start_skew_seconds: clock.start_skew_seconds(),
        each: folders.iter().enumerate().map(part).collect(),
    }
}

impl Whole {
    /// When the first byte was sent; the run's start, if none was.
    pub fn began_at(&self) -> SystemTime {
        let started = || humantime::parse_rfc3339(&self.record.started_at).ok();
        self.clock.whole.map(|whole| whole.start).or_else(started).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// When the first worker started.
    pub fn started_at(&self) -> SystemTime {
        account::began(&self.folders).unwrap_or_else(|| self.began_at())
    }

    /// Tells of each second of the common clock in which somebody executed something. What one worker did in an
    /// interval of its own is shared out among the seconds that this lies in; latencies go where its middle is.
    ///
    /// # Errors
    /// [`MergeError::Load`] if a log is damaged.
    pub fn seconds(&self, tell: &mut dyn FnMut(Second)) -> Result<(), MergeError> {
        let Some(whole) = self.clock.whole else { return Ok(()) };
        let mut logs: Vec<_> = self.folders.iter().map(|folder| folder.latencies().peekable()).collect();
        let second_of = |at: SystemTime| {
            self.timeline.second_at(at.duration_since(whole.start).unwrap_or_default().as_secs_f64())
        };
        let last = self.timeline.seconds.keys().next_back();
        // How many keys each master had been told of, and how many it had: so that no part of a key is lost.
        let mut told = vec![(0, 0.0); self.timeline.masters.len()];
        for (second, keys) in &self.timeline.seconds {
            let (is_last, second) = (Some(second) == last, *second);
            let mut latency = new_histogram();
            for (log, folder) in logs.iter_mut().zip(&self.folders) {
                while let Some(next) = next_until(log, |at| is_last || second_of(at) <= second) {
                    add(&mut latency, &next?.latencies, folder)?;
                }
            }
            let (start, end) = (second as f64, self.timeline.end_of(second));
            let pair = self.record.options.key_size + self.record.options.value_size;
            let masters = self.timeline.masters.iter().zip(keys).zip(&mut told);
            let masters = masters.map(|((master, keys), (told, all))| {
                *all += keys;
                let new = (all.round() as u64).saturating_sub(*told);
                *told += new;
                Interval {
                    start_seconds: start,
                    seconds: end - start,
                    master: master.clone(),
                    keys: new,
                    payload_bytes: new * pair,
                    // Workers keep the histograms of all masters together.
                    latency_us: Latency::default(),
                }
            });
            tell(Second {
                start: Duration::from_secs_f64(start),
                started_at: whole.start + Duration::from_secs_f64(start),
                length: Duration::from_secs_f64(end - start),
                masters: masters.collect(),
                latency,
            });
        }
        Ok(())
    }
}

/// The next entry of a log, if it is before some moment, or an error.
fn next_until(
    log: &mut Peekable<impl Iterator<Item = Result<ClockedLatencies, LoadError>>>,
    is_due: impl Fn(SystemTime) -> bool,
) -> Option<Result<ClockedLatencies, LoadError>> {
    log.next_if(|entry| entry.as_ref().map_or(true, |second| is_due(second.at)))
}

//! Workers that are killed, gone on with, or told to end while they wait.

use std::time::{Duration, SystemTime};

use fillbench::results::Verdict;

use crate::common::key_counts;
use crate::fill::data::Data;
use crate::verify::place::Place;
use crate::worker::crew::Crew;

#[test]
fn a_worker_that_was_killed_is_gone_on_with_and_merged() {
    let place = Place::embedded(Some(3));
    let (crew, data) = (Crew::of(3), Data::of(150_000));
    let mut killed = crew.begin(&place, &data, 1, "--rate 10000");
    let others = [0, 2].map(|index| crew.begin(&place, &data, index, "--rate 40000"));
    let journal = crew.out(1).join("journal.log");
    killed.until(|| {
        let lines = std::fs::read_to_string(&journal).unwrap_or_default().lines().count();
        lines >= 4 && crew.out(1).join("run.json").exists()
    });
    killed.signal("KILL");
    assert_eq!(killed.end().code, 128 + 9);
    others.into_iter().for_each(|other| drop(other.end().assert_exact()));

    // What it did is told, and what to do about it.
    let merged = crew.merge("");
    let record = merged.record();
    assert_eq!((merged.code, record.verdict), (1, Verdict::Failed), "{merged:?}");
    let error = record.error.as_ref().unwrap();
    assert!(
        error.message.contains("worker 1 (") && error.message.contains("ended as `unfinished`"),
        "{error:?}"
    );
    let command = format!("go on with fillbench --resume {}", crew.out(1).display());
    assert!(error.cure.as_ref().unwrap().starts_with(&command), "{error:?}");

    let resumed = crew.resume(1);
    let resumed = {
        assert_eq!(resumed.code, 0, "{resumed:?}");
        resumed.record()
    };
    assert!(resumed.resumed.keys_before > 0, "{resumed:?}");
    assert_eq!(key_counts(place.masters()).iter().sum::<u64>(), data.keys);
    place.assert_holds(&data);

    let merged = crew.merge("--prove");
    let record = merged.record();
    assert_eq!((merged.code, record.verdict), (0, Verdict::Exact), "{merged:?}");
    assert_eq!((record.account.executed, record.done.keys), (data.keys, data.keys));
    assert_eq!(record.resumed.times, 1);
    // Its time is from the start of the run that was killed, and that run's pipelines are among all.
    let worker = &record.workers.as_ref().unwrap().each[1];
    assert_eq!((worker.keys, worker.verdict), (resumed.account.planned, Verdict::Exact));
    assert!(worker.seconds > resumed.seconds.fill + 0.5, "{worker:?} {resumed:?}");
    let last_runs: u64 = [0, 1, 2].map(|index| pipelines(&crew, index)).iter().sum();
    assert!(record.latency_us.count > last_runs, "{last_runs} {merged:?}");
}

/// Pipelines of a worker's last run.
fn pipelines(crew: &Crew, index: u64) -> u64 {
    let text = std::fs::read(crew.out(index).join("run.json")).unwrap();
    let record: fillbench::results::Record = serde_json::from_slice(&text).unwrap();
    record.latency_us.count
}

#[test]
fn who_waits_for_the_start_can_be_told_to_end() {
    let place = Place::embedded(Some(1));
    let (crew, data) = (Crew::of(2), Data::of(1_000));
    let start = SystemTime::now() + Duration::from_secs(60);
    let start = start.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let mut waiting = crew.begin(&place, &data, 0, &format!("--start-at {start}"));
    waiting.until_said("to begin at");
    assert_eq!(key_counts(place.masters()), [0]);
    waiting.signal("INT");
    let run = waiting.end();
    assert_eq!((run.code, run.record().verdict), (130, Verdict::Interrupted), "{run:?}");
    // Nothing was sent: the same command line can be tried again.
    assert!(!crew.out(0).exists());

    let limited = crew.begin(&place, &data, 0, &format!("--start-at {start} --deadline 500ms")).end();
    assert_eq!(limited.code, 1, "{limited:?}");
    limited.assert_error(&["500ms"]);
}

#[test]
fn nobody_begins_before_the_start() {
    let place = Place::embedded(Some(2));
    let (crew, data) = (Crew::of(2), Data::of(10_000));
    let start = SystemTime::now() + Duration::from_secs(2);
    let at = humantime::format_rfc3339_millis(start).to_string();
    let records = crew.fill_exactly(&place, &data, &format!("--start-at {at}"));
    for record in &records {
        let began = humantime::parse_rfc3339(record.fill_began_at.as_ref().unwrap()).unwrap();
        // The text has milliseconds.
        let early = start.duration_since(began).unwrap_or_default();
        assert!(early < Duration::from_millis(2), "{early:?} {record:?}");
        assert_eq!(record.options.start_at.as_ref(), Some(&at));
    }
    // Going on does not wait for a start that is over.
    assert_eq!(crew.resume(0).code, 0);
}

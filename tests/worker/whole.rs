//! Workers that all come to their end.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use fillbench::results::{Record, Verdict};

use crate::common::{fillbench, key_counts};
use crate::fill::data::Data;
use crate::verify::place::{Place, Verified, everywhere};
use crate::worker::crew::{Crew, all_buckets, buckets, sum_of};

/// A time for `--start-at`, so far ahead.
fn in_seconds(seconds: u64) -> String {
    let start = SystemTime::now() + Duration::from_secs(seconds);
    humantime::format_rfc3339_millis(start).to_string()
}

/// The latency below which this share of all pipelines lies, by the buckets.
fn percentile(buckets: &BTreeMap<u64, u64>, share: f64) -> u64 {
    let wanted = (buckets.values().sum::<u64>() as f64 * share).ceil() as u64;
    let mut seen = 0;
    let reaches = |count: &u64| {
        seen += count;
        seen >= wanted
    };
    let place = buckets.values().position(reaches).unwrap();
    *buckets.keys().nth(place).unwrap()
}

/// Each worker had its part of every master, and proved it by reading it.
fn assert_even(records: &[Record], data: &Data) {
    for record in records {
        assert_eq!(record.account.proven_by.keys().collect::<Vec<_>>(), ["read"]);
        for server in &record.servers {
            let share = data.keys * server.slots / 16384 / records.len() as u64;
            assert!(server.keys.abs_diff(share) <= share / 50 + 2, "{} of {share}: {server:?}", server.keys);
        }
    }
}

everywhere! {
    fn eight_workers_at_once_fill_a_cluster_and_are_merged(place: &Place) {
        let (crew, data) = (Crew::of(8), Data { seed: 7, ..Data::sized(80_003, 40, 100) });
        // What is there goes in a step before, as the refusal of --flush says.
        place.fill(&Data { seed: 3, ..data.clone() }, "");
        place.fill(&Data { keys: 1, ..data.clone() }, "--flush --yes");
        assert_eq!(key_counts(place.masters()).iter().sum::<u64>(), 1);
        let records = crew.fill_exactly(place, &data, &format!("--start-at {}", in_seconds(3)));
        assert_even(&records, &data);
        assert_eq!(key_counts(place.masters()).iter().sum::<u64>(), data.keys);
        place.assert_holds(&data);
        place.verify(&data, "").assert_exact(data.keys);

        let out = crew.folder.path().join("all");
        let merged = crew.merge(&format!("--prove --out {}", out.display()));
        let record = merged.record();
        assert_eq!((merged.code, record.verdict, &record.error), (0, Verdict::Exact, &None), "{merged:?}");
        let account = &record.account;
        assert_eq!((account.planned, account.executed, account.proven), (data.keys, data.keys, data.keys));
        assert_eq!((account.missing, account.wrong, account.suspect), (Some(0), Some(0), 0));
        assert_eq!((record.options.worker_index, record.options.worker_count), (None, Some(8)));
        assert_eq!((record.done.keys, record.done.payload_bytes), (data.keys, data.keys * 140));
        assert_eq!(record.servers.iter().map(|server| server.keys).sum::<u64>(), data.keys);
        assert_eq!(record.servers.len(), place.masters().len());

        // No pipeline is lost or added, in any bucket, and percentiles are those of all.
        let workers = (0..8).map(|index| crew.out(index));
        let all = all_buckets(workers.clone());
        assert_eq!(buckets(&out), all);
        let latency = &record.latency_us;
        assert_eq!(latency.count, all.values().sum::<u64>());
        assert_eq!(latency.p50, percentile(&all, 0.5));
        assert_eq!(latency.p99, percentile(&all, 0.99));
        assert_eq!(Some(&latency.max), all.keys().next_back());
        let keys: u64 = workers.map(|worker| sum_of(&worker.join("intervals.csv"), "keys")).sum();
        assert_eq!(sum_of(&out.join("intervals.csv"), "keys"), keys);

        // One clock: from the first start to the last end.
        let began: Vec<_> = records
            .iter()
            .map(|record| humantime::parse_rfc3339(record.fill_began_at.as_ref().unwrap()).unwrap())
            .collect();
        let ended = records.iter().zip(&began);
        let ended = ended.map(|(record, began)| *began + Duration::from_secs_f64(record.seconds.fill)).max();
        let first = *began.iter().min().unwrap();
        let span = ended.unwrap().duration_since(first).unwrap().as_secs_f64();
        assert!((record.seconds.fill - span).abs() < 1e-3, "{} {span}", record.seconds.fill);
        assert!((record.rates.keys_per_second * span / data.keys as f64 - 1.0).abs() < 1e-2);
        let workers = record.workers.as_ref().unwrap();
        let skew = began.iter().max().unwrap().duration_since(first).unwrap().as_secs_f64();
        assert!((workers.start_skew_seconds - skew).abs() < 1e-3, "{workers:?} {skew}");
        assert!((0.0..=1.0).contains(&workers.overlap_share), "{workers:?}");
        assert_eq!(workers.each.iter().map(|worker| worker.index).collect::<Vec<_>>(), (0..8).collect::<Vec<_>>());
        assert_eq!(workers.each.iter().map(|worker| worker.keys).sum::<u64>(), data.keys);

        // The whole is a run like any other, and a share is verified by itself.
        let from = |folder: &std::path::Path| {
            let words = ["verify".to_owned(), "--json".into(), "--from".into(), folder.display().to_string()];
            Verified::of(fillbench(words).output().unwrap())
        };
        from(&out).assert_exact(data.keys);
        from(&crew.out(3)).assert_exact(records[3].account.planned);
        // Nor is it taken for a worker when it stands beside them.
        assert_eq!(crew.merge("").code, 0);
    }
}

#[test]
fn workers_of_any_number_fill_a_standalone_server_in_any_order() {
    let place = Place::embedded(None);
    let (crew, data) = (Crew::of(3), Data::of(50_001));
    crew.fill_exactly(&place, &data, "--order stride --command set");
    assert_eq!(key_counts(place.masters()), [data.keys]);
    place.assert_holds(&data);
    let merged = crew.merge("");
    assert_eq!((merged.code, merged.record().account.proven), (0, data.keys), "{merged:?}");
    assert!(merged.told.contains("exact: all 50,001 keys are proven"), "{merged:?}");
    assert!(merged.told.contains("workers 3, all at work for"), "{merged:?}");
}

#[test]
fn few_keys_are_shared_out_one_by_one() {
    let place = Place::embedded(Some(3));
    let (crew, data) = (Crew::of(4), Data::of(4));
    let records = crew.fill_exactly(&place, &data, "");
    assert!(records.iter().all(|record| record.account.planned == 1));
    place.assert_holds(&data);
    assert_eq!(crew.merge("--prove").code, 0);
}

#[test]
fn one_worker_alone_has_it_all() {
    let place = Place::embedded(Some(1));
    let (crew, data) = (Crew::of(1), Data::of(10_000));
    crew.fill_exactly(&place, &data, "");
    let merged = crew.merge("--prove");
    let workers = merged.record().workers.clone().unwrap();
    assert_eq!((merged.code, workers.start_skew_seconds, workers.each.len()), (0, 0.0, 1), "{merged:?}");
    assert!(workers.overlap_share > 0.999, "{workers:?}");
}

#[test]
fn what_is_gone_meanwhile_is_found_by_the_proof_alone() {
    let place = Place::embedded(Some(3));
    let (crew, data) = (Crew::of(2), Data::of(20_000));
    crew.fill_exactly(&place, &data, "");
    let key = data.key_in(77);
    place.about(&key, "DEL K");
    place.about(&data.key_in(78), "SET K other");
    assert_eq!(crew.merge("").code, 0);
    let merged = crew.merge("--prove");
    let account = &merged.record().account;
    assert_eq!((merged.code, merged.record().verdict), (3, Verdict::Missing), "{merged:?}");
    assert_eq!((account.missing, account.wrong, account.proven), (Some(1), Some(1), data.keys - 2));
    assert!(merged.told.contains(&key), "{merged:?}");
}

#[test]
fn a_share_is_compared_with_no_other_share_and_with_no_whole() {
    let place = Place::embedded(Some(1));
    let (crew, data) = (Crew::of(2), Data::of(10_000));
    crew.fill_exactly(&place, &data, "");
    let out = crew.folder.path().join("all");
    assert_eq!(crew.merge(&format!("--out {}", out.display())).code, 0);
    for (base, new) in [(crew.out(0), crew.out(1)), (crew.out(0), out)] {
        let output = fillbench(["compare".as_ref(), base.as_os_str(), new.as_os_str()]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{told}");
        assert!(told.contains("worker_"), "{told}");
    }
}

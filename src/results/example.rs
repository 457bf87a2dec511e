//! Records to test reports with: one that went well, one with keys missing, one that never began.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

pub(crate) use super::example_comparison::{compared, compared_alone, compared_apart, compared_live};
use super::{
    Account, Busy, Client, Done, Failure, Findings, Host, Incident, IncidentKind, Interval, Latency,
    LatencyHistogram, LimitedBy, Named, Options, Point, Program, Rates, Record, RefusalCount, Repair,
    Resumed, SCHEMA, SWEEP_SCHEMA, SampleBound, Second, Seconds, Server, Setting, SlotRun, Spread, Sweep,
    Target, Turn, Verdict, Verification, VerifyAsked, VerifySeconds, Workers, new_histogram,
};

const KEYS: u64 = 6_990_507;
const PAYLOAD: u64 = KEYS * 768;

/// Every key is proven; every optional field is there, but for the error.
pub(crate) fn exact() -> Record {
    Record {
        schema: SCHEMA.into(),
        run: "20261120T101112Z-4f2a".into(),
        started_at: "2026-11-20T10:11:12Z".into(),
        program: Program { version: "0.1.0".into() },
        options: options(),
        target: Target {
            kind: "attached".into(),
            mode: "cluster".into(),
            server: "valkey".into(),
            version: "9.1.2".into(),
            masters: 3,
            replicas: 3,
        },
        done: Done {
            command: "MSET".into(),
            order: "slot".into(),
            reply: "off".into(),
            group_keys: 183,
            pipeline_depth: 366,
            window: 2,
            writers: 1,
            threads: 2,
            keys: KEYS,
            payload_bytes: PAYLOAD,
            wire_bytes: PAYLOAD + KEYS * 13,
            slots: Some(vec![SlotRun { first: 0, last: 16383, keys: 426 }]),
        },
        fill_began_at: Some("2026-11-20T10:11:12.345678Z".into()),
        seconds: Seconds { flush: 0.25, fill: 2.5, audit: 0.01, proof: 0.0625, repair: 0.0, total: 2.875 },
        rates: Rates {
            keys_per_second: 2_796_202.8,
            payload_bytes_per_second: 2_147_483_750.4,
            wire_bytes_per_second: 2_183_834_386.8,
            interval_keys_per_second: Spread { min: 2_710_000.0, median: 2_790_000.5, max: 2_880_001.0 },
        },
        latency_us: Latency::from(&histogram()),
        client: Client {
            host: Host {
                cpu_model: "Intel(R) Xeon(R) Processor, \"shared\"".into(),
                cpus: 2,
                memory_bytes: 8 << 30,
                os: "Linux 6.1.0".into(),
            },
            cpu_seconds: 1.62,
            peak_rss_bytes: 44_040_192,
            waiting_share: 0.81,
            pacing_share: 0.0,
        },
        servers: (0..3).map(server).collect(),
        limited_by: LimitedBy::Server,
        limited_by_because:
            "127.0.0.1:7003 was busy for 96% of the time, and the other masters for 90% each; the \
                             busiest of this client's 2 threads was busy for 60% of the time"
                .into(),
        limited_by_cure: Some("nothing but faster servers".into()),
        busy: Busy {
            client_thread: Some(0.6),
            client_thread_delayed: Some(0.0625),
            master: Some(0.96),
            master_delayed: Some(0.03125),
            master_address: Some("127.0.0.1:7003".into()),
            wire: Some(0.125),
            window: Some(0.25),
            processors: Some(0.97),
        },
        account: Account {
            planned: KEYS,
            executed: KEYS,
            acknowledged: Some(KEYS),
            proven: KEYS,
            missing: Some(0),
            wrong: Some(0),
            proven_by: [("count".to_owned(), KEYS)].into(),
            ..Account::default()
        },
        verdict: Verdict::Exact,
        error: None,
        warnings: vec!["at 127.0.0.1:7001, keys are evicted".into()],
        incidents: vec![incident(IncidentKind::SlotsMoved, "slots 0 to 799 went to 127.0.0.1:7003")],
        incidents_left_out: 0,
        resumed: Resumed { times: 1, began_at: Some("2026-11-20T10:01:02Z".into()), keys_before: 0 },
        resume_command: None,
        workers: Some(Workers::example()),
    }
}

/// An incident at one second that was over four seconds later.
pub(crate) fn incident(kind: IncidentKind, text: &str) -> Incident {
    Incident {
        at_seconds: 1.25,
        master: "127.0.0.1:7001".into(),
        kind,
        text: text.into(),
        times: 3,
        suspect_keys: 12_800,
        recovered_seconds: Some(4.5),
    }
}

/// A master ran full in the middle.
pub(crate) fn missing() -> Record {
    let mut record = exact();
    record.verdict = Verdict::Missing;
    record.account = Account {
        planned: KEYS,
        executed: KEYS,
        acknowledged: Some(KEYS - 12_034 - 17),
        proven: KEYS - 12_034 - 17,
        missing: Some(12_034),
        wrong: Some(17),
        suspect: 1_000,
        repaired: 366,
        refused: 67,
        evicted: 1,
        refusals: vec![
            RefusalCount { master: "127.0.0.1:7001".into(), error: "OOM".into(), count: 66 },
            RefusalCount { master: "127.0.0.1:7002".into(), error: "MOVED".into(), count: 1 },
        ],
        proven_by: [("count".to_owned(), 6_978_090), ("read".to_owned(), 366)].into(),
    };
    record.incidents.push(Incident {
        recovered_seconds: None,
        ..incident(IncidentKind::Refused, "OOM command not allowed when used memory > 'maxmemory'.")
    });
    record.incidents_left_out = 7;
    record.error = Some(Failure {
        message: "127.0.0.1:7001 has no room left: 12,034 keys do not fit".into(),
        cure: Some("raise maxmemory there, or fill less with --data".into()),
    });
    record.resumed.keys_before = 366;
    record.resume_command = Some("fillbench --resume results/1".into());
    record
}

/// Nothing answered.
pub(crate) fn failed() -> Record {
    Record {
        target: Target::default(),
        done: Done::default(),
        fill_began_at: None,
        workers: None,
        seconds: Seconds { total: 5.0, ..Seconds::default() },
        rates: Rates::default(),
        latency_us: Latency::default(),
        client: Client { cpu_seconds: 0.0, waiting_share: 0.0, ..exact().client },
        servers: Vec::new(),
        limited_by: LimitedBy::Unknown,
        limited_by_because: String::new(),
        limited_by_cure: None,
        busy: Busy::default(),
        account: Account { planned: KEYS, ..Account::default() },
        verdict: Verdict::Failed,
        resumed: Resumed::default(),
        error: Some(Failure {
            message: "127.0.0.1:7001 did not answer within 5 s".into(),
            cure: Some("start the server, or name another with -h and -p".into()),
        }),
        incidents: Vec::new(),
        ..exact()
    }
}

/// Latencies of 19,101 pipelines.
pub(crate) fn histogram() -> LatencyHistogram {
    let mut histogram = new_histogram();
    (0..19_101).for_each(|i| histogram.saturating_record(180 + i * i % 97 + (i % 1000 / 999) * i / 7));
    histogram
}

/// Two and a half seconds, which sum to [`exact`].
pub(crate) fn seconds() -> Vec<Second> {
    [1.0, 1.0, 0.5].iter().zip([0.0, 1.0, 2.0]).map(|(&length, start)| second(start, length)).collect()
}

fn second(start: f64, length: f64) -> Second {
    let latency = if start == 0.0 { histogram() } else { new_histogram() };
    let part = |port: u64| Interval {
        start_seconds: start,
        seconds: length,
        master: format!("127.0.0.1:{}", 7001 + port),
        keys: (932_067.0 * length) as u64,
        payload_bytes: (932_067.0 * length) as u64 * 768,
        latency_us: Latency::from(&latency),
    };
    let began_at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_327_200_250);
    Second {
        start: Duration::from_secs_f64(start),
        started_at: began_at + Duration::from_secs_f64(start),
        length: Duration::from_secs_f64(length),
        masters: (0..3).map(part).collect(),
        latency,
    }
}

fn options() -> Options {
    Options {
        address: "127.0.0.1:7001".into(),
        tls: false,
        db: 0,
        data_bytes: Some(5 << 30),
        keys: Some(KEYS),
        until_memory: Some("80%".into()),
        force: false,
        key_size: 256,
        value_size: 512,
        key_prefix: "a,\"b\"".into(),
        seed: 42,
        worker_index: Some(1),
        worker_count: Some(2),
        start_at: Some("2026-11-20T10:11:12.000Z".into()),
        preset: Some("balanced".into()),
        pipeline_bytes: Some(512 << 10),
        pipeline_depth: Some(366),
        writers: Some(1),
        window: Some(2),
        command: "auto".into(),
        order: "slot".into(),
        reply: "off".into(),
        wait_replicas: Some(1),
        wait_timeout_seconds: Some(10.0),
        ttl_seconds: Some(3600.0),
        rate_keys_per_second: Some(1e7),
        rate_bytes_per_second: Some(1e10),
        serial: false,
        flush: true,
        warm_up_percent: 10.0,
        threads: Some(2),
        connect_timeout_seconds: 5.0,
        barrier_timeout_seconds: 30.0,
        proof_timeout_seconds: 30.0,
        recovery_timeout_seconds: 60.0,
        flush_timeout_seconds: 300.0,
        deadline_seconds: Some(3600.0),
        address_map: vec!["10.0.0.1=127.0.0.1".into()],
        embedded: Some("3".into()),
        discard: false,
        spawn: Some("3".into()),
        server_binary: Some("valkey-server".into()),
    }
}

fn server(number: u64) -> Server {
    Server {
        address: format!("127.0.0.1:{}", 7001 + number),
        node: format!("{number}").repeat(40),
        version: "valkey 9.1.2".into(),
        slots: 5_461 + number % 2,
        replicas: Some(1),
        replicas_acknowledged: Some(1),
        maxmemory_policy: Some("noeviction".into()),
        maxmemory_bytes: Some(0),
        rss_bytes_before: Some(12 << 20),
        rss_bytes_after: Some(2_150_000_000 + (number << 20)),
        used_bytes_before: Some(2 << 20),
        used_bytes_after: Some(2_050_000_000 + (number << 20)),
        estimated_bytes: Some(2_040_000_000),
        estimated_bytes_per_key: Some(875.5),
        cpu_user_seconds: Some(1.75 + number as f64 / 8.0),
        cpu_system_seconds: Some(0.5),
        keys: KEYS / 3,
        keys_per_second: 932_067.0 + 1000.0 * number as f64,
    }
}

/// Every key of a dataset was looked at, and is right.
pub(crate) fn verified() -> Verification {
    let asked = VerifyAsked {
        address: "127.0.0.1:7001".into(),
        address_map: vec!["10.0.0.1=localhost".into()],
        from: Some("results/1".into()),
        keys: KEYS,
        key_size: 256,
        value_size: 512,
        seed: 1,
        ttl_seconds: Some(3600.0),
        check: "value".into(),
        sample_seed: 1,
        readers: 2,
        threads: 1,
        connect_timeout_seconds: 5.0,
        proof_timeout_seconds: 30.0,
        deadline_seconds: Some(60.0),
        ..VerifyAsked::default()
    };
    Verification {
        target: exact().target,
        found: Findings { planned: KEYS, selected: KEYS, exact: KEYS, ..Findings::default() },
        seconds: VerifySeconds { read: 3.25, repair: 0.0, total: 3.375 },
        keys_per_second: 2_150_925.2,
        verdict: Verdict::Exact,
        ..Verification::new("20261120T101112Z-4f2a".into(), "2026-11-20T10:11:12Z".into(), asked)
    }
}

/// Something is wrong with some keys, and not all could be read.
pub(crate) fn faulty() -> Verification {
    let names =
        |first: u32, count| (first..first + count).map(|key| format!("{{0aZ}}:{key:012}xxxx")).collect();
    let mut record = verified();
    record.found = Findings {
        exact: KEYS - 12_034 - 17 - 2 - 1 - 1000,
        missing: 12_034,
        wrong: 17,
        wrong_type: 2,
        wrong_ttl: 1,
        unread: 1000,
        named: Named {
            missing: names(1, 5),
            wrong: names(100, 5),
            wrong_type: names(200, 2),
            wrong_ttl: vec![format!("{{0aZ}}:{:x<245}", 7)],
        },
        ..record.found
    };
    record.error = Some(Failure {
        message: "1,000 keys could not be read: slot 7 has no owner".into(),
        cure: Some("see what is wrong with the cluster".into()),
    });
    record.settle();
    record
}

/// What was wrong was written again, and is right.
pub(crate) fn repaired() -> Verification {
    let after = verified().found;
    let mut record = Verification { repair: Some(Repair { rewritten: 12_054, after }), ..faulty() };
    record.found.unread = 0;
    record.found.exact += 1000;
    record.seconds.repair = 0.5;
    record.error = None;
    record.settle();
    record
}

/// A hundredth was looked at.
pub(crate) fn sampled() -> Verification {
    let mut record = verified();
    (record.found.selected, record.found.exact) = (69_905, 69_905);
    record.options.sample_percent = Some(1.0);
    record.sample =
        Some(SampleBound { percent: 1.0, seed: 1, confidence: 0.95, inexact_percent_max: 0.004_285_4 });
    record
}

/// Four points, three times each.
pub(crate) fn sweep() -> Sweep {
    let settings = |key_size, command: &str| {
        let command = Setting::Word(command.into());
        let all = [("command", command), ("key_size", Setting::Number(key_size))];
        all.map(|(name, setting)| (name.to_owned(), setting)).into()
    };
    let points = [(64, "set"), (64, "mset"), (256, "set"), (256, "mset")];
    let points =
        (1..).zip(points).map(|(point, (size, command))| Point { point, settings: settings(size, command) });
    let words = |words: [&str; 2]| words.map(|word| Setting::Word(word.into())).to_vec();
    let order = (1..=3).flat_map(|repeat| [3, 1, 4, 2].map(|point| Turn { point, repeat }));
    Sweep {
        schema: SWEEP_SCHEMA.into(),
        sweep: "20261120T101000Z-9c1d".into(),
        started_at: "2026-11-20T10:10:00.250Z".into(),
        program: exact().program,
        host: exact().client.host,
        target: exact().target,
        options: options(),
        grid: BTreeMap::from([
            ("command".into(), words(["set", "mset"])),
            ("key_size".into(), vec![Setting::Number(64), Setting::Number(256)]),
            ("keys".into(), vec![Setting::Number(500_000)]),
        ]),
        repeat: 3,
        warm_up_percent: 10.0,
        shuffle_seed: 42,
        points: points.collect(),
        order: order.collect(),
    }
}

//! Records to test reports with: one that went well, one with keys missing, one that never began.

use std::time::Duration;

use super::{
    Account, Client, Done, Failure, Host, Interval, Latency, LatencyHistogram, LimitedBy, Options, Program,
    Rates, Record, Refusal, SCHEMA, Second, Seconds, Server, Spread, Target, Verdict, new_histogram,
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
        },
        seconds: Seconds { flush: 0.25, fill: 2.5, audit: 0.01, proof: 0.0625, total: 2.875 },
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
        account: Account {
            planned: KEYS,
            executed: KEYS,
            proven: KEYS,
            missing: Some(0),
            wrong: Some(0),
            proven_by: [("count".to_owned(), KEYS)].into(),
            ..Account::default()
        },
        verdict: Verdict::Exact,
        error: None,
        warnings: vec!["at 127.0.0.1:7001, keys are evicted".into()],
    }
}

/// A master ran full in the middle.
pub(crate) fn missing() -> Record {
    let mut record = exact();
    record.verdict = Verdict::Missing;
    record.account = Account {
        planned: KEYS,
        executed: KEYS,
        proven: KEYS - 12_034 - 17,
        missing: Some(12_034),
        wrong: Some(17),
        suspect: 1_000,
        repaired: 366,
        refused: 67,
        evicted: 1,
        refusals: vec![
            Refusal { master: "127.0.0.1:7001".into(), error: "OOM".into(), count: 66 },
            Refusal { master: "127.0.0.1:7002".into(), error: "MOVED".into(), count: 1 },
        ],
        proven_by: [("count".to_owned(), 6_978_090), ("read".to_owned(), 366)].into(),
    };
    record.error = Some(Failure {
        message: "127.0.0.1:7001 has no room left: 12,034 keys do not fit".into(),
        cure: Some("raise maxmemory there, or fill less with --data".into()),
    });
    record
}

/// Nothing answered.
pub(crate) fn failed() -> Record {
    Record {
        target: Target::default(),
        done: Done::default(),
        seconds: Seconds { total: 5.0, ..Seconds::default() },
        rates: Rates::default(),
        latency_us: Latency::default(),
        client: Client { cpu_seconds: 0.0, waiting_share: 0.0, ..exact().client },
        servers: Vec::new(),
        limited_by: LimitedBy::Unknown,
        account: Account { planned: KEYS, ..Account::default() },
        verdict: Verdict::Failed,
        error: Some(Failure {
            message: "127.0.0.1:7001 did not answer within 5 s".into(),
            cure: Some("start the server, or name another with -h and -p".into()),
        }),
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
    Second {
        start: Duration::from_secs_f64(start),
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
        key_size: 256,
        value_size: 512,
        key_prefix: "a,\"b\"".into(),
        seed: 42,
        pipeline_depth: Some(366),
        writers: Some(1),
        window: Some(2),
        command: "auto".into(),
        order: "slot".into(),
        reply: "off".into(),
        ttl_seconds: Some(3600.0),
        rate_keys_per_second: Some(1e7),
        rate_bytes_per_second: Some(1e10),
        serial: false,
        flush: true,
        threads: Some(2),
        connect_timeout_seconds: 5.0,
        barrier_timeout_seconds: 30.0,
        proof_timeout_seconds: 30.0,
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
        maxmemory_policy: Some("noeviction".into()),
        maxmemory_bytes: Some(0),
        rss_bytes_before: Some(12 << 20),
        rss_bytes_after: Some(2_150_000_000 + (number << 20)),
        used_bytes_before: Some(2 << 20),
        used_bytes_after: Some(2_050_000_000 + (number << 20)),
        cpu_user_seconds: Some(1.75 + number as f64 / 8.0),
        cpu_system_seconds: Some(0.5),
        keys: KEYS / 3,
        keys_per_second: 932_067.0 + 1000.0 * number as f64,
    }
}

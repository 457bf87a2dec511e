//! What a run leaves for others to read: one valid document, tables that agree with it, and nothing
//! else on stdout.

use std::collections::BTreeSet;
use std::path::Path;

use fillbench::results::{Record, Verdict};
use fillbench::target::Layout;
use serde_json::Value;

use crate::common::{Server, at, on_each_server};
use crate::fill::data::Data;
use crate::fill::run::begin;
use crate::fill::site::Site;

/// Names that others may build on.
const NAMES: [&str; 31] = [
    "/schema",
    "/options/keys",
    "/target/mode",
    "/rates/keys_per_second",
    "/rates/payload_bytes_per_second",
    "/latency_us/p50",
    "/latency_us/p90",
    "/latency_us/p99",
    "/latency_us/p99_9",
    "/latency_us/max",
    "/client/cpu_seconds",
    "/client/peak_rss_bytes",
    "/servers/0/address",
    "/servers/0/version",
    "/servers/0/keys",
    "/limited_by",
    "/limited_by_because",
    "/busy/client_thread",
    "/busy/master",
    "/account/planned",
    "/account/executed",
    "/account/proven",
    "/account/missing",
    "/account/wrong",
    "/account/suspect",
    "/account/repaired",
    "/account/refused",
    "/account/evicted",
    "/verdict",
    "/error",
    "/seconds/fill",
];

fn is_near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

/// The rows of a table, each cell under its column's name.
fn table(path: &Path) -> Vec<Vec<(String, String)>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let columns = reader.headers().unwrap().clone();
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| columns.iter().zip(row.iter()).map(|(c, v)| (c.into(), v.into())).collect()).collect()
}

fn cell<'a>(row: &'a [(String, String)], column: &str) -> &'a str {
    &row.iter().find(|(name, _)| name == column).unwrap_or_else(|| panic!("no {column}")).1
}

fn sum(rows: &[Vec<(String, String)>], column: &str) -> u64 {
    rows.iter().map(|row| cell(row, column).parse::<u64>().unwrap()).sum()
}

/// Figures that follow from each other.
fn assert_consistent(record: &Record) {
    let Record { seconds, rates, done, account, servers, latency_us, .. } = record;
    assert!(is_near(done.keys as f64 / seconds.fill, rates.keys_per_second), "{record:?}");
    assert!(is_near(done.payload_bytes as f64 / seconds.fill, rates.payload_bytes_per_second), "{record:?}");
    assert!(is_near(done.wire_bytes as f64 / seconds.fill, rates.wire_bytes_per_second), "{record:?}");
    assert!(done.wire_bytes > done.payload_bytes, "{record:?}");
    assert_eq!(done.keys, account.executed);
    assert_eq!(servers.iter().map(|server| server.keys).sum::<u64>(), account.executed);
    assert!(seconds.flush + seconds.fill + seconds.proof <= seconds.total, "{record:?}");
    let percentiles = [latency_us.p50, latency_us.p90, latency_us.p99, latency_us.p99_9, latency_us.max];
    assert!(percentiles.is_sorted() && percentiles[0] > 0, "{record:?}");
    assert!(record.client.peak_rss_bytes > 0 && record.client.cpu_seconds > 0.0, "{record:?}");
    assert!(servers.iter().all(|server| server.replicas == Some(0) && server.used_bytes_after.is_some()));
}

on_each_server! {
    async fn stdout_is_one_document_with_every_name(server: &Server) {
        let site = Site::start(server, Layout::shares(&[2, 5, 1])).await;
        let run = site.fill(&Data::of(30_000), "--pipeline-depth 50 --command set --threads 2");
        let record = run.assert_exact();
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        for name in NAMES {
            assert!(document.pointer(name).is_some(), "no {name} in {document}");
        }
        assert_eq!(document["schema"], "fillbench.run/1");
        assert_eq!(document["verdict"], "exact");
        assert_eq!(serde_json::to_value(&record).unwrap(), document, "there is more than a record has");
        assert_eq!((record.options.keys, record.options.pipeline_depth), (Some(30_000), Some(50)));
        assert_eq!((record.options.window, record.options.threads), (None, Some(2)));
        assert_eq!((&*record.target.kind, &*record.target.mode), ("attached", "cluster"));
        let slots: u64 = record.servers.iter().map(|server| server.slots).sum();
        assert_eq!((slots, record.target.masters, record.servers.len()), (16_384, 3, 3));
        assert_consistent(&record);
    }

    async fn files_agree_with_the_document(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let folder = tempfile::tempdir().unwrap();
        let (out, all) = (folder.path().join("a/b"), folder.path().join("all.csv"));
        let args = format!("--out {} --csv {} --rate 20000", out.display(), all.display());
        let data = Data::of(30_000);
        let run = site.fill(&data, &args);
        let record = run.assert_exact();
        assert_consistent(&record);
        assert_eq!(std::fs::read_to_string(out.join("run.json")).unwrap(), run.stdout);
        let files = std::fs::read_dir(&out).unwrap().map(|file| file.unwrap().file_name());
        let files: BTreeSet<_> = files.collect();
        let expected = ["intervals.csv", "journal.log", "latency.csv", "latency.hlog", "run.json", "runs.csv"];
        assert_eq!(files, expected.map(Into::into).into());

        let [row] = &table(&out.join("runs.csv"))[..] else { panic!("not one row") };
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        for (column, name) in [
            ("run", "/run"),
            ("verdict", "/verdict"),
            ("keys", "/done/keys"),
            ("payload_bytes", "/done/payload_bytes"),
            ("pipeline_depth", "/done/pipeline_depth"),
            ("latency_us_p99_9", "/latency_us/p99_9"),
            ("account_proven", "/account/proven"),
            ("account_missing", "/account/missing"),
            ("seed", "/options/seed"),
            ("asked_keys", "/options/keys"),
            ("target_server", "/target/server"),
        ] {
            let value = document.pointer(name).unwrap();
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assert_eq!(cell(row, column), value, "{column}");
        }
        let Record { rates, seconds, .. } = &record;
        for (column, value) in [("keys_per_second", rates.keys_per_second), ("seconds_fill", seconds.fill)] {
            assert!(is_near(cell(row, column).parse().unwrap(), value), "{column} beside {value}");
        }
        assert_eq!(table(&all), std::slice::from_ref(row));

        let intervals = table(&out.join("intervals.csv"));
        assert_eq!(sum(&intervals, "keys"), data.keys);
        assert_eq!(sum(&intervals, "latency_us_count"), record.latency_us.count);
        assert!(intervals.len() >= 2, "{intervals:?}");
        assert_eq!(sum(&table(&out.join("latency.csv")), "count"), record.latency_us.count);

        // A folder is one run's; a table takes more.
        let used = site.fill(&data, &args);
        assert_eq!((used.code, used.record().verdict), (1, Verdict::Failed), "{used:?}");
        used.assert_error(&["is not empty", "--out"]);
        let second = site.fill(&data, &format!("--csv {}", all.display())).assert_exact();
        let rows = table(&all);
        assert_eq!(rows.iter().map(|row| cell(row, "run")).collect::<Vec<_>>(), [&record.run, &second.run]);
    }

    async fn a_run_that_failed_is_a_document_too(server: &Server) {
        let mut site = Site::start(server, Layout::Standalone).await;
        let address = site.masters()[0];
        site.servers.kill(0);
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let mut args = Data::of(100).args();
        args.extend(at(address));
        args.extend(["--json", "--out", out.to_str().unwrap()].map(Into::into));
        let run = begin(&args, &[]).end();
        let record = run.record();
        assert_eq!((run.code, record.verdict), (1, Verdict::Failed), "{run:?}");
        run.assert_error(&[&address.to_string(), "refused"]);
        assert_eq!((record.account.executed, record.account.missing), (0, None), "{run:?}");
        assert!(!out.exists(), "a run that never began can be tried again with the same command line");
    }
}

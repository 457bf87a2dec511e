//! Every way to fill ends with every key, and nothing else.

use std::time::Duration;

use fillbench::target::Layout;

use crate::common::{Server, ask, connect, on_each_server};
use crate::fill::data::Data;
use crate::fill::site::Site;

/// A small cluster whose masters own very different numbers of slots.
const UNEVEN: [u32; 3] = [1, 6, 2];

/// Ways to send the same keys, with what the record should say of them: the command, the order, the
/// replies, the writers of each master.
const WAYS: [(&str, [&str; 3], u64); 17] = [
    ("", ["MSET", "slot", "off"], 1),
    ("--command set", ["SET", "slot", "off"], 1),
    ("--command mset", ["MSET", "slot", "off"], 1),
    ("--order stride", ["SET", "stride", "off"], 1),
    ("--reply on", ["MSET", "slot", "on"], 1),
    ("--reply on --command set --pipeline-depth 100", ["SET", "slot", "on"], 1),
    ("--writers 3", ["MSET", "slot", "off"], 3),
    ("--writers 3 --order stride --window 1", ["SET", "stride", "off"], 3),
    ("--window 1", ["MSET", "slot", "off"], 1),
    ("--pipeline-depth 1", ["MSET", "slot", "off"], 1),
    ("--pipeline-depth 7", ["MSET", "slot", "off"], 1),
    ("--pipeline-depth 2000 --command set", ["SET", "slot", "off"], 1),
    ("--pipeline-depth 100000", ["MSET", "slot", "off"], 1),
    ("--pipeline-depth 1 --window 1 --command set", ["SET", "slot", "off"], 1),
    ("--serial", ["MSET", "slot", "off"], 1),
    ("--threads 3 --writers 2", ["MSET", "slot", "off"], 2),
    ("--flush --yes", ["MSET", "slot", "off"], 1),
];

on_each_server! {
    async fn on_any_number_of_masters(server: &Server) {
        let seven = Layout::shares(&[1, 9, 2, 2, 4, 3, 1]);
        let layouts = [Layout::Standalone, Layout::even(1), Layout::shares(&UNEVEN), seven];
        let [a, b, c, d] = layouts.map(|layout| Site::start(server, layout));
        let (a, b, c, d) = tokio::join!(a, b, c, d);
        for site in [a, b, c, d] {
            for keys in [1, 5, 16_383, 50_001] {
                site.empty();
                let run = site.fill(&Data::of(keys), "");
                let record = run.assert_exact();
                site.assert_holds(&Data::of(keys), &run.what);
                assert_eq!(record.target.masters, site.masters().len() as u64, "{run:?}");
                assert_eq!(record.target.server, server.name, "{run:?}");
                assert_eq!(record.account.proven_by.get("count"), Some(&keys), "{run:?}");
            }
        }
    }

    async fn whatever_way_they_are_sent(server: &Server) {
        let site = Site::start(server, Layout::shares(&UNEVEN)).await;
        let data = Data::of(40_000);
        for (args, [command, order, reply], writers) in WAYS {
            site.empty();
            let run = site.fill(&data, args);
            let record = run.assert_exact();
            let done = &record.done;
            assert_eq!([&done.command, &done.order, &done.reply], [command, order, reply], "{run:?}");
            assert_eq!(done.writers, writers, "{run:?}");
            site.assert_holds(&data, args);
        }
    }

    async fn with_keys_and_values_of_any_size(server: &Server) {
        let site = Site::start(server, Layout::shares(&UNEVEN)).await;
        let mut all: Vec<Data> = [0, 1, 7, 8, 9, 1000].map(|size| Data::sized(20_000, 20, size)).into();
        all.extend([
            Data::sized(400, 32, 65_535),
            Data::sized(400, 32, 65_536),
            Data::sized(400, 32, 70 << 10),
            Data::sized(3, 32, 40 << 20),
            Data::sized(20_000, 7, 8),
            Data::sized(20_000, 8, 0),
            Data::sized(300, 65_536, 16),
            Data { prefix: "a:b}c ", ..Data::sized(20_000, 40, 40) },
            Data { prefix: "schlüssel-", ..Data::sized(20_000, 18, 40) },
        ]);
        for data in all {
            // The last key of a pipeline and of a slot is where large values end in the middle of things.
            for args in ["", "--command set --pipeline-depth 3 --writers 2"] {
                // The largest take long: one way will do.
                if data.value_size > 32 << 20 && !args.is_empty() {
                    continue;
                }
                site.empty();
                let run = site.fill(&data, args);
                let record = run.assert_exact();
                let payload_bytes = data.keys * (data.key_size + data.value_size);
                assert_eq!(record.done.payload_bytes, payload_bytes, "{run:?}");
                site.assert_holds(&data, &run.what);
            }
        }
    }

    /// As one that an earlier fill gave less, where a write of this one was refused in silence.
    async fn a_key_with_less_to_live_than_it_was_given_is_written_again(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let running = site.begin_slowly(&Data::sized(5_000, 32, 64), 2_500, "--ttl 1000");
        let at = site.masters()[0];
        let key: String = ask(at, "RANDOMKEY");
        assert_eq!(ask::<u64>(at, &format!("PEXPIRE {key} 20000")), 1);
        running.end().assert_exact();
        let left: i64 = ask(at, &format!("PTTL {key}"));
        assert!(left > 900_000, "{key} has {left} ms left");
    }

    async fn with_a_time_to_live(server: &Server) {
        let site = Site::start(server, Layout::shares(&UNEVEN)).await;
        for value_size in [0, 64] {
            let data = Data::sized(5_000, 32, value_size);
            let run = site.fill(&data, "--ttl 1000");
            let record = run.assert_exact();
            assert_eq!(record.account.proven_by.get("read"), Some(&data.keys), "{run:?}");
            assert_eq!(record.options.ttl_seconds, Some(1000.0));
            site.assert_holds(&data, &run.what);
            for (owner, slots) in site.slots_of() {
                let mut pipe = redis::pipe();
                for position in data.positions(&slots) {
                    pipe.cmd("PTTL").arg(data.spec().shape().key(position));
                }
                let left: Vec<i64> = pipe.query(&mut connect(owner)).unwrap();
                assert!(left.iter().all(|ms| (900_000..=1_000_000).contains(ms)), "{run:?}");
            }
            // Keys that are there without one are not what was promised.
            site.fill(&data, "").assert_exact();
            let left: i64 = ask(site.masters()[0], &format!("PTTL {}", data.key_in(0)));
            assert_eq!(left, -1);
            site.fill(&data, "--ttl 1000").assert_exact();
        }
    }

    async fn no_faster_than_the_rate_allows(server: &Server) {
        let site = Site::start(server, Layout::shares(&UNEVEN)).await;
        let data = Data::of(20_000);
        // Half a second of keys, less a pipeline that was let through at the start and need not be paid for.
        for args in ["40000", "3.84MB", "40000 --order stride", "40000 --serial"] {
            site.empty();
            let run = site.fill(&data, &format!("--rate {args}"));
            let record = run.assert_exact();
            assert!(record.seconds.fill > 0.4, "{run:?}");
            assert!(record.rates.keys_per_second < 50_000.0, "{run:?}");
            site.assert_holds(&data, args);
        }
    }

    async fn one_master_after_another(server: &Server) {
        let site = Site::start(server, Layout::even(3)).await;
        let run = site.fill(&Data::of(60_000), "--serial");
        let record = run.assert_exact();
        assert_eq!((record.done.writers, record.done.window), (1, 1));
        // Had they overlapped, their times together would be longer than the whole.
        let each: f64 = record.servers.iter().map(|server| server.keys as f64 / server.keys_per_second).sum();
        assert!(each <= record.seconds.fill, "{each} in {run:?}");
    }

    async fn a_barrier_after_so_many_keys(server: &Server) {
        let site = Site::start(server, Layout::shares(&UNEVEN)).await;
        let data = Data::of(10_000);
        for depth in [1, 7, 2_000] {
            let record = site.fill(&data, &format!("--pipeline-depth {depth}")).assert_exact();
            let pipelines: u64 = record.servers.iter().map(|server| server.keys.div_ceil(depth)).sum();
            assert_eq!((record.done.pipeline_depth, record.latency_us.count), (depth, pipelines));
        }
    }

    async fn nothing_is_deleted_without_consent(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let (old, new) = (Data::of(100), Data { prefix: "new", ..Data::of(50) });
        site.fill(&old, "--flush").assert_exact();
        let refused = site.fill(&new, "--flush");
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains("--yes") && refused.stderr.contains("100 keys"), "{refused:?}");
        assert!(refused.took < Duration::from_secs(10));
        site.assert_holds(&old, "refused");
        site.fill(&new, "--flush --yes").assert_exact();
        site.assert_holds(&new, "flushed");
    }

    async fn into_the_database_that_was_named(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let (zero, three) = (Data::of(100), Data::of(20_000));
        let in_three = || {
            let mut connection = connect(site.masters()[0]);
            redis::cmd("SELECT").arg(3).exec(&mut connection).unwrap();
            redis::cmd("DBSIZE").query::<u64>(&mut connection).unwrap()
        };
        site.fill(&zero, "").assert_exact();
        site.fill(&three, "-n 3").assert_exact();
        assert_eq!(in_three(), three.keys);
        site.assert_holds(&zero, "beside another database");
        site.fill(&zero, "-n 3 --flush --yes").assert_exact();
        assert_eq!(in_three(), zero.keys);
        site.assert_holds(&zero, "beside a database that was emptied");
    }
}

//! Masters whose memory is full: those that refuse writes, and those that make room.

use fillbench::target::Layout;

use crate::common::{Server, ask, on_each_server};
use crate::fill::data::Data;
use crate::fill::site::{Site, truth_at};

on_each_server! {
    async fn a_refused_overwrite_leaves_the_old_value_and_is_told(server: &Server) {
        let site = Site::start(server, Layout::shares(&[2, 5, 1])).await;
        let (old, theirs) = (Data::of(20_000), Data { prefix: "theirs", ..Data::of(500) });
        site.fill(&old, "").assert_exact();
        site.fill(&theirs, "").assert_exact();
        let used = site.info(1, "used_memory");
        ask::<String>(site.masters()[1], &format!("CONFIG SET maxmemory {}", used / 2));
        // Only wrong: every key is there already. Then missing, too.
        for new in [old.seeded(2), Data::of(30_000).seeded(3)] {
            let run = site.fill(&new, "--force");
            let truth = site.truth(&new);
            let record = run.assert_inexact(truth);
            assert!(truth.wrong > 0 && (truth.missing > 0) == (new.keys > old.keys), "{run:?}");
            run.assert_error(&["OOM", &site.named(1), "maxmemory"]);
            assert!(record.account.refused > 0, "{run:?}");
            let refusals: Vec<_> = record.account.refusals.iter().map(|r| (&*r.master, &*r.error)).collect();
            assert_eq!(refusals, [(&*site.named(1), "OOM")], "{run:?}");
            // Every key has its old value or its new one, and the full master has no new ones.
            let mut full = site.slots_of();
            full.retain(|owner, _| *owner == site.masters()[1]);
            let (of_new, of_old) = (truth_at(&new, &full), truth_at(&old, &full));
            assert_eq!((of_new.exact, of_old.missing, of_old.wrong), (0, 0, 0), "{run:?}");
            assert_eq!(site.truth(&theirs).exact, theirs.keys);
        }
    }

    async fn a_master_that_runs_full_in_the_middle_is_told(server: &Server) {
        let site = Site::start(server, Layout::shares(&[2, 5, 1])).await;
        for args in ["--command set", "--command mset", "--reply on", "--order stride --writers 2"] {
            site.empty();
            let data = Data::of(40_000);
            let running = site.begin_slowly(&data, 20_000, args);
            ask::<String>(site.masters()[1], "CONFIG SET maxmemory 1");
            let run = running.end();
            let record = run.assert_inexact(site.truth(&data));
            run.assert_error(&["OOM", &site.named(1)]);
            // It ends when it knows, and does not send the rest for nothing.
            assert!(record.account.executed < data.keys, "{run:?}");
            assert!(record.account.proven >= data.keys / 4, "{run:?}");
            ask::<String>(site.masters()[1], "CONFIG SET maxmemory 0");
            site.fill(&data, "").assert_exact();
        }
    }

    async fn evicted_keys_are_missed(server: &Server) {
        let args = ["--maxmemory", "12mb", "--maxmemory-policy", "allkeys-lru"];
        let site = Site::start_with(server, Layout::Standalone, &args).await;
        let data = Data::sized(30_000, 512, 512);
        // As fast as can be, and slowly enough to be noticed in the middle.
        for args in ["--force", "--force --rate 9000"] {
            site.empty();
            let before = site.info(0, "evicted_keys");
            let run = site.fill(&data, args);
            let record = run.record();
            let account = &record.account;
            // If keys go while they are looked at, too, some stay suspect.
            assert!(matches!((run.code, account.suspect), (3, 0) | (1, 1..)), "{run:?}");
            assert!(account.evicted > 0 && account.missing > Some(0), "{run:?}");
            assert!(account.evicted <= site.info(0, "evicted_keys") - before, "{run:?}");
            assert!(run.stderr.contains("allkeys-lru"), "{run:?}");
            // Looking at keys may cost others their place: what is there now was there before.
            assert!(account.proven >= site.truth(&data).exact, "{run:?}");
            let sum = account.proven + account.missing.unwrap() + account.wrong.unwrap() + account.suspect;
            assert_eq!(sum, data.keys, "{run:?}");
            if args.contains("rate") {
                assert!(account.executed < data.keys, "{run:?}");
                run.assert_error(&["evicted", &site.named(0)]);
            }
        }
        // What fits is exact.
        site.empty();
        site.fill(&Data::sized(2_000, 512, 512), "").assert_exact();
    }
}

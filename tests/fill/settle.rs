//! What is short after the sending is written again where it belongs, as long as that leads anywhere; and what
//! counts have proven is not read for it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use fillbench::results::{IncidentKind, Verdict};
use fillbench::target::Layout;

use crate::common::{Server, ask, eventually, key_counts, on_each_server};
use crate::fill::data::Data;
use crate::fill::site::Site;

on_each_server! {
    async fn what_was_refused_is_read_and_the_rest_counted(server: &Server) {
        let site = Site::start(server, Layout::even(3)).await;
        let data = Data::of(60_000);
        for args in ["--command set", "--command mset"] {
            site.empty();
            // One pipeline: only its last write is answered, and that one is taken.
            let running = site.begin_slowly(&data, 30_000, &format!("--pipeline-depth 60000 {args}"));
            let rejected = || {
                let stats: String = ask(site.masters()[1], "INFO commandstats");
                let lines = stats.lines().filter(|line| line.starts_with("cmdstat_set:") || line.starts_with("cmdstat_mset:"));
                lines.filter_map(|line| line.split_once("rejected_calls=")?.1.split(',').next()?.parse::<u64>().ok()).sum::<u64>()
            };
            let before = rejected();
            ask::<String>(site.masters()[1], "CONFIG SET min-replicas-to-write 1");
            eventually(&true, || rejected() > before);
            ask::<String>(site.masters()[1], "CONFIG SET min-replicas-to-write 0");
            let run = running.end();
            let account = run.assert_mended().account;
            site.assert_holds(&data, args);
            assert!(account.refused > 0 && account.repaired > 0, "{run:?}");
            assert_eq!(account.executed, data.keys, "{run:?}");
            // Slots have 3 or 4 keys: none of another slot was read.
            let read = account.proven_by["read"];
            assert!(account.repaired <= read && read <= 4 * account.repaired, "{run:?}");
            assert!(account.proven_by["count"] >= data.keys * 2 / 3, "{run:?}");
        }
    }

    async fn a_slot_that_is_left_half_moved(server: &Server) {
        let site = Site::start(server, Layout::even(3)).await;
        let data = Data::of(16_384 * 6);
        let slot = site.slots_of()[&site.masters()[0]][7];
        let [from, to]: [String; 2] = [0, 1].map(|master| ask(site.masters()[master], "CLUSTER MYID"));
        ask::<String>(site.masters()[1], &format!("CLUSTER SETSLOT {slot} IMPORTING {from}"));
        ask::<String>(site.masters()[0], &format!("CLUSTER SETSLOT {slot} MIGRATING {to}"));
        for args in ["--command set", "--command mset"] {
            let run = site.fill(&data, args);
            let account = run.assert_mended().account;
            // All of its keys are where it goes, because none was there before: every write was sent on.
            let counts = [0, 1].map(|m| ask::<u64>(site.masters()[m], &format!("CLUSTER COUNTKEYSINSLOT {slot}")));
            assert_eq!(counts, [0, 6], "{run:?}");
            assert!(account.repaired == 6 || args.ends_with("mset"), "{run:?}");
        }
        for (master, state) in [(1, &to), (0, &to)] {
            ask::<String>(site.masters()[master], &format!("CLUSTER SETSLOT {slot} NODE {state}"));
        }
        eventually(&true, || site.slots_of()[&site.masters()[1]].contains(&slot));
        site.assert_holds(&data, "the move is over");
    }

    async fn a_client_that_keeps_deleting_is_not_fought_for_ever(server: &Server) {
        let site = Site::start(server, Layout::even(2)).await;
        let (data, over) = (Data::of(20_000), AtomicBool::new(false));
        let key = data.key_in(site.slots_of()[&site.masters()[1]][0]);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut stream = TcpStream::connect(site.masters()[1]).unwrap();
                // So many at a time that the server always has some to execute, whoever is held up meanwhile.
                let batch = format!("DEL {key}\r\n").repeat(500);
                stream.write_all(b"CLIENT REPLY OFF\r\n").unwrap();
                while !over.load(Relaxed) {
                    stream.write_all(batch.as_bytes()).unwrap();
                }
                // When this is answered, all of them are executed.
                stream.write_all(b"CLIENT REPLY ON\r\n").unwrap();
                stream.read_exact(&mut [0; 5]).unwrap();
            });
            let run = site.fill(&data, "--recovery-timeout 2s");
            over.store(true, Relaxed);
            let record = run.record();
            assert_eq!((run.code, record.verdict), (3, Verdict::Missing), "{run:?}");
            assert_eq!((record.account.missing, record.account.proven), (Some(1), data.keys - 1), "{run:?}");
            assert!(record.account.repaired > 1, "{run:?}");
            run.assert_error(&["nothing got better for 2s", "another client", "--recovery-timeout"]);
            assert!(run.took < Duration::from_secs(30), "{run:?}");
        });
        // Left alone, it is there in the end.
        site.fill(&data, "").assert_exact();
    }

    async fn what_happens_while_it_is_proven_is_told(server: &Server) {
        let site = Site::start(server, Layout::even(2)).await;
        let data = Data::of(16_384);
        let [from, to] = [site.masters()[0], site.masters()[1]];
        let slot = site.slots_of()[&from][7];
        // It goes where nobody expects it: until that is over, its keys are neither here nor there.
        ask::<String>(from, &format!("CLUSTER SETSLOT {slot} MIGRATING {}", ask::<String>(to, "CLUSTER MYID")));
        let mut running = site.begin(&data, "");
        running.until_said("proving");
        let held: u64 = ask(to, "DBSIZE");
        ask::<String>(to, "FLUSHALL SYNC");
        running.until(|| ask::<u64>(to, "DBSIZE") == held);
        ask::<String>(from, &format!("CLUSTER SETSLOT {slot} STABLE"));
        let record = running.end().assert_survived(IncidentKind::Flushed);
        let flushed = record.incidents.iter().find(|incident| incident.kind == IncidentKind::Flushed).unwrap();
        assert_eq!((&flushed.master, &*flushed.text), (&site.named(1), "somebody called flushall"), "{flushed:?}");
        assert_eq!(flushed.suspect_keys, held, "{flushed:?}");
        site.assert_holds(&data, "somebody emptied one");
    }

    /// All that it holds goes when it has copied its new master.
    async fn a_server_that_became_a_replica_proves_nothing(server: &Server) {
        let site = Site::start(server, Layout::Standalone).await;
        let data = Data::of(40_000);
        site.fill(&data, "").assert_exact();
        let received = || site.info(0, "total_net_input_bytes");
        let before = received();
        // Every key is there already, and what is not taken any more is not missed.
        let mut running = site.begin(&data, "--rate 30000 --recovery-timeout 1s");
        running.until(|| received() > before + (1 << 20));
        ask::<String>(site.masters()[0], "REPLICAOF 127.0.0.1 1");
        let run = running.end();
        let record = run.record();
        assert_eq!((run.code, record.verdict), (1, Verdict::Failed), "{run:?}");
        assert_eq!((record.account.proven, record.account.suspect), (0, data.keys), "{run:?}");
        assert!(record.incidents.iter().any(|incident| incident.kind == IncidentKind::RoleChanged), "{run:?}");
        assert_eq!(site.truth(&data).exact, data.keys);
    }

    async fn a_user_who_may_not_count_is_served_as_well(server: &Server) {
        let site = Site::start(server, Layout::even(2)).await;
        let data = Data::of(30_000);
        site.tell_all("ACL SETUSER filler on >pw ~* +@all -info -cluster|countkeysinslot");
        let running = site.begin_slowly(&data, 30_000, "--user filler -a pw");
        ask::<String>(site.masters()[1], "FLUSHALL SYNC");
        let run = running.end();
        let account = run.assert_mended().account;
        assert_eq!(account.proven_by, [("read".into(), data.keys)].into(), "{run:?}");
        assert!(account.repaired > 0, "{run:?}");
        assert!(run.stderr.contains("every key will be proven by reading it"), "{run:?}");
        site.assert_holds(&data, "without INFO");
    }

    async fn a_refusal_that_is_over_in_time(server: &Server) {
        let site = Site::start(server, Layout::even(2)).await;
        let data = Data::of(20_000);
        ask::<String>(site.masters()[0], "CONFIG SET min-replicas-to-write 1");
        let mut running = site.begin(&data, "");
        // The other master has all that it should have, and this one is asked again and again.
        let of_other = data.positions(&site.slots_of()[&site.masters()[1]]).len() as u64;
        running.until(|| key_counts(site.masters()) == [0, of_other]);
        ask::<String>(site.masters()[0], "CONFIG SET min-replicas-to-write 0");
        let run = running.end();
        run.assert_mended();
        site.assert_holds(&data, "over in time");
    }

    async fn what_ends_the_waiting_leaves_what_is_known(server: &Server) {
        let mut site = Site::start(server, Layout::even(3)).await;
        let (data, alive) = (Data::of(40_000), {
            let mut slots = site.slots_of();
            slots.remove(&site.masters()[2]);
            slots
        });
        let mut running = site.begin_slowly(&data, 20_000, "--recovery-timeout 5s");
        site.servers.kill(2);
        let there = data.positions(&alive.values().flatten().copied().collect::<Vec<_>>()).len() as u64;
        // When it is of no use to send any more, it looks, again and again, for what only the dead one has.
        running.until_said("proving");
        let asked = || (0..2).map(|master| site.info(master, "total_connections_received")).sum::<u64>();
        let before = asked();
        // Who counts them makes some, too.
        let mut own = 0;
        running.until(|| {
            own += 2;
            asked() > before + own + 10
        });
        running.signal("INT");
        let run = running.end();
        let account = run.record().account;
        assert_eq!((run.code, run.record().verdict), (130, Verdict::Interrupted), "{run:?}");
        assert_eq!((account.missing, account.wrong), (Some(0), Some(0)), "{run:?}");
        assert_eq!((account.proven, account.suspect), (there, data.keys - there), "{run:?}");
    }

    async fn a_master_that_comes_back_in_time(server: &Server) {
        let mut site = Site::start(server, Layout::even(3)).await;
        let data = Data::of(40_000);
        let slots_of = site.slots_of();
        let alive = site.masters()[..2].to_vec();
        let there = alive.iter().map(|owner| data.positions(&slots_of[owner]).len() as u64);
        let there: Vec<u64> = there.collect();
        let mut running = site.begin_slowly(&data, 20_000, "");
        site.servers.kill(2);
        running.until(|| key_counts(&alive) == there);
        site.servers.restart(2).await.unwrap();
        let run = running.end();
        run.assert_mended();
        site.assert_holds(&data, "it came back");
    }
}

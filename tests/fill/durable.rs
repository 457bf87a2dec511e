//! `--wait-replicas`: what is counted is on so many replicas, whatever happens to the master; and without
//! it, how many replicas had everything in the end is told. Replicas are read by a client that is none of ours.

use std::net::SocketAddr;

use fillbench::results::{IncidentKind, Verdict};
use fillbench::target::{Layout, Spawn};

use crate::common::{Server, ask, connect, key_counts, on_each_server};
use crate::fill::data::Data;
use crate::fill::site::Site;

/// So many fills are tried until a replica has everything in time.
const FILLS_AT_MOST: usize = 5;

/// Masters with one replica each.
async fn start(server: &Server, masters: u16) -> Site {
    let spawn = Spawn { replicas: 1, ..server.spawn(Layout::even(masters)) };
    Site { name: server.name, servers: spawn.start().await.unwrap() }
}

/// How many keys of a dataset some nodes hold with their values, in whatever slots: replicas show them, too.
fn held(data: &Data, nodes: &[SocketAddr]) -> u64 {
    let (spec, values) = (data.spec(), data.values());
    let mut held = 0;
    for &node in nodes {
        let mut connection = connect(node);
        redis::cmd("READONLY").query::<()>(&mut connection).unwrap();
        for batch in data.positions(&(0..16384).collect::<Vec<_>>()).chunks(2_000) {
            let mut pipe = redis::pipe();
            pipe.ignore_errors();
            batch.iter().for_each(|&position| {
                pipe.get(spec.shape().key(position));
            });
            let found: Vec<redis::Value> = pipe.query(&mut connection).unwrap();
            let right = found.into_iter().zip(batch).filter(|(found, position)| {
                matches!(found, redis::Value::BulkString(found) if *found == values.value(**position))
            });
            held += right.count() as u64;
        }
    }
    held
}

/// How far a master is in its history, and how far its only replica has said that it is.
fn offsets(master: SocketAddr) -> [u64; 2] {
    let info: String = ask(master, "INFO replication");
    ["master_repl_offset:", "offset="].map(|field| {
        let value = info.split_once(field).unwrap().1;
        value.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    })
}

on_each_server! {
    async fn every_key_is_on_a_replica_when_the_run_ends(server: &Server) {
        let site = start(server, 3).await;
        for args in ["", "--command set", "--reply on", "-w 3 -P 50", "--serial", "--ttl 1h", "--order stride"] {
            site.empty();
            let data = Data::of(40_000);
            let run = site.fill(&data, &format!("--wait-replicas 1 {args}"));
            // Before anything else can happen.
            assert_eq!(key_counts(site.servers.replicas()).iter().sum::<u64>(), data.keys, "{run:?}");
            let record = run.assert_exact();
            assert_eq!(record.account.acknowledged, Some(data.keys), "{run:?}");
            assert_eq!(held(&data, site.servers.replicas()), data.keys, "{run:?}");
            assert!(record.servers.iter().all(|server| server.replicas_acknowledged == Some(1)), "{run:?}");
            assert!(run.stderr.contains("3 of 3 had everything when the run ended; a key counted"), "{run:?}");
        }
    }

    async fn without_it_the_replicas_are_only_told(server: &Server) {
        let site = start(server, 1).await;
        let data = Data::of(40_000);
        let mut run = site.fill(&data, "");
        for _ in 1..FILLS_AT_MOST {
            if run.assert_exact().servers[0].replicas_acknowledged == Some(1) {
                break;
            }
            // On a busy machine, it may take longer to say so than anybody waits.
            run = site.fill(&data, "");
        }
        let record = run.assert_exact();
        assert_eq!(record.account.acknowledged, None);
        assert_eq!(record.servers[0].replicas_acknowledged, Some(1), "{run:?}");
        assert!(run.stderr.contains("1 of 1 had everything when the run ended\n"), "{run:?}");
        site.servers.pause(1).unwrap();
        let run = site.fill(&data, "");
        site.servers.resume(1).unwrap();
        assert_eq!(run.assert_exact().servers[0].replicas_acknowledged, Some(0), "{run:?}");
        assert!(run.stderr.contains("0 of 1 had everything when the run ended\n"), "{run:?}");
    }

    async fn more_than_there_are_is_refused(server: &Server) {
        let data = Data::of(1_000);
        let site = start(server, 1).await;
        let run = site.fill(&data, "--wait-replicas 2");
        assert_eq!((run.code, site.keys()), (1, 0), "{run:?}");
        run.assert_error(&["--wait-replicas asks for 2", &format!("{} has 1", site.named(0)), "ask for fewer"]);
        let alone = Site::start(server, Layout::Standalone).await;
        let run = alone.fill(&data, "--wait-replicas 1");
        assert_eq!((run.code, alone.keys()), (1, 0), "{run:?}");
        run.assert_error(&["--wait-replicas asks for 1", &format!("{} has 0", alone.named(0))]);
    }

    async fn who_may_not_wait_is_told_before_the_first_key(server: &Server) {
        let site = start(server, 1).await;
        let data = Data::of(1_000);
        for (without, words) in [("wait", ["refuses WAIT", "+wait"]), ("info", ["does not show its replicas", "+info"])] {
            ask::<String>(site.masters()[0], &format!("ACL SETUSER some reset on nopass ~* +@all -{without}"));
            let run = site.fill(&data, "--user some -a any --wait-replicas 1");
            assert_eq!((run.code, site.keys()), (1, 0), "{run:?}");
            run.assert_error(&words);
        }
    }

    async fn a_replica_that_is_stopped_when_the_fill_begins(server: &Server) {
        let site = start(server, 1).await;
        let data = Data::of(1_000);
        ask::<String>(site.masters()[0], "SET other x");
        site.servers.pause(1).unwrap();
        ask::<String>(site.masters()[0], "DEL other");
        let run = site.fill(&data, "--wait-replicas 1 --wait-timeout 300ms --recovery-timeout 2s");
        site.servers.resume(1).unwrap();
        // Servers that count WAIT by what the connection wrote find it out with the first barrier.
        assert_eq!(run.code, 1, "{run:?}");
        assert_eq!(run.record().account.executed, 0, "{run:?}");
        run.assert_error(&["0 of the replicas", "after 300ms", "asks for 1", "--wait-timeout"]);
    }

    async fn what_was_counted_survives_the_master(server: &Server) {
        let mut site = start(server, 1).await;
        let data = Data::of(60_000);
        let running = site.begin_slowly(&data, 20_000, "--wait-replicas 1 --wait-timeout 300ms -P 2000 --recovery-timeout 2s");
        // The master goes on executing what a replica that stands still does not get; then it dies.
        site.servers.pause(1).unwrap();
        let run = running.end();
        let (master, replica) = (site.masters()[0], site.servers.replicas()[0]);
        let [has, replica_has] = offsets(master);
        assert!(has > replica_has, "{run:?}");
        site.servers.kill(0);
        site.servers.resume(1).unwrap();
        let record = run.record();
        // The master has every key, and nobody would have them without it.
        assert_eq!((run.code, record.verdict), (1, Verdict::Failed), "{run:?}");
        run.assert_error(&["0 of the replicas of", "after 300ms", "asks for 1"]);
        let kept = held(&data, &[replica]);
        assert!(record.account.executed > 0 && record.account.executed <= kept, "{kept} kept, {run:?}");
        assert!(record.account.proven > kept, "{kept} kept, {run:?}");
    }

    async fn a_replica_that_dies_while_keys_are_proven_is_told(server: &Server) {
        let mut site = start(server, 2).await;
        let data = Data::of(16_384);
        let [from, to] = [site.masters()[0], site.masters()[1]];
        let slot = site.slots_of()[&from][7];
        // It goes where nobody expects it: until that is over, its keys are neither here nor there.
        ask::<String>(from, &format!("CLUSTER SETSLOT {slot} MIGRATING {}", ask::<String>(to, "CLUSTER MYID")));
        let mut running = site.begin(&data, "--wait-replicas 1 --wait-timeout 300ms");
        running.until_said("proving");
        // What is written there now reaches no replica.
        site.servers.kill(2);
        ask::<String>(from, &format!("CLUSTER SETSLOT {slot} STABLE"));
        let run = running.end();
        let record = run.record();
        assert_eq!((run.code, record.verdict), (1, Verdict::Failed), "{run:?}");
        assert_eq!(record.account.proven, data.keys, "{run:?}");
        let behind = record.incidents.iter().find(|incident| incident.kind == IncidentKind::ReplicasBehind);
        let behind = behind.unwrap_or_else(|| panic!("{run:?}"));
        assert_eq!((&behind.master, behind.recovered_seconds), (&site.named(0), None), "{run:?}");
    }

    async fn a_replica_that_dies_ends_the_run(server: &Server) {
        let mut site = start(server, 1).await;
        let data = Data::of(60_000);
        let running = site.begin_slowly(&data, 20_000, "--wait-replicas 1 --wait-timeout 500ms -P 200 --recovery-timeout 2s");
        site.servers.kill(1);
        let run = running.end();
        let record = run.record();
        // The master has every key, and nobody would have them without it.
        assert_eq!((run.code, record.verdict), (1, Verdict::Failed), "{run:?}");
        let account = &record.account;
        assert!(account.executed > 0 && account.acknowledged.unwrap() <= account.executed, "{run:?}");
        // What no replica has may be there, and does not count.
        assert!(account.executed < account.proven, "{run:?}");
        run.assert_error(&["0 of the replicas of", "after 500ms", "asks for 1"]);
    }
}

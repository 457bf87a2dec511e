//! Throwaway servers: that they are what was asked for, that they can be made to fail, and that they
//! are gone whatever ends us.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Server, ask, cluster, eventually, key_counts, on_each_server};
use fillbench::slots::{SLOTS, tag};
use fillbench::target::{Layout, Spawn, SpawnError, Spawned};
use redis::Commands;

/// The port of the owner of each slot, as one server tells it.
fn owners(server: SocketAddr) -> Vec<u16> {
    let mut owners = vec![0; usize::from(SLOTS)];
    let ranges: Vec<(usize, usize, (String, u16, String))> = slot_ranges(server);
    for (first, last, (_, port, _)) in ranges {
        owners[first..=last].fill(port);
    }
    owners
}

fn slot_ranges(server: SocketAddr) -> Vec<(usize, usize, (String, u16, String))> {
    let rows: Vec<Vec<redis::Value>> = ask(server, "CLUSTER SLOTS");
    let read = |row: Vec<redis::Value>| {
        let redis::Value::Array(master) = &row[2] else { panic!("{row:?}") };
        let text = |value: &redis::Value| redis::from_redis_value_ref::<String>(value).unwrap();
        let number = |value: &redis::Value| redis::from_redis_value_ref::<u64>(value).unwrap();
        let master = (text(&master[0]), number(&master[1]) as u16, text(&master[2]));
        (number(&row[0]) as usize, number(&row[1]) as usize, master)
    };
    rows.into_iter().map(read).collect()
}

fn is_alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

fn pids(servers: &Spawned) -> Vec<u32> {
    (0..servers.addresses().len()).map(|server| servers.pid(server)).collect()
}

/// A key in a slot.
fn key(slot: u16) -> String {
    format!("{{{}}}:1", String::from_utf8(tag(slot).to_vec()).unwrap())
}

/// A program that is no server, in a folder that goes with the returned handle.
fn script(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    // Written by another process: a child that another test starts meanwhile would hold it open for writing,
    // and nobody may run it then.
    let mut shell = Command::new("sh");
    let shell = shell.args(["-c", "cat >\"$0\"; chmod 755 \"$0\""]).arg(&path).stdin(Stdio::piped());
    let mut child = shell.spawn().unwrap();
    write!(child.stdin.take().unwrap(), "#!/bin/sh\n{text}\n").unwrap();
    assert!(child.wait().unwrap().success());
    (folder, path)
}

fn spawn_script(path: &Path, timeout: Duration) -> Spawn {
    Spawn { server_binary: Some(path.into()), timeout, ..Spawn::new(Layout::Standalone) }
}

on_each_server! {
    async fn a_standalone_server_keeps_nothing_and_listens_on_loopback_only(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let &[address] = servers.addresses() else { panic!("{servers:?}") };
        assert_eq!(servers.masters(), [address]);
        assert_eq!(ask::<String>(address, "PING"), "PONG");
        for (setting, value) in [("bind", "127.0.0.1"), ("save", ""), ("appendonly", "no")] {
            let got: Vec<String> = ask(address, &format!("CONFIG GET {setting}"));
            assert_eq!(got, [setting, value]);
        }
        assert!(ask::<String>(address, "INFO cluster").contains("cluster_enabled:0"));
    }

    async fn every_node_of_a_cluster_knows_every_slot(server: &Server) {
        for masters in [1, 3] {
            let servers = server.start(Layout::even(masters)).await;
            let first = owners(servers.addresses()[0]);
            assert!(!first.contains(&0));
            for &address in servers.addresses() {
                assert!(ask::<String>(address, "CLUSTER INFO").contains("cluster_state:ok"));
                assert_eq!(owners(address), first);
            }
            let mut client = cluster(&servers);
            for slot in 0..SLOTS {
                client.set::<_, _, ()>(key(slot), 1).unwrap();
            }
            let counts = key_counts(servers.masters());
            assert_eq!(counts.iter().sum::<u64>(), u64::from(SLOTS));
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
    }

    async fn slots_may_be_uneven_and_in_pieces(server: &Server) {
        // The second master owns every 8th slot of the first half, the third owns nothing.
        let (mut most, mut eighths) = (vec![8192..=16383], Vec::new());
        for start in (0..8192).step_by(8) {
            eighths.push(start..=start);
            most.push(start + 1..=start + 7);
        }
        let servers = server.start(Layout::Cluster(vec![most, eighths, vec![]])).await;
        let ports: Vec<_> = servers.masters().iter().map(SocketAddr::port).collect();
        let expected = |slot: usize| if slot < 8192 && slot.is_multiple_of(8) { ports[1] } else { ports[0] };
        for &address in servers.addresses() {
            assert!(owners(address).into_iter().enumerate().all(|(slot, port)| port == expected(slot)));
        }
    }

    async fn replicas_have_their_masters_data(server: &Server) {
        let servers = Spawn { replicas: 1, ..server.spawn(Layout::even(2)) }.start().await.unwrap();
        assert_eq!((servers.masters().len(), servers.replicas().len()), (2, 2));
        let mut client = cluster(&servers);
        for slot in 0..1000 {
            client.set::<_, _, ()>(key(slot * 16), 1).unwrap();
        }
        let counts = key_counts(servers.masters());
        assert_eq!(counts.iter().sum::<u64>(), 1000);
        eventually(&counts, || key_counts(servers.replicas()));
        for (replica, master) in servers.replicas().iter().zip(servers.masters()) {
            let role: (String, String, u16, String, i64) = ask(*replica, "ROLE");
            assert_eq!((role.0.as_str(), role.2), ("slave", master.port()));
        }
    }

    async fn arguments_are_passed_on_and_override_ours(server: &Server) {
        let extra_args = ["--maxmemory", "64mb", "--appendonly", "yes"].map(Into::into).to_vec();
        let spawn = Spawn { extra_args, ..server.spawn(Layout::Standalone) };
        let servers = spawn.start().await.unwrap();
        for (setting, value) in [("maxmemory", "67108864"), ("appendonly", "yes")] {
            let got: Vec<String> = ask(servers.addresses()[0], &format!("CONFIG GET {setting}"));
            assert_eq!(got, [setting, value]);
        }
    }

    async fn an_argument_that_the_server_refuses_is_told_in_its_own_words(server: &Server) {
        let extra_args = ["--no-such-setting", "1"].map(Into::into).to_vec();
        let error = Spawn { extra_args, ..server.spawn(Layout::even(3)) }.start().await.unwrap_err();
        assert!(matches!(error, SpawnError::Ended { .. }), "{error:?}");
        assert!(error.to_string().contains("no-such-setting"), "{error}");
    }

    async fn a_paused_server_is_silent_until_it_goes_on(server: &Server) {
        let servers = server.start(Layout::Standalone).await;
        let address = servers.addresses()[0];
        let mut connection = crate::common::connect(address);
        connection.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        servers.pause(0).unwrap();
        let error = redis::cmd("PING").query::<String>(&mut connection).unwrap_err();
        // Reading with a timeout is cut short whenever a child of any test ends.
        assert!(error.is_timeout() || error.to_string().contains("Interrupted"), "{error}");
        servers.resume(0).unwrap();
        assert_eq!(ask::<String>(address, "PING"), "PONG");
    }

    async fn a_killed_server_comes_back_empty_and_in_its_place(server: &Server) {
        let mut servers = server.start(Layout::even(2)).await;
        let before = owners(servers.addresses()[0]);
        cluster(&servers).set::<_, _, ()>(key(0), 1).unwrap();
        let (address, pid) = (servers.addresses()[0], servers.pid(0));
        servers.kill(0);
        assert!(!is_alive(pid));
        assert!(std::net::TcpStream::connect(address).is_err());
        assert!(servers.pause(0).is_err());
        servers.restart(0).await.unwrap();
        assert_ne!(servers.pid(0), pid);
        assert_eq!(key_counts(servers.addresses()), [0, 0]);
        eventually(&before, || owners(address));
    }

    async fn many_clusters_start_at_once_and_stay_apart(server: &Server) {
        let spawn = server.spawn(Layout::even(2));
        let (a, b, c, d) = tokio::join!(spawn.start(), spawn.start(), spawn.start(), spawn.start());
        let clusters = [a, b, c, d].map(Result::unwrap);
        let addresses: BTreeSet<_> = clusters.iter().flat_map(Spawned::addresses).collect();
        assert_eq!(addresses.len(), 8);
        for &address in addresses {
            assert_eq!(ask::<String>(address, "CLUSTER NODES").lines().count(), 2);
        }
    }

    async fn nothing_is_left_after_a_stop_nor_after_a_panic(server: &Server) {
        let servers = server.start(Layout::even(2)).await;
        let folder: Vec<String> = ask(servers.addresses()[0], "CONFIG GET dir");
        let (stopped, folder) = (pids(&servers), PathBuf::from(&folder[1]));
        assert!(folder.exists() && stopped.iter().all(|&pid| is_alive(pid)));
        servers.stop();
        assert!(!folder.exists() && !stopped.iter().any(|&pid| is_alive(pid)));

        let servers = server.start(Layout::Standalone).await;
        let dropped = pids(&servers);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _servers = servers;
            panic!("as a run might");
        }))
        .unwrap_err();
        assert!(!dropped.iter().any(|&pid| is_alive(pid)));
    }

    async fn no_server_outlives_a_program_that_is_killed(server: &Server) {
        // A killed program cannot take its folder away.
        let folder = tempfile::tempdir().unwrap();
        let mut program = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "spawn::child_that_starts_servers", "--nocapture", "--ignored"])
            .env("FILLBENCH_TEST_SPAWN", &server.binary)
            .env("TMPDIR", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines().map_while(Result::ok);
        let pids = lines.filter_map(|line| Some(line.split_once("pids:")?.1.to_owned())).next();
        program.kill().unwrap();
        program.wait().unwrap();
        let pids: Vec<u32> = pids.unwrap().split_whitespace().map(|pid| pid.parse().unwrap()).collect();
        assert_eq!(pids.len(), 2);
        eventually(&0, || pids.iter().filter(|&&pid| is_alive(pid)).count());
    }
}

/// Not a test: the program that `no_server_outlives_a_program_that_is_killed` kills. The servers are
/// started on a thread that ends, which must not end them.
#[test]
#[ignore = "run by another test"]
fn child_that_starts_servers() {
    let Some(binary) = std::env::var_os("FILLBENCH_TEST_SPAWN") else { return };
    let started = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let spawn = Spawn { server_binary: Some(binary.into()), ..Spawn::new(Layout::even(2)) };
        runtime.block_on(spawn.start()).unwrap()
    });
    let servers = started.join().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    for &address in servers.addresses() {
        assert_eq!(ask::<String>(address, "PING"), "PONG");
    }
    println!("\npids: {}", pids(&servers).iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    std::thread::sleep(Duration::from_secs(60));
}

#[tokio::test]
async fn a_program_that_ends_is_told_with_its_last_words() {
    let (_folder, path) = script("echo some words; echo more >&2; exit 3");
    let error = spawn_script(&path, Duration::from_secs(10)).start().await.unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "`{}` ended (exit status: 3) before it answered; its last words:\nsome words\nmore",
            path.display()
        )
    );
}

#[tokio::test]
async fn a_program_that_ends_without_a_word_is_told_so() {
    let (_folder, path) = script("exit 1");
    let error = spawn_script(&path, Duration::from_secs(10)).start().await.unwrap_err().to_string();
    assert!(error.ends_with("its last words:\n(it wrote nothing)"), "{error}");
}

#[tokio::test]
async fn a_program_that_never_answers_is_given_up() {
    let (_folder, path) =
        script("i=0; while [ $i -lt 999 ]; do i=$((i+1)); echo line $i; done; exec sleep 60");
    let start = Instant::now();
    let error = spawn_script(&path, Duration::from_secs(2)).start().await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(10));
    let SpawnError::TimedOut { missing, log, .. } = &error else { panic!("{error:?}") };
    assert!(missing.contains("refused"), "{missing}");
    // Whole lines, and only the last.
    assert!(log.starts_with("line ") && log.ends_with("line 999") && log.len() <= 2048, "{log}");
    assert!(error.to_string().contains("was not ready after 2s"), "{error}");
}

#[tokio::test]
async fn a_port_that_somebody_else_takes_is_given_up_for_another() {
    let Some(server) = Server::find("redis", "a_port_that_somebody_else_takes_is_given_up_for_another")
    else {
        return;
    };
    // Says what a server says whose port is taken, the first three times.
    let (folder, path) = script(&format!(
        "cd \"$(dirname \"$0\")\"; echo >>tries; \
         if [ \"$(wc -l <tries)\" -lt 4 ]; then echo 'bind: Address already in use'; exit 1; fi; exec {} \"$@\"",
        server.binary.display()
    ));
    let servers = spawn_script(&path, Duration::from_secs(10)).start().await.unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join("tries")).unwrap(), "\n\n\n\n");
    assert_eq!(ask::<String>(servers.addresses()[0], "PING"), "PONG");
}

#[tokio::test]
async fn a_layout_that_cannot_be_is_refused_before_anything_starts() {
    let spawn = Spawn::new(Layout::Cluster(vec![vec![0..=16382]]));
    let error = spawn.start().await.unwrap_err().to_string();
    assert_eq!(error, "slot 16383 has 0 owners: give each of the 16384 slots to exactly one master");
}

//! `fillbench serve`: from the first line to the last.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;

use crate::common::{ask, fillbench};
use crate::fill::run::{Running, begin};

fn serve(args: &str) -> Running {
    serve_with(args, &[])
}

pub(crate) fn serve_with(args: &str, envs: &[(&str, &Path)]) -> Running {
    let args: Vec<String> = ["serve"].into_iter().chain(args.split_whitespace()).map(Into::into).collect();
    let mut running = begin(&args, envs);
    running.until_said("to stop: Ctrl-C");
    running
}

/// The addresses that it says it serves on.
pub(crate) fn addresses(running: &Running) -> Vec<SocketAddr> {
    let said = running.said("stderr");
    let line =
        said.lines().find_map(|line| line.strip_prefix("serving on ")).unwrap_or_else(|| panic!("{said}"));
    line.split(", ").map(|address| address.parse().unwrap()).collect()
}

/// Three ports in a row that were free a moment ago. Nobody is given them who asks for any port.
fn three_ports() -> u16 {
    let first = 10_000 + std::process::id() as u16 % 5_000;
    (first..first + 3_000)
        .step_by(3)
        .find(|&port| (port..port + 3).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()))
        .unwrap()
}

#[test]
fn it_says_where_it_is_and_stops_when_told() {
    for signal in ["INT", "TERM"] {
        let port = three_ports();
        let running = serve(&format!("--port {port}"));
        let nodes = addresses(&running);
        let ports: Vec<u16> = nodes.iter().map(SocketAddr::port).collect();
        assert_eq!(ports, [port, port + 1, port + 2]);
        for node in &nodes {
            assert_eq!(ask::<String>(*node, "PING"), "PONG");
            assert_eq!(ask::<String>(*node, "CLUSTER NODES").lines().count(), 3);
        }
        running.signal(signal);
        let run = running.end();
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:?}");
        assert!(run.stderr.contains(&format!("redis-cli -c -p {port}")), "{run:?}");
        assert!(nodes.iter().all(|node| TcpStream::connect(node).is_err()));
    }
}

#[test]
fn it_stops_when_a_client_shuts_it_down() {
    for args in ["--standalone --port 0", "--masters 2 --port 0"] {
        let running = serve(args);
        for node in addresses(&running) {
            let shut: Result<(), _> =
                redis::cmd("SHUTDOWN").arg("NOSAVE").query(&mut crate::common::connect(node));
            assert!(shut.is_err(), "nobody answers any more");
        }
        let run = running.end();
        assert_eq!(run.code, 0, "{run:?}");
    }
}

#[test]
fn a_fill_finds_what_is_served() {
    let running = serve("--port 0 --masters 2");
    let port = addresses(&running)[1].port().to_string();
    let run = begin(&["-p", &port, "--keys", "20000", "--json"].map(Into::into), &[]).end();
    let record = run.assert_exact();
    assert_eq!([&*record.target.kind, &*record.target.server], ["attached", "fillbench"]);
    running.signal("INT");
    assert_eq!(running.end().code, 0);
}

#[test]
fn what_is_served_with_discard_keeps_nothing() {
    let running = serve("--port 0 --standalone --discard");
    let node = addresses(&running)[0];
    assert!(running.said("stderr").contains("thrown away"));
    assert_eq!(ask::<String>(node, "SET a 1"), "OK");
    assert_eq!((ask::<u64>(node, "DBSIZE"), ask::<Option<String>>(node, "GET a")), (0, None));
    assert!(ask::<String>(node, "INFO commandstats").contains("cmdstat_set:calls=1,"));
    let port = node.port().to_string();
    let run = begin(&["-p", &port, "--keys", "20000", "--json"].map(Into::into), &[]).end();
    assert!(run.code == 0 && run.stderr.contains("discarded: 20,000 keys"), "{run:?}");
}

#[test]
fn faults_are_there_from_the_start() {
    let running = serve("--port 0 --masters 2 --fault 2:oom/2 --fault delay=1ms");
    let nodes = addresses(&running);
    assert_eq!(ask::<Vec<String>>(nodes[0], "FILLBENCH FAULT LIST"), ["delay=1ms"]);
    assert_eq!(ask::<Vec<String>>(nodes[1], "FILLBENCH FAULT LIST"), ["oom/2", "delay=1ms"]);
}

/// A part of every password here, which nothing that is written may hold.
const CORE: &str = "hunter2";

/// Whether a user gets in with a password.
fn gets_in(node: SocketAddr, user: &str, password: &str) -> bool {
    let answer: Result<String, _> =
        redis::cmd("AUTH").arg(user).arg(password).query(&mut crate::common::connect(node));
    answer.is_ok_and(|answer| answer == "OK")
}

/// What a command is answered before anybody has said who he is.
fn asked_by_nobody(node: SocketAddr) -> String {
    let answer: Result<String, _> = redis::cmd("PING").query(&mut crate::common::connect(node));
    answer.unwrap_or_else(|error| error.to_string())
}

#[test]
fn passwords_come_from_places_that_others_do_not_see() {
    let place = tempfile::tempdir().unwrap();
    let users = place.path().join("users");
    std::fs::write(&users, "# who may come in\nalice hunter2:alice\n\nbob hunter2:bob\n").unwrap();
    let variable = ("FILLBENCH_REQUIREPASS", Path::new("hunter2:default"));
    let running = serve_with(&format!("--port 0 --masters 2 --users {}", users.display()), &[variable]);
    let command_line = std::fs::read(format!("/proc/{}/cmdline", running.pid())).unwrap();
    assert!(!String::from_utf8_lossy(&command_line).contains(CORE));
    for node in addresses(&running) {
        assert!(asked_by_nobody(node).contains("NOAUTH"));
        for (user, password, is_right) in [
            ("default", "hunter2:default", true),
            ("alice", "hunter2:alice", true),
            ("bob", "hunter2:bob", true),
            ("bob", "hunter2:alice", false),
            ("default", "hunter2", false),
            ("eve", "hunter2:alice", false),
        ] {
            assert_eq!(gets_in(node, user, password), is_right, "{user} {password}");
        }
    }
    let port = addresses(&running)[0].port().to_string();
    let args = ["-p", &port, "--keys", "2000", "--user", "alice", "--json"].map(Into::into);
    begin(&args, &[("REDISCLI_AUTH", Path::new("hunter2:alice"))]).end().assert_exact();
    running.signal("INT");
    let run = running.end();
    assert!(run.code == 0 && !run.stderr.contains(CORE), "{run:?}");
    assert!(run.stderr.contains("password: in the variable REDISCLI_AUTH"), "{run:?}");
    assert!(run.stderr.contains("--user NAME"), "{run:?}");
}

#[test]
fn a_password_on_the_command_line_goes_before_that_of_the_environment() {
    let variable = [("FILLBENCH_REQUIREPASS", Path::new("hunter2:env"))];
    let running = serve_with("--port 0 --standalone --requirepass -hunter2:arg", &variable);
    let node = addresses(&running)[0];
    assert!(gets_in(node, "default", "-hunter2:arg") && !gets_in(node, "default", "hunter2:env"));
    assert!(!running.said("stderr").contains(CORE));
    // One that is empty is none.
    let running = serve_with("--port 0 --standalone", &[("FILLBENCH_REQUIREPASS", Path::new(""))]);
    assert_eq!(asked_by_nobody(addresses(&running)[0]), "PONG");
    assert!(!running.said("stderr").contains("password"));
}

#[test]
fn each_node_keeps_to_its_limit() {
    let running = serve("--port 0 --masters 2 --maxmemory 2MiB --maxmemory-policy allkeys-random");
    assert!(running.said("stderr").contains("each node may use 2.0 MiB, then allkeys-random"));
    for node in addresses(&running) {
        let told: Vec<String> = ask(node, "CONFIG GET maxmemory*");
        assert_eq!(told, ["maxmemory", "2097152", "maxmemory-policy", "allkeys-random"]);
    }
}

#[test]
fn nodes_tell_no_more_together_than_their_process_has_in_memory() {
    let running = serve("--port 0 --masters 4");
    let told = |node| -> usize {
        let info: String = ask(node, "INFO memory");
        let told = info.lines().find_map(|line| line.strip_prefix("used_memory_rss:")).unwrap();
        told.trim().parse().unwrap()
    };
    let told: Vec<usize> = addresses(&running).into_iter().map(told).collect();
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let resident: usize = 1024 * line.trim().trim_end_matches(" kB").parse::<usize>().unwrap();
    assert!(told.iter().all(|told| *told > 100_000), "{told:?}");
    assert!(told.iter().sum::<usize>() <= resident, "{told:?} of {resident}");
}

#[test]
fn users_that_make_no_sense_are_told_without_their_passwords() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("users");
    let told = |text: Option<&[u8]>| {
        match text {
            Some(text) => std::fs::write(&file, text).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let args = ["serve", "--port", "0", "--users", file.to_str().unwrap()];
        let output = fillbench(args).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(!told.contains(CORE) && !told.contains("serving") && !told.contains("os error"), "{told}");
        told
    };
    for (text, problem) in [
        (&b"alice hunter2\nhunter2"[..], "line 2 is not NAME PASSWORD"),
        (b"alice hunter2 more", "line 1 is not NAME PASSWORD"),
        (b"default hunter2", "line 1 names the default user: give its password by FILLBENCH_REQUIREPASS"),
        (b"a hunter2\na hunter2", "line 2 names a user for the second time"),
        (b"a hunter2\xff", "not text in UTF-8"),
        (&[b'\n'; (1 << 20) + 1], "longer than 1 MiB"),
    ] {
        let told = told(Some(text));
        assert!(told.contains(problem), "{told}");
    }
    assert!(told(None).contains("failed to read it: entity not found"));
    let twice = ["serve", "--requirepass", CORE, "--requirepass", CORE];
    let output = fillbench(twice).output().unwrap();
    assert!(output.status.code() == Some(2) && !String::from_utf8_lossy(&output.stderr).contains(CORE));
}

#[test]
fn an_address_of_ipv6_will_do() {
    if TcpListener::bind("[::1]:0").is_err() {
        return crate::common::skip("an_address_of_ipv6_will_do", "this machine has no IPv6");
    }
    let running = serve("--port 0 --masters 2 --bind ::1");
    let nodes = addresses(&running);
    let second = format!("::1:{}", nodes[1].port());
    assert!(ask::<String>(nodes[0], "CLUSTER NODES").contains(&format!(" {second}@")));
    let args = ["-h", "::1", "-p", &nodes[0].port().to_string(), "--keys", "20000", "--json"];
    begin(&args.map(Into::into), &[]).end().assert_exact();
}

/// The address by which this machine would be reached from elsewhere, if it has one.
fn outer_address() -> Option<IpAddr> {
    // Nothing is sent: the system only looks up the way.
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_unspecified())
}

#[test]
fn who_listens_everywhere_is_announced_where_it_was_reached() {
    let running = serve("--port 0 --masters 2 --bind 0.0.0.0");
    let ports: Vec<u16> = addresses(&running).iter().map(SocketAddr::port).collect();
    for ip in ["127.0.0.1".parse().ok(), "127.0.0.2".parse().ok(), outer_address()].into_iter().flatten() {
        let first = SocketAddr::new(ip, ports[0]);
        let second = SocketAddr::new(ip, ports[1]);
        let nodes: String = ask(first, "CLUSTER NODES");
        assert!(nodes.contains(&format!(" {second}@")) && !nodes.contains("0.0.0.0"), "{nodes}");
        for command in ["CLUSTER SLOTS", "CLUSTER SHARDS"] {
            let told: redis::Value = ask(first, command);
            let told = format!("{told:?}");
            assert!(told.contains(&ip.to_string()) && !told.contains("0.0.0.0"), "{told}");
        }
        // `a` is in slot 15495, which the second has.
        let moved =
            redis::cmd("GET").arg("a").query::<redis::Value>(&mut crate::common::connect(first)).unwrap_err();
        assert_eq!(moved.redirect_node(), Some((second.to_string().as_str(), 15495)));
        let args = ["-h", &ip.to_string(), "-p", &ports[0].to_string(), "--keys", "20000", "--json"];
        begin(&args.map(Into::into), &[]).end().assert_exact();
        ask::<String>(first, "FLUSHALL");
        ask::<String>(second, "FLUSHALL");
    }
}

#[test]
fn what_cannot_be_served_is_told_with_a_cure() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for (args, cause, cure) in [
        (format!("--port {port} --standalone"), "address in use", "give another --port"),
        (
            "--bind 192.0.2.1 --port 0".into(),
            "address not available",
            "give an address of this machine to --bind",
        ),
        ("--port 65535 --masters 2".into(), "there are no 2 ports from 65535 on", "give a lower --port"),
        ("--port 0 --fault 4:oom".into(), "there is no node 4", "counted from 1"),
        (format!("--port 0 {}", "--fault oom ".repeat(17)), "faults at most", "give fewer"),
    ] {
        let output = fillbench(["serve"].into_iter().chain(args.split_whitespace())).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{args}: {told}");
        for words in [cause, cure] {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert!(!told.contains("os error") && !told.contains("serving"), "{told}");
    }
}

#[test]
fn its_help_tells_every_fault() {
    for help in ["--help", "-h"] {
        let output = fillbench(["serve", help]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{told}");
        for word in [
            "--masters",
            "--requirepass",
            "--users",
            "--maxmemory-policy",
            "--discard",
            "moved",
            "noreplicas",
            "drop=",
            "stall=",
            "swallow",
            "restart@",
        ] {
            assert!(told.contains(word), "{word}: {told}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_told() {
    for (args, words) in [
        ("--bind here", "--bind"),
        ("--masters 0", "--masters"),
        ("--masters 3 --standalone", "--standalone"),
        ("--port 70000", "--port"),
        ("--fault what", "is no fault"),
        ("--fault 0:oom", "counted from 1"),
        ("--maxmemory many", "is not a size"),
        ("--maxmemory -1", "is not a size"),
        ("--maxmemory-policy allkeys-lfu", "allkeys-lru"),
    ] {
        let output = fillbench(["serve"].into_iter().chain(args.split_whitespace())).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args}: {told}");
        assert!(told.contains(words), "{args}: {told}");
    }
}

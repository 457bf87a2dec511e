//! FILLBENCH FAULT, as a client sees it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fillbench::server::{Server, ServerOptions};
use redis::Value;

use crate::common::{ask, connect, eventually};

fn start(masters: Option<u16>) -> (Server, SocketAddr) {
    let server = Server::start(&ServerOptions { masters, ..ServerOptions::default() }).unwrap();
    let first = server.addresses()[0];
    (server, first)
}

/// The answer of one command on a connection, errors as they were spelt.
fn call(connection: &mut redis::Connection, words: &str) -> Result<Value, String> {
    let mut command = redis::Cmd::new();
    words.split(' ').for_each(|word| {
        command.arg(word);
    });
    command.query(connection).map_err(|error: redis::RedisError| {
        format!("{} {}", error.code().unwrap_or_default(), error.detail().unwrap_or_default())
    })
}

/// A line of INFO all.
fn info(at: SocketAddr, field: &str) -> String {
    let info: String = ask(at, "INFO all");
    let line = info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

#[test]
fn every_error_is_answered_as_redis_words_it_and_counted_as_redis_counts_it() {
    for (fault, words) in [
        ("ask", "ASK 15495 127.0.0.1:"),
        ("moved", "MOVED 15495 127.0.0.1:"),
        ("tryagain", "TRYAGAIN Multiple keys request during rehashing of slot"),
        ("clusterdown", "CLUSTERDOWN The cluster is down"),
        ("loading", "LOADING Redis is loading the dataset in memory"),
        ("masterdown", "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
        ("oom", "OOM command not allowed when used memory > 'maxmemory'."),
        ("readonly", "READONLY You can't write against a read only replica."),
        ("misconf", "MISCONF Redis is configured to save RDB snapshots, but it's currently unable"),
        ("noreplicas", "NOREPLICAS Not enough good replicas to write."),
    ] {
        let (_server, at) = start(Some(1));
        let mut connection = connect(at);
        assert_eq!(call(&mut connection, &format!("FILLBENCH FAULT {fault}/2@1")), Ok(Value::Okay));
        let wrote: Vec<_> = (0..5).map(|_| call(&mut connection, "SET a 1")).collect();
        for (place, wrote) in wrote.iter().enumerate() {
            match wrote {
                Ok(Value::Okay) => assert!([0, 1, 3].contains(&place), "{fault}: {wrote:?}"),
                Err(error) => {
                    assert!(error.starts_with(words) && [2, 4].contains(&place), "{fault}: {error}");
                }
                other => panic!("{fault}: {other:?}"),
            }
        }
        // What only reads passes.
        assert_eq!(call(&mut connection, "GET a"), Ok(Value::BulkString(b"1".to_vec())), "{fault}");
        let counted = info(at, "cmdstat_set");
        assert!(counted.starts_with("calls=3,") && counted.contains("rejected_calls=2"), "{counted}");
        let code = words.split(' ').next().unwrap();
        assert_eq!(info(at, &format!("errorstat_{code}")), "count=2");
        assert_eq!(call(&mut connection, "FILLBENCH FAULT OFF"), Ok(Value::Okay));
        (0..4).for_each(|_| assert_eq!(call(&mut connection, "SET a 1"), Ok(Value::Okay)));
    }
}

#[test]
fn a_wrong_redirection_names_another_node() {
    let (server, at) = start(Some(3));
    let mut connection = connect(server.addresses()[2]);
    assert_eq!(call(&mut connection, "FILLBENCH FAULT moved"), Ok(Value::Okay));
    assert_eq!(call(&mut connection, "SET a 1"), Err(format!("MOVED 15495 {at}")));
    // The others have no fault.
    assert_eq!(ask::<String>(server.addresses()[0], "SET {06S}:1 1"), "OK");
}

#[test]
fn faults_are_listed_and_switched_off() {
    let (_server, at) = start(None);
    assert_eq!(ask::<String>(at, "FILLBENCH FAULT oom/100@5000 DROP=1MB delay=2ms"), "OK");
    let list: Vec<String> = ask(at, "fillbench fault list");
    assert_eq!(list, ["oom/100@5000", "drop=1000000", "delay=2ms"]);
    assert_eq!(ask::<String>(at, "FILLBENCH FAULT OFF"), "OK");
    assert!(ask::<Vec<String>>(at, "FILLBENCH FAULT LIST").is_empty());
    let mut connection = connect(at);
    for (words, error) in [
        ("FILLBENCH FAULT what", "`what` is no fault"),
        ("FILLBENCH FAULT oom stall", "stall needs a value"),
        ("FILLBENCH FAULT", "wrong number of arguments for 'fillbench|fault' command"),
        ("FILLBENCH nothing", "unknown subcommand 'nothing'"),
    ] {
        let got = call(&mut connection, words).unwrap_err();
        assert!(got.contains(error), "{words}: {got}");
    }
    // One that cannot be read keeps the others from being set.
    assert!(ask::<Vec<String>>(at, "FILLBENCH FAULT LIST").is_empty());
    let many = ["oom"; 17].join(" ");
    assert!(call(&mut connection, &format!("FILLBENCH FAULT {many}")).unwrap_err().contains("too many"));
}

#[test]
fn what_is_swallowed_is_neither_executed_nor_answered() {
    let (_server, at) = start(Some(1));
    assert_eq!(ask::<String>(at, "FILLBENCH FAULT swallow@1"), "OK");
    let mut connection = connect(at);
    assert_eq!(call(&mut connection, "SET a 1"), Ok(Value::Okay));
    connection.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(redis::cmd("SET").arg("b").arg(1).query::<Value>(&mut connection).unwrap_err().is_timeout());
    assert!(redis::cmd("PING").query::<Value>(&mut connection).unwrap_err().is_timeout());
    assert_eq!(ask_control(at, "FILLBENCH FAULT OFF"), "+OK");
    assert_eq!(ask::<u64>(at, "DBSIZE"), 1);
}

/// One command over a bare connection, as a client that greets the server first would get no answer.
fn ask_control(at: SocketAddr, words: &str) -> String {
    use std::io::{BufRead, BufReader, Write};
    let mut stream = std::net::TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(format!("{words}\r\n").as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.trim_end().into()
}

#[test]
fn a_stall_holds_everybody_up_and_ends() {
    let (_server, at) = start(None);
    let mut connection = connect(at);
    let since = Instant::now();
    assert_eq!(call(&mut connection, "FILLBENCH FAULT stall=2s"), Ok(Value::Okay));
    assert_eq!(ask::<String>(at, "PING"), "PONG");
    assert!(since.elapsed() >= Duration::from_secs(2), "{:?}", since.elapsed());
    let since = Instant::now();
    assert_eq!(call(&mut connection, "SET a 1"), Ok(Value::Okay));
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
}

#[test]
fn each_command_waits_and_others_do_not_wait_for_it() {
    let (_server, at) = start(None);
    let (mut slow, mut other) = (connect(at), connect(at));
    assert_eq!(call(&mut slow, "FILLBENCH FAULT delay=300ms"), Ok(Value::Okay));
    let since = Instant::now();
    let thread = std::thread::spawn(move || (0..5).for_each(|_| drop(call(&mut slow, "SET a 1"))));
    call(&mut other, "PING").unwrap();
    assert!(!thread.is_finished(), "{:?}", since.elapsed());
    thread.join().unwrap();
    assert!(since.elapsed() >= Duration::from_millis(1500), "{:?}", since.elapsed());
}

#[test]
fn a_connection_is_dropped_after_so_many_bytes() {
    let (_server, at) = start(None);
    assert_eq!(ask::<String>(at, "FILLBENCH FAULT drop=10000"), "OK");
    let mut connection = connect(at);
    let value = "x".repeat(1000);
    let written = (0..20).take_while(|i| call(&mut connection, &format!("SET {i} {value}")).is_ok()).count();
    // About a thousand bytes each, and what a client says when it connects.
    assert!((8..10).contains(&written), "{written}");
    assert_eq!(ask::<usize>(at, "DBSIZE"), written);
}

#[test]
fn a_node_that_restarts_is_empty_and_in_its_place() {
    let (server, at) = start(Some(3));
    let mut connection = connect(at);
    let (id, run): (String, String) = (ask(at, "CLUSTER MYID"), info(at, "run_id"));
    let nodes: Vec<Value> = ask(at, "CLUSTER SLOTS");
    assert_eq!(ask::<String>(at, "SET {06S}:1 1"), "OK");
    assert_eq!(ask::<String>(at, "FILLBENCH FAULT restart"), "OK");
    assert!(call(&mut connection, "PING").is_err(), "it should be closed");
    eventually(&0, || ask::<u64>(at, "DBSIZE"));
    assert_ne!(info(at, "run_id"), run);
    assert!(info(at, "cmdstat_set").is_empty());
    assert_eq!((ask::<String>(at, "CLUSTER MYID"), ask::<Vec<Value>>(at, "CLUSTER SLOTS")), (id, nodes));
    assert_eq!(ask::<String>(server.addresses()[1], "PING"), "PONG");
}

//! What `--dir` keeps, read again at the next start.

use std::net::SocketAddr;
use std::path::Path;

use fillbench::server::{Server, ServerOptions};

use crate::common::{ask, connect};

#[test]
fn roles_are_what_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let options = |port| ServerOptions { replicas: 1, ..options(port, dir.path()) };
    let server = start(options, 0);
    let [first, _, replica, _] = server.addresses()[..] else { panic!() };
    let _: () = ask(first, "SET {b} x");
    let _: () = ask(replica, "CLUSTER FAILOVER TAKEOVER");
    let before = [nodes(first), nodes(replica)];
    assert!(before[0].contains("myself,slave") && before[1].contains("myself,master"), "{before:?}");
    drop(server);
    let server = Server::start(&options(first.port())).unwrap();
    assert_eq!([nodes(first), nodes(replica)], before);
    let moved = redis::cmd("SET").arg("{b}").arg("x").query::<()>(&mut connect(first)).unwrap_err();
    assert_eq!(moved.redirect_node().unwrap().0, replica.to_string());
    let _: () = ask(replica, "SET {b} y");
    assert_eq!(ask::<usize>(replica, "WAIT 1 5000"), 1);
    drop(server);
}

/// Two masters that keep their `nodes.conf`.
fn options(port: u16, dir: &Path) -> ServerOptions {
    ServerOptions { masters: Some(2), port, dir: Some(dir.into()), ..ServerOptions::default() }
}

/// Nodes on ports that are free, of those that are this test's.
fn start(options: impl Fn(u16) -> ServerOptions, test: u16) -> Server {
    let first = 20_000 + std::process::id() as u16 % 12_000 + test * 400;
    for port in (first..first + 400).step_by(4) {
        match Server::start(&options(port)) {
            Ok(server) => return server,
            Err(error) => assert!(error.to_string().contains("failed to listen"), "{error}"),
        }
    }
    panic!("no free ports");
}

fn nodes(node: SocketAddr) -> String {
    ask(node, "CLUSTER NODES")
}

#[test]
fn nodes_are_what_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let options = |port| options(port, dir.path());
    let server = start(options, 1);
    let [first, second] = [server.addresses()[0], server.addresses()[1]];
    let ids: [String; 2] = [ask(first, "CLUSTER MYID"), ask(second, "CLUSTER MYID")];
    for (node, order) in [
        (second, format!("CLUSTER SETSLOT 5 IMPORTING {}", ids[0])),
        (first, format!("CLUSTER SETSLOT 5 MIGRATING {}", ids[1])),
        (second, format!("CLUSTER SETSLOT 6 IMPORTING {}", ids[0])),
        (second, format!("CLUSTER SETSLOT 6 NODE {}", ids[1])),
        (first, "CLUSTER DELSLOTS 7".into()),
    ] {
        let _: () = ask(node, &order);
    }
    let before = [nodes(first), nodes(second)];
    assert!(before[0].contains(&format!("[5->-{}]", ids[1])), "{before:?}");
    drop(server);
    let server = Server::start(&options(first.port())).unwrap();
    assert_eq!([nodes(first), nodes(second)], before);
    let info: String = ask(first, "CLUSTER INFO");
    assert!(
        info.contains("cluster_current_epoch:2\r\n") && info.contains("cluster_slots_assigned:16383"),
        "{info}"
    );
    let _: () = ask(first, "CLUSTER ADDSLOTS 7");
    let _: () = ask(first, "SET {b} y");
    drop(server);

    let path = dir.path().join(first.port().to_string()).join("nodes.conf");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("connected", "connected 0-x", 1)).unwrap();
    let error = Server::start(&options(first.port())).unwrap_err().to_string();
    assert!(error.contains(&format!("line 1 of {} is broken", path.display())), "{error}");
}

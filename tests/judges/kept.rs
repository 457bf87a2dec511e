//! What `--dir` keeps, read again at the next start.

use std::net::SocketAddr;
use std::path::Path;

use fillbench::server::{Server, ServerOptions};

use crate::common::ask;

/// Two masters that keep their `nodes.conf`, on ports that are free.
fn start(dir: &Path, port: Option<u16>) -> Server {
    let first = 20_000 + std::process::id() as u16 % 20_000;
    for port in port.map_or(first..first + 400, |port| port..port + 1).step_by(2) {
        let options =
            ServerOptions { masters: Some(2), port, dir: Some(dir.into()), ..ServerOptions::default() };
        match Server::start(&options) {
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
    let server = start(dir.path(), None);
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
    let server = start(dir.path(), Some(first.port()));
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
    let options = ServerOptions {
        masters: Some(2),
        port: first.port(),
        dir: Some(dir.path().into()),
        ..ServerOptions::default()
    };
    let error = Server::start(&options).unwrap_err().to_string();
    assert!(error.contains(&format!("line 1 of {} is broken", path.display())), "{error}");
}

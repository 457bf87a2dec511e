//! The errors that a node can be told to answer, beside those of a real server that has come to them by
//! itself. Every fault that is an error is here.

use std::net::SocketAddr;

use fillbench::server::{Server as Embedded, ServerOptions};
use fillbench::target::{Layout, Spawned};

use crate::common::{Server, eventually};
use crate::conformity::judge::Client;
use crate::conformity::pair::Pair;

/// What an embedded server with this fault says to a write.
fn said(fault: &str) -> String {
    let server = Embedded::start(&ServerOptions { masters: None, ..ServerOptions::default() }).unwrap();
    let mut client = Client::connect(server.addresses()[0]);
    assert!(client.call(&[b"fillbench", b"fault", fault.as_bytes()]).is_ok());
    client.call(&[b"set", b"a", b"1"]).as_error().unwrap().to_owned()
}

/// A real server that may be told where its files are.
async fn real(test: &str) -> Option<(Spawned, Client)> {
    let mut spawn = Server::find("redis", test)?.spawn(Layout::Standalone);
    spawn.extra_args = ["--enable-protected-configs", "yes"].map(Into::into).into();
    let spawned = spawn.start().await.unwrap();
    let client = Client::connect(spawned.addresses()[0]);
    Some((spawned, client))
}

#[track_caller]
fn order(client: &mut Client, words: &[&str]) {
    let bytes: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    let answer = client.call(&bytes);
    assert!(answer.as_error().is_none(), "{words:?}: {answer:?}");
}

/// What it says to a write, if that is an error.
fn refusal(client: &mut Client) -> String {
    client.call(&[b"set", b"a", b"1"]).as_error().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn no_memory_and_no_replicas() {
    let Some((_spawned, mut client)) = real("no_memory_and_no_replicas").await else { return };
    order(&mut client, &["config", "set", "maxmemory", "1"]);
    assert_eq!(said("oom"), refusal(&mut client));
    order(&mut client, &["config", "set", "maxmemory", "0", "min-replicas-to-write", "1"]);
    assert_eq!(said("noreplicas"), refusal(&mut client));
}

#[tokio::test]
async fn a_place_that_is_gone() {
    let Some((_spawned, mut client)) = real("a_place_that_is_gone").await else { return };
    let gone = tempfile::tempdir().unwrap();
    order(&mut client, &["config", "set", "save", "3600 1"]);
    order(&mut client, &["config", "set", "dir", gone.path().to_str().unwrap()]);
    gone.close().unwrap();
    order(&mut client, &["bgsave"]);
    let wanted = said("misconf");
    assert!(wanted.starts_with("MISCONF "));
    eventually(&wanted, || refusal(&mut client));
}

/// A replica that takes a second to load what it is sent.
#[tokio::test]
async fn a_replica_and_one_that_loads() {
    let Some((master, mut at_master)) = real("a_replica_and_one_that_loads").await else { return };
    let Some((_replica, mut client)) = real("a_replica_and_one_that_loads").await else { return };
    order(&mut at_master, &["config", "set", "repl-diskless-sync-delay", "0", "rdbcompression", "no"]);
    // Between two of them it looks whether anybody asks.
    let value = "v".repeat(1500);
    (0..50).for_each(|key| order(&mut at_master, &["set", &key.to_string(), &value]));
    order(&mut client, &["config", "set", "loading-process-events-interval-bytes", "1024"]);
    order(&mut client, &["config", "set", "key-load-delay", "20000"]);
    let follow = |client: &mut Client, address: SocketAddr| {
        order(client, &["replicaof", &address.ip().to_string(), &address.port().to_string()]);
    };
    follow(&mut client, master.addresses()[0]);
    assert_eq!(said("readonly"), refusal(&mut client));
    // It would say that first.
    order(&mut client, &["config", "set", "replica-read-only", "no"]);
    eventually(&said("loading"), || refusal(&mut client));
}

#[tokio::test]
async fn a_replica_whose_master_is_gone() {
    let Some((_spawned, mut client)) = real("a_replica_whose_master_is_gone").await else { return };
    order(&mut client, &["config", "set", "replica-read-only", "no", "replica-serve-stale-data", "no"]);
    // Nobody listens there.
    order(&mut client, &["replicaof", "127.0.0.1", "1"]);
    assert_eq!(said("masterdown"), refusal(&mut client));
}

#[tokio::test]
async fn slots_that_are_elsewhere_or_on_their_way() {
    let Some(mut pair) = Pair::start("slots_that_are_elsewhere_or_on_their_way").await else { return };
    // Which node is named is not the same.
    let nameless = |text: String| text.replace("N0", "N").replace("N1", "N");
    let real = &mut pair.real;
    let mut texts = vec![("moved", real.ask(1, "set {b}1 x"))];
    real.ask(0, "set {b}1 x");
    real.ask(0, "cluster setslot 3300 migrating ID1");
    texts.push(("ask", real.ask(0, "set {b}new x")));
    texts.push(("tryagain", real.ask(0, "mset {b}1 x {b}new x")));
    real.ask(0, "cluster setslot 3300 stable");
    (0..2).for_each(|node| drop(real.ask(node, "cluster delslots 0")));
    texts.push(("clusterdown", real.ask(0, "set {b}1 x")));
    for (fault, text) in texts {
        let code = fault.to_uppercase();
        assert!(text.starts_with(&format!("Error(\"{code} ")), "{fault}: {text}");
        pair.embedded.ask(0, &format!("fillbench fault {fault}"));
        assert_eq!(nameless(pair.embedded.ask(0, "set {b}1 x")), nameless(text));
        pair.embedded.ask(0, "fillbench fault off");
    }
}

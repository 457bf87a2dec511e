//! Who answers what in a cluster of two while slots move: the same order of commands to both clusters.
//! Nodes are called `N0` and `N1`, and their names `ID0` and `ID1`.

use fillbench::resp::Value;
use fillbench::server::{Server as Embedded, ServerOptions};
use fillbench::target::{Layout, Spawned};

use crate::common::{Server, eventually};
use crate::judge::Client;

/// A cluster of two, with a client at each node.
struct Side {
    clients: [Client; 2],
    addresses: [String; 2],
    ids: [String; 2],
}

impl Side {
    fn new(addresses: &[std::net::SocketAddr]) -> Self {
        let mut clients = [0, 1].map(|node| Client::connect(addresses[node]));
        let ids = [0, 1].map(|node| match clients[node].call(&[b"CLUSTER", b"MYID"]) {
            Value::Bulk(id) => String::from_utf8(id.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        });
        Self { clients, addresses: [0, 1].map(|node| addresses[node].to_string()), ids }
    }

    /// The answer of a node, with the nodes' own names for names and addresses.
    fn ask(&mut self, node: usize, command: &str) -> String {
        let mut words: Vec<String> = command.split(' ').map(Into::into).collect();
        for word in &mut words {
            for other in [0, 1] {
                let (host, port) = self.addresses[other].split_once(':').unwrap();
                *word = match word.as_str() {
                    "''" => String::new(),
                    _ if *word == format!("ID{other}") => self.ids[other].clone(),
                    _ if *word == format!("HOST{other}") => host.into(),
                    _ if *word == format!("PORT{other}") => port.into(),
                    _ => continue,
                };
            }
        }
        let words: Vec<&[u8]> = words.iter().map(String::as_bytes).collect();
        let mut answer = format!("{:?}", self.clients[node].call(&words));
        for other in [0, 1] {
            answer = answer.replace(&self.addresses[other], &format!("N{other}"));
            answer = answer.replace(&self.ids[other], &format!("ID{other}"));
        }
        answer
    }
}

struct Pair {
    real: Side,
    embedded: Side,
    _spawned: Spawned,
    _server: Embedded,
}

impl Pair {
    async fn start(test: &str) -> Option<Self> {
        let spawned = Server::find("redis", test)?.start(Layout::even(2)).await;
        let server =
            Embedded::start(&ServerOptions { masters: Some(2), ..ServerOptions::default() }).unwrap();
        let (real, embedded) = (Side::new(spawned.addresses()), Side::new(server.addresses()));
        Some(Self { real, embedded, _spawned: spawned, _server: server })
    }

    /// A real node looks only now and then at whether it serves.
    fn real_is_up(&mut self) {
        for node in [0, 1] {
            eventually(&true, || self.real.ask(node, "cluster info").contains("cluster_state:ok"));
        }
    }

    /// Each line is a node and a command; both clusters answer the same. Shows all lines that differ.
    #[track_caller]
    fn agree(&mut self, script: &str) {
        let mut wrong = Vec::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (node, command) = line.split_once(' ').unwrap();
            let node = node.parse().unwrap();
            let (real, embedded) = (self.real.ask(node, command), self.embedded.ask(node, command));
            if real != embedded {
                wrong.push(format!("{line}\n  real:     {real}\n  embedded: {embedded}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[tokio::test]
async fn commands_are_sent_where_their_keys_are() {
    let Some(mut pair) = Pair::start("commands_are_sent_where_their_keys_are").await else { return };
    pair.agree(
        "
        0 cluster keyslot {b}
        0 set {b}1 x
        1 set {b}1 x
        1 get {b}1
        1 exists {b}1 {b}2
        0 mset {b}1 x a y
        1 mset {b}1 x a y
        0 del {b}1 {b}none
        1 asking
        1 get {b}1
        0 set {b}1 old
        0 set {b}2 old
        # Half of it.
        0 cluster setslot 3300 migrating ID1
        0 get {b}1
        0 get {b}none
        0 exists {b}none
        0 del {b}none
        0 set {b}new x
        0 mget {b}1 {b}2
        0 mget {b}1 {b}none
        0 mget {b}none {b}none2
        0 mset {b}1 x {b}none y
        0 mset {b}none x {b}none2 y
        0 exists {b}1 {b}none
        1 set {b}new x
        1 cluster setslot 3300 importing ID0
        1 get {b}new
        1 asking
        1 get {b}new
        1 get {b}new
        1 asking
        1 set {b}new x
        1 asking
        1 mget {b}new {b}none
        1 asking
        1 mget {b}none {b}none
        1 asking
        1 del {b}none {b}none
        1 asking
        1 mset {b}new y {b}none y
        1 asking
        1 mset {b}new y {b}new z
        1 asking
        1 ping
        1 get {b}new
        1 asking
        1 nosuchcommand
        1 get {b}new
        1 asking
        1 get a b
        1 get {b}new
        1 restore-asking {b}r 0 x
        # Hand it over.
        0 cluster setslot 3300 node ID1
        0 migrate HOST1 PORT1 {b}none 0 5000
        0 migrate HOST1 PORT1 {b}1 0 5000 keys {b}2
        0 migrate HOST1 PORT1 {b}1 0 5000 what
        0 migrate HOST1 PORT1 {b}1 0 5000 auth
        0 migrate HOST1 PORT1 {b}1 x 5000
        0 migrate HOST1 PORT1 {b}1 0 x
        0 migrate HOST1 PORT1 {b}1 0 5000 copy
        0 migrate HOST1 PORT1 {b}1 0 5000
        0 migrate HOST1 PORT1 {b}1 0 5000 auth secret
        0 migrate HOST1 PORT1 {b}1 0 5000 replace
        0 get {b}1
        0 migrate HOST1 PORT1 '' 0 5000 keys {b}1 {b}2 a
        0 migrate HOST1 PORT1 '' 0 5000 keys {b}1 {b}2
        0 cluster countkeysinslot 3300
        1 cluster countkeysinslot 3300
        1 migrate HOST0 PORT0 a{x} 0 5000
        0 migrate HOST1 PORT1 a 0 5000
        1 asking
        1 mget {b}1 {b}2 {b}new
        1 cluster setslot 3300 node ID1
        0 cluster setslot 3300 node ID1
        0 get {b}1
        1 get {b}1
        1 mget {b}1 {b}2 {b}new
        0 migrate HOST1 1 b 0 100
        ",
    );
}

#[tokio::test]
async fn orders_are_refused_with_the_same_words() {
    let Some(mut pair) = Pair::start("orders_are_refused_with_the_same_words").await else { return };
    pair.agree(
        "
        0 cluster
        0 cluster what
        0 cluster addslots 0
        0 cluster addslots x
        0 cluster addslots 16384
        0 cluster addslots -1
        0 cluster addslots
        0 cluster addslotsrange 5 1
        0 cluster addslotsrange 1 5 7
        0 cluster addslotsrange 1 5
        0 cluster delslots 1 1
        0 cluster delslotsrange 5 3
        0 cluster setslot 0 migrating ID0
        0 cluster setslot 0 migrating what
        0 cluster setslot 16000 migrating ID1
        0 cluster setslot 0 importing ID1
        0 cluster setslot 16000 importing what
        0 cluster setslot 0 node what
        0 cluster setslot 0 stable
        0 cluster setslot 0 stable now
        0 cluster setslot 0 what ID1
        0 cluster setslot 0 node
        0 cluster setslot x stable
        0 cluster forget what
        0 cluster forget ID0
        0 cluster replicas what
        0 cluster replicas ID1
        0 cluster slaves ID0
        0 cluster count-failure-reports what
        0 cluster count-failure-reports ID1
        0 cluster set-config-epoch 9
        0 cluster set-config-epoch -9
        0 cluster set-config-epoch x
        0 cluster meet what 7000
        0 cluster meet 127.0.0.1 0
        0 cluster meet 127.0.0.1 x
        0 cluster meet 127.0.0.1 7000 x
        0 cluster countkeysinslot x
        0 cluster countkeysinslot 16384
        0 cluster getkeysinslot 0 -1
        0 cluster getkeysinslot 16384 1
        0 cluster getkeysinslot 0 x
        0 cluster keyslot {b}x
        0 cluster slots what
        0 cluster reset what
        0 set {b}1 x
        0 cluster reset
        0 cluster flushslots
        0 cluster getkeysinslot 3300 5
        0 readonly
        0 readwrite
        ",
    );
}

#[tokio::test]
async fn slots_that_nobody_has_are_not_served() {
    let Some(mut pair) = Pair::start("slots_that_nobody_has_are_not_served").await else { return };
    pair.agree("0 cluster delslots 3300");
    // In Redis each node has to be told.
    pair.real.ask(1, "cluster delslots 3300");
    let script = "
        0 cluster delslots 3300
        0 get {b}1
        0 mget {b}1 a
        0 get {c}1
        0 get {bd}1
        0 mget {bd}1 a
        1 get {b}1
        0 ping
        0 dbsize
    ";
    pair.agree(script);
    pair.agree("0 config set cluster-require-full-coverage no");
    pair.agree("1 config set cluster-require-full-coverage no");
    pair.real_is_up();
    pair.agree(script);
    pair.agree("0 cluster addslots 3300");
    pair.real_is_up();
    pair.agree("0 set {b}1 x");
}

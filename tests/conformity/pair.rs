//! Two clusters of two nodes, one real and one embedded, and a client at each node. Nodes are called `N0`
//! and `N1`, and their names `ID0` and `ID1`.

use fillbench::resp::Value;
use fillbench::server::{Server as Embedded, ServerOptions};
use fillbench::target::{Layout, Spawned};

use crate::common::{Server, eventually};
use crate::conformity::judge::Client;

/// A cluster of two, with a client at each node.
pub(crate) struct Side {
    clients: [Client; 2],
    pub(crate) addresses: [String; 2],
    ids: [String; 2],
}

impl Side {
    pub(crate) fn new(addresses: &[std::net::SocketAddr]) -> Self {
        let mut clients = [0, 1].map(|node| Client::connect(addresses[node]));
        let ids = [0, 1].map(|node| match clients[node].call(&[b"CLUSTER", b"MYID"]) {
            Value::Bulk(id) => String::from_utf8(id.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        });
        Self { clients, addresses: [0, 1].map(|node| addresses[node].to_string()), ids }
    }

    /// The answer of a node, with the nodes' own names for names and addresses.
    pub(crate) fn ask(&mut self, node: usize, command: &str) -> String {
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

pub(crate) struct Pair {
    pub(crate) real: Side,
    pub(crate) embedded: Side,
    _spawned: Spawned,
    _server: Embedded,
}

impl Pair {
    pub(crate) async fn start(test: &str) -> Option<Self> {
        let spawned = Server::find("redis", test)?.start(Layout::even(2)).await;
        let server =
            Embedded::start(&ServerOptions { masters: Some(2), ..ServerOptions::default() }).unwrap();
        let (real, embedded) = (Side::new(spawned.addresses()), Side::new(server.addresses()));
        Some(Self { real, embedded, _spawned: spawned, _server: server })
    }

    /// A real node looks only now and then at whether it serves.
    pub(crate) fn real_is_up(&mut self) {
        for node in [0, 1] {
            eventually(&true, || self.real.ask(node, "cluster info").contains("cluster_state:ok"));
        }
    }

    /// Each line is a node and a command; both clusters answer the same. Shows all lines that differ.
    #[track_caller]
    pub(crate) fn agree(&mut self, script: &str) {
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

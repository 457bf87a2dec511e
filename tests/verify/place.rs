//! Servers whose keys are verified, real or embedded, and one run of `fillbench verify`.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use fillbench::results::{Findings, Verdict, Verification};
use fillbench::server::{Server as Embedded, ServerOptions};
use fillbench::slots::slot_of;
use fillbench::target::{Layout, Spawned};

use crate::common::{Server, at, connect, fillbench};
use crate::fill::data::Data;
use crate::fill::site::{Truth, slots_by, truth_at};

/// Servers that live as long as this.
enum Servers {
    Real(Spawned),
    Embedded(Embedded),
}

/// Servers with keys to verify.
pub(crate) struct Place {
    servers: Servers,
}

/// A run of `fillbench verify` that is over.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) code: i32,
    pub(crate) record: Verification,
    /// All of stderr, in one line.
    pub(crate) told: String,
}

impl Place {
    pub(crate) async fn real(server: &Server, layout: Layout) -> Self {
        Self { servers: Servers::Real(server.start(layout).await) }
    }

    pub(crate) fn embedded(masters: Option<u16>) -> Self {
        let options = ServerOptions { masters, ..ServerOptions::default() };
        Self::of(Embedded::start(&options).unwrap())
    }

    pub(crate) fn of(server: Embedded) -> Self {
        Self { servers: Servers::Embedded(server) }
    }

    /// The masters; of embedded servers, the replicas follow them.
    pub(crate) fn masters(&self) -> &[SocketAddr] {
        match &self.servers {
            Servers::Real(spawned) => spawned.masters(),
            Servers::Embedded(server) => server.addresses(),
        }
    }

    /// Ends one of the real masters for good.
    pub(crate) fn kill(&mut self, master: usize) {
        match &mut self.servers {
            Servers::Real(spawned) => spawned.kill(master),
            Servers::Embedded(_) => panic!("an embedded node cannot be killed alone"),
        }
    }

    /// `fillbench` with words, and then with others that may hold anything, at this place.
    pub(crate) fn run(&self, words: &str, args: &[String]) -> std::process::Output {
        let words = words.split_whitespace().map(String::from);
        let all: Vec<String> =
            words.chain(args.iter().cloned()).chain(at(self.masters()[0])).chain(["--json".into()]).collect();
        fillbench(all).output().unwrap()
    }

    /// Fills, and sees to it that it went well.
    pub(crate) fn fill(&self, data: &Data, args: &str) {
        let output = self.run(args, &data.args());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }

    /// Verifies.
    pub(crate) fn verify(&self, data: &Data, args: &str) -> Verified {
        Verified::of(self.run(&format!("verify {args}"), &data.args()))
    }

    /// A command about a key, to the master that owns it. `K` stands for the key.
    pub(crate) fn about(&self, key: &str, words: &str) {
        let owner = self.owner(slot_of(key.as_bytes()));
        let mut command = redis::Cmd::new();
        words.split(' ').for_each(|word| {
            command.arg(if word == "K" { key } else { word });
        });
        command.exec(&mut connect(owner)).unwrap_or_else(|error| panic!("{words} for {key}: {error}"));
    }

    /// The master that owns a slot.
    pub(crate) fn owner(&self, slot: u16) -> SocketAddr {
        let slots_of: BTreeMap<_, _> = slots_by(self.masters()[0]);
        *slots_of.iter().find(|(_, slots)| slots.contains(&slot)).unwrap().0
    }

    /// Checks with another client that a dataset is there to the last byte.
    #[track_caller]
    pub(crate) fn assert_holds(&self, data: &Data) {
        let all = Truth { exact: data.keys, ..Truth::default() };
        assert_eq!(truth_at(data, &slots_by(self.masters()[0])), all);
    }
}

impl Verified {
    pub(crate) fn of(output: std::process::Output) -> Self {
        let told = String::from_utf8(output.stderr).unwrap();
        let record = serde_json::from_slice(&output.stdout);
        Self {
            code: output.status.code().unwrap(),
            record: record.unwrap_or_else(|error| panic!("{error}: {told}")),
            told: told.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    /// Checks that nothing was found wrong with any of so many keys.
    #[track_caller]
    pub(crate) fn assert_exact(&self, keys: u64) {
        let Verification { found, verdict, error, repair, .. } = &self.record;
        assert_eq!((self.code, *verdict, error), (0, Verdict::Exact, &None), "{self:?}");
        let all = Findings { planned: found.planned, selected: keys, exact: keys, ..Findings::default() };
        assert_eq!((found, repair), (&all, &None), "{self:?}");
        assert!(self.told.contains("exact: all "), "{self:?}");
    }
}

/// Makes of each test one with a Redis cluster, one with a Valkey cluster and one with the embedded one.
macro_rules! everywhere {
    ($($(#[$meta:meta])* fn $name:ident($place:ident: &Place) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            fn test($place: &$crate::verify::place::Place) $body

            async fn real(server: &'static str, test_name: &str) {
                if let Some(server) = $crate::common::Server::find(server, test_name) {
                    let layout = fillbench::target::Layout::shares(&[1, 6, 2]);
                    let place = $crate::verify::place::Place::real(&server, layout).await;
                    tokio::task::spawn_blocking(move || test(&place)).await.unwrap();
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn redis() {
                real("redis", concat!(stringify!($name), "::redis")).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn valkey() {
                real("valkey", concat!(stringify!($name), "::valkey")).await;
            }

            #[test]
            fn embedded() {
                test(&$crate::verify::place::Place::embedded(Some(3)));
            }
        }
    )*};
}
pub(crate) use everywhere;

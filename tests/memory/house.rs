//! Servers with limited memory, real or our own, and runs against them.

use std::net::SocketAddr;

use fillbench::results::{Record, SlotRun};
use fillbench::server::{Server as Embedded, ServerOptions};
use fillbench::target::{Layout, Spawned};

use crate::common::{Server, ask, at, connect, fillbench, key_counts};
use crate::fill::data::Data;
use crate::fill::run::{Run, begin};
use crate::fill::site::slots_by;

pub(crate) const MIB: u64 = 1 << 20;

/// Servers that live as long as this.
enum Servers {
    Real(Spawned),
    Embedded(Embedded),
}

/// Servers to fill.
pub(crate) struct House {
    servers: Servers,
}

impl House {
    /// So many masters, or a standalone server; our own where no other is given.
    pub(crate) async fn start(server: Option<&Server>, masters: Option<u16>) -> Self {
        let servers = match server {
            Some(server) => {
                Servers::Real(server.start(masters.map_or(Layout::Standalone, Layout::even)).await)
            }
            None => {
                let options = ServerOptions { masters, ..ServerOptions::default() };
                Servers::Embedded(Embedded::start(&options).unwrap())
            }
        };
        Self { servers }
    }

    pub(crate) fn masters(&self) -> &[SocketAddr] {
        match &self.servers {
            Servers::Real(spawned) => spawned.masters(),
            Servers::Embedded(server) => server.addresses(),
        }
    }

    /// Whether they are our own.
    pub(crate) fn is_embedded(&self) -> bool {
        matches!(self.servers, Servers::Embedded(_))
    }

    /// Runs the program with words against these servers.
    pub(crate) fn run(&self, words: &str) -> Run {
        let mut all: Vec<String> = words.split_whitespace().map(Into::into).collect();
        all.extend(at(self.masters()[0]));
        all.push("--json".into());
        begin(&all, &[]).end()
    }

    /// Fills with a dataset.
    pub(crate) fn fill(&self, data: &Data, words: &str) -> Run {
        self.run(&format!("{} {words}", data.args().join(" ")))
    }

    /// A command to each master.
    pub(crate) fn tell_all(&self, words: &str) {
        for &master in self.masters() {
            ask::<redis::Value>(master, words);
        }
    }

    /// Lets a master use so many bytes more than it does now.
    pub(crate) fn leave_room(&self, master: usize, bytes: u64) {
        let limit = self.info(master, "used_memory") + bytes;
        ask::<String>(self.masters()[master], &format!("CONFIG SET maxmemory {limit}"));
    }

    /// Keys on all masters.
    pub(crate) fn keys(&self) -> u64 {
        key_counts(self.masters()).iter().sum()
    }

    /// A number under INFO.
    pub(crate) fn info(&self, master: usize, field: &str) -> u64 {
        let info: String = ask(self.masters()[master], "INFO all");
        let value = info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value.unwrap_or_else(|| panic!("no {field} in {info}")).trim().parse().unwrap()
    }

    /// Keys that were evicted, on all masters.
    pub(crate) fn evicted(&self) -> u64 {
        (0..self.masters().len()).map(|master| self.info(master, "evicted_keys")).sum()
    }

    /// Reads every key of the slots that a record tells of, whole, with a client that is none of ours; and
    /// checks that nothing else is there.
    #[track_caller]
    pub(crate) fn assert_holds(&self, data: &Data, record: &Record) {
        let runs = record.done.slots.as_ref().unwrap();
        let counts: Vec<u64> =
            runs.iter().flat_map(|run: &SlotRun| (run.first..=run.last).map(|_| run.keys)).collect();
        assert_eq!(counts.len(), 16384, "{runs:?}");
        let planned: u64 = counts.iter().sum();
        assert_eq!((planned, record.account.proven), (record.account.planned, planned));
        assert_eq!(self.keys(), planned);
        let (spec, values) = (data.spec(), data.values());
        for (owner, slots) in slots_by(self.masters()[0]) {
            let mut connection = connect(owner);
            for slot in slots {
                let mut pipe = redis::pipe();
                let position = |ordinal| fillbench::dataset::Position { slot, ordinal };
                for ordinal in 0..counts[usize::from(slot)] {
                    pipe.get(spec.shape().key(position(ordinal)));
                }
                if pipe.is_empty() {
                    continue;
                }
                let found: Vec<Vec<u8>> = pipe.query(&mut connection).unwrap();
                for (ordinal, found) in (0..).zip(found) {
                    assert!(found == values.value(position(ordinal)), "slot {slot}, key {ordinal}");
                }
            }
        }
    }

    /// Verifies what a folder tells; every key is to be right.
    #[track_caller]
    pub(crate) fn assert_verified(&self, folder: &std::path::Path, keys: u64) {
        let output = fillbench(["verify", "--from", folder.to_str().unwrap(), "--json"]).output().unwrap();
        let record: fillbench::results::Verification = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), record.found.exact), (Some(0), keys), "{record:?}");
    }
}

/// Makes of each test one for Redis, one for Valkey and one for our own server.
macro_rules! in_each_house {
    ($($(#[$meta:meta])* async fn $name:ident($server:ident: Option<&Server>) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn test($server: Option<&Server>) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn redis() {
                if let Some(server) = Server::find("redis", concat!(stringify!($name), "::redis")) {
                    test(Some(&server)).await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn valkey() {
                if let Some(server) = Server::find("valkey", concat!(stringify!($name), "::valkey")) {
                    test(Some(&server)).await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn embedded() {
                test(None).await;
            }
        }
    )*};
}
pub(crate) use in_each_house;

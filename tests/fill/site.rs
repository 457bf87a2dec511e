//! Servers to fill, and what they hold, as a client sees it that is none of ours.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use fillbench::dataset::{Position, Values};
use fillbench::slots::SLOTS;
use fillbench::target::{Layout, Spawned};
use redis::{Connection, Pipeline};

use crate::common::{Server, ask, at, connect, key_counts};
use crate::data::Data;
use crate::run::{Run, Running, begin};

/// How much is asked for at a time.
const BATCH_KEYS: usize = 2_000;
const BATCH_BYTES: usize = 8 << 20;

/// Servers to fill.
pub(crate) struct Site {
    /// `redis` or `valkey`.
    pub(crate) name: &'static str,
    pub(crate) servers: Spawned,
}

/// What there is of a dataset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Truth {
    /// Keys with their value, to the last byte.
    pub(crate) exact: u64,
    /// Keys that are not there.
    pub(crate) missing: u64,
    /// Keys that hold something else.
    pub(crate) wrong: u64,
}

impl Site {
    /// Servers without anything special.
    pub(crate) async fn start(server: &Server, layout: Layout) -> Self {
        Self { name: server.name, servers: server.start(layout).await }
    }

    /// Servers with arguments of their own.
    pub(crate) async fn start_with(server: &Server, layout: Layout, args: &[&str]) -> Self {
        let mut spawn = server.spawn(layout);
        spawn.extra_args = args.iter().map(ToString::to_string).collect();
        let servers = spawn.start().await.unwrap_or_else(|error| panic!("{}: {error}", server.name));
        Self { name: server.name, servers }
    }

    /// The masters.
    pub(crate) fn masters(&self) -> &[SocketAddr] {
        self.servers.masters()
    }

    /// Where one is, as the program names it.
    pub(crate) fn named(&self, master: usize) -> String {
        self.masters()[master].to_string()
    }

    /// Begins a fill; `args` are words with blanks between.
    pub(crate) fn begin(&self, data: &Data, args: &str) -> Running {
        let mut all = data.args();
        all.extend(at(self.masters()[0]));
        all.push("--json".into());
        all.extend(args.split_whitespace().map(Into::into));
        begin(&all, &[])
    }

    /// Fills.
    pub(crate) fn fill(&self, data: &Data, args: &str) -> Run {
        self.begin(data, args).end()
    }

    /// Begins a fill of so many keys a second, and waits until a quarter of them is there.
    pub(crate) fn begin_slowly(&self, data: &Data, keys_per_second: u64, args: &str) -> Running {
        let before = self.keys();
        let mut running = self.begin(data, &format!("--rate {keys_per_second} {args}"));
        running.until(|| self.keys() - before >= data.keys / 4);
        running
    }

    /// A command to every master.
    pub(crate) fn tell_all(&self, words: &str) {
        for &master in self.masters() {
            ask::<redis::Value>(master, words);
        }
    }

    /// Deletes everything.
    pub(crate) fn empty(&self) {
        self.tell_all("FLUSHALL SYNC");
    }

    /// All keys on all masters.
    pub(crate) fn keys(&self) -> u64 {
        key_counts(self.masters()).iter().sum()
    }

    /// A number that a master shows under INFO.
    pub(crate) fn info(&self, master: usize, field: &str) -> u64 {
        let info: String = ask(self.masters()[master], "INFO all");
        let value = info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value.unwrap_or_else(|| panic!("no {field} in {info}")).trim().parse().unwrap()
    }

    /// Which master owns each slot; a standalone server owns all.
    pub(crate) fn owners(&self) -> Vec<SocketAddr> {
        let seed = self.masters()[0];
        let mut owners = vec![seed; usize::from(SLOTS)];
        if ask::<String>(seed, "INFO cluster").contains("cluster_enabled:0") {
            return owners;
        }
        for row in ask::<Vec<Vec<redis::Value>>>(seed, "CLUSTER SLOTS") {
            let number = |value| redis::from_redis_value_ref::<usize>(value).unwrap();
            let redis::Value::Array(node) = &row[2] else { panic!("{row:?}") };
            let owner = SocketAddr::from(([127, 0, 0, 1], number(&node[1]) as u16));
            owners[number(&row[0])..=number(&row[1])].fill(owner);
        }
        owners
    }

    /// How many keys each slot holds, by its owner's word. A cluster's only.
    pub(crate) fn counts(&self) -> Vec<u64> {
        let mut connections = self.connections();
        let mut counts = vec![0; usize::from(SLOTS)];
        for (owner, slots) in self.slots_of() {
            let mut pipe = redis::pipe();
            for slot in &slots {
                pipe.cmd("CLUSTER").arg("COUNTKEYSINSLOT").arg(slot);
            }
            let answers: Vec<u64> = pipe.query(connections.get_mut(&owner).unwrap()).unwrap();
            for (slot, count) in slots.into_iter().zip(answers) {
                counts[usize::from(slot)] = count;
            }
        }
        counts
    }

    /// The slots of each master.
    pub(crate) fn slots_of(&self) -> BTreeMap<SocketAddr, Vec<u16>> {
        let mut slots_of: BTreeMap<_, Vec<u16>> = BTreeMap::new();
        for (slot, owner) in (0..).zip(self.owners()) {
            slots_of.entry(owner).or_default().push(slot);
        }
        slots_of
    }

    fn connections(&self) -> BTreeMap<SocketAddr, Connection> {
        self.masters().iter().map(|&master| (master, connect(master))).collect()
    }

    /// What all masters together hold of a dataset.
    pub(crate) fn truth(&self, data: &Data) -> Truth {
        self.truth_of(data, |_| true)
    }

    /// What some masters hold of their part of a dataset.
    pub(crate) fn truth_of(&self, data: &Data, of: impl Fn(SocketAddr) -> bool) -> Truth {
        let values = data.values();
        let mut truth = Truth::default();
        for (owner, slots) in self.slots_of().into_iter().filter(|(owner, _)| of(*owner)) {
            let mut reader = Reader { connection: connect(owner), values: &values, truth };
            let positions: Vec<_> = slots.into_iter().flat_map(|slot| data.positions(slot)).collect();
            let most = (BATCH_BYTES / data.value_size.max(1) as usize).clamp(1, BATCH_KEYS);
            let spec = data.spec();
            for batch in positions.chunks(most) {
                reader.read(batch, |position| spec.shape().key(position));
            }
            truth = reader.truth;
        }
        truth
    }

    /// Checks that a dataset is there, each key in its slot, and nothing else.
    #[track_caller]
    pub(crate) fn assert_holds(&self, data: &Data, what: &str) {
        assert_eq!(self.keys(), data.keys, "{}: {what}", self.name);
        if self.masters().len() > 1 {
            assert_eq!(self.counts(), data.keys_per_slot(), "{}: {what}", self.name);
        }
        let all = Truth { exact: data.keys, ..Truth::default() };
        assert_eq!(self.truth(data), all, "{}: {what}", self.name);
    }
}

/// Reads whole values from one server, and compares them.
struct Reader<'a> {
    connection: Connection,
    values: &'a Values,
    truth: Truth,
}

impl Reader<'_> {
    fn read(&mut self, batch: &[Position], key: impl Fn(Position) -> Vec<u8>) {
        let mut pipe = redis::pipe();
        pipe.ignore_errors();
        batch.iter().for_each(|&position| {
            pipe.cmd("GET").arg(key(position));
        });
        for (value, &position) in self.query(&pipe).into_iter().zip(batch) {
            match value {
                redis::Value::Nil => self.truth.missing += 1,
                redis::Value::BulkString(value) if value == self.values.value(position) => {
                    self.truth.exact += 1;
                }
                redis::Value::ServerError(error) if error.code() != "WRONGTYPE" => panic!("{error:?}"),
                _ => self.truth.wrong += 1,
            }
        }
    }

    fn query(&mut self, pipe: &Pipeline) -> Vec<redis::Value> {
        pipe.query(&mut self.connection).unwrap()
    }
}

//! Servers to fill, and what they hold, as a client sees it that is none of ours.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use fillbench::slots::SLOTS;
use fillbench::target::{Layout, Spawned};

use crate::common::{Server, ask, at, connect, key_counts};
use crate::fill::data::Data;
use crate::fill::run::{Run, Running, begin};

/// How much is asked for at a time.
const BATCH_KEYS: usize = 2_000;
const BATCH_BYTES: usize = 8 << 20;

/// Servers to fill.
pub(crate) struct Site {
    /// `redis` or `valkey`.
    pub(crate) name: &'static str,
    pub(crate) servers: Spawned,
}

/// The slots of each master, in order.
pub(crate) type SlotsOf = BTreeMap<SocketAddr, Vec<u16>>;

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

    /// The slots of each master, by the word of the first; a standalone server's are all.
    pub(crate) fn slots_of(&self) -> SlotsOf {
        slots_by(self.masters()[0])
    }

    /// How many keys each slot of a cluster holds, by its owner's word.
    fn counts(&self) -> Vec<u64> {
        let mut counts = vec![0; usize::from(SLOTS)];
        for (owner, slots) in self.slots_of() {
            let mut pipe = redis::pipe();
            for slot in &slots {
                pipe.cmd("CLUSTER").arg("COUNTKEYSINSLOT").arg(slot);
            }
            let answers: Vec<u64> = pipe.query(&mut connect(owner)).unwrap();
            slots.into_iter().zip(answers).for_each(|(slot, count)| counts[usize::from(slot)] = count);
        }
        counts
    }

    /// What all masters together hold of a dataset.
    pub(crate) fn truth(&self, data: &Data) -> Truth {
        truth_at(data, &self.slots_of())
    }

    /// Checks that a dataset is there, each key in its slot, and nothing else.
    #[track_caller]
    pub(crate) fn assert_holds(&self, data: &Data, what: &str) {
        assert_eq!(self.keys(), data.keys, "{}: {what}", self.name);
        if is_cluster(self.masters()[0]) {
            assert_eq!(self.counts(), data.keys_per_slot(), "{}: {what}", self.name);
        }
        let all = Truth { exact: data.keys, ..Truth::default() };
        assert_eq!(self.truth(data), all, "{}: {what}", self.name);
    }
}

/// The slots of each master, by the word of one; a standalone server's are all.
pub(crate) fn slots_by(seed: SocketAddr) -> SlotsOf {
    if !is_cluster(seed) {
        return [(seed, (0..SLOTS).collect())].into();
    }
    let mut slots_of = SlotsOf::new();
    for row in ask::<Vec<Vec<redis::Value>>>(seed, "CLUSTER SLOTS") {
        let number = |value| redis::from_redis_value_ref::<u16>(value).unwrap();
        let redis::Value::Array(node) = &row[2] else { panic!("{row:?}") };
        let owner = SocketAddr::from(([127, 0, 0, 1], number(&node[1])));
        slots_of.entry(owner).or_default().extend(number(&row[0])..=number(&row[1]));
    }
    slots_of
}

fn is_cluster(server: SocketAddr) -> bool {
    ask::<String>(server, "INFO cluster").contains("cluster_enabled:1")
}

/// What some masters hold of a dataset in some slots: every key read whole, and compared.
pub(crate) fn truth_at(data: &Data, slots_of: &SlotsOf) -> Truth {
    let (spec, values) = (data.spec(), data.values());
    let batch_keys = (BATCH_BYTES / data.value_size.max(1) as usize).clamp(1, BATCH_KEYS);
    let mut truth = Truth::default();
    for (&owner, slots) in slots_of {
        let mut connection = connect(owner);
        for batch in data.positions(slots).chunks(batch_keys) {
            let mut pipe = redis::pipe();
            pipe.ignore_errors();
            for &position in batch {
                pipe.get(spec.shape().key(position));
            }
            let found: Vec<redis::Value> = pipe.query(&mut connection).unwrap();
            for (found, &position) in found.into_iter().zip(batch) {
                match found {
                    redis::Value::Nil => truth.missing += 1,
                    redis::Value::BulkString(found) if found == values.value(position) => truth.exact += 1,
                    redis::Value::ServerError(error) if error.code() != "WRONGTYPE" => panic!("{error:?}"),
                    _ => truth.wrong += 1,
                }
            }
        }
    }
    truth
}

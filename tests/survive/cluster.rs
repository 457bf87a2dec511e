//! What faults are made in: a cluster of three masters and a replica of each, or one server alone, real or
//! embedded; and how to strike its nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fillbench::server::{Server as Embedded, ServerOptions};
use fillbench::target::{Layout, Spawn, SpawnError, Spawned};
use redis::RedisResult;
use tokio::runtime::Runtime;

use crate::common::{Server, ask, connect, eventually};
use crate::fill::data::Data;
use crate::fill::run::{Running, begin};
use crate::fill::site::{SlotsOf, slots_by};
use crate::survive::case::{Case, case_of};

/// How long a real node is silent before the others call it failed.
pub(crate) const NODE_TIMEOUT: Duration = Duration::from_millis(1000);
/// How long nodes are given to agree again after a fault.
const SETTLING: Duration = Duration::from_secs(25);
const PAUSE: Duration = Duration::from_millis(20);
/// So often a real server is started again until it has its port.
const RESTARTS: usize = 20;
/// Every wait of a run, short enough that a test sees its end.
const LIMITS: [(&str, &str); 5] = [
    ("--connect-timeout", "2s"),
    ("--barrier-timeout", "3s"),
    ("--proof-timeout", "5s"),
    ("--recovery-timeout", "20s"),
    ("--deadline", "60s"),
];

enum Servers {
    Real(Spawned),
    Embedded(Embedded),
}

/// Nodes to fill and to strike. Dropped, they are gone.
pub(crate) struct Cluster {
    /// `redis`, `valkey` or `embedded`.
    pub(crate) kind: &'static str,
    servers: Servers,
    runtime: Runtime,
    /// Nodes that nobody can ask: they are dead, or stopped.
    away: BTreeSet<SocketAddr>,
}

/// Runs a test on new real servers.
pub(crate) fn on_real(name: &'static str, test: &str, run: fn(&mut Cluster, Case)) {
    if let Some(server) = Server::find(name, &format!("{test}::{name}")) {
        let told = case_of(test, name);
        run(&mut Cluster::real(&server, &Layout::even(3), 1), told.0);
    }
}

/// Runs a test on new embedded servers.
pub(crate) fn on_embedded(test: &str, run: fn(&mut Cluster, Case)) {
    let told = case_of(test, "embedded");
    run(&mut Cluster::embedded(Some(3)), told.0);
}

impl Cluster {
    /// Real servers with a layout, and replicas for each master.
    pub(crate) fn real(server: &Server, layout: &Layout, replicas: u16) -> Self {
        let runtime = Runtime::new().unwrap();
        let node_timeout = NODE_TIMEOUT.as_millis().to_string();
        let settings = [
            ["--cluster-node-timeout", &node_timeout],
            // However far a replica is behind, it may take over: that is the fault.
            ["--cluster-replica-validity-factor", "0"],
            ["--cluster-allow-replica-migration", "no"],
            ["--enable-debug-command", "yes"],
        ];
        let extra_args = settings.concat().iter().map(ToString::to_string).collect();
        let spawn = Spawn { replicas, extra_args, ..server.spawn(layout.clone()) };
        let spawned =
            runtime.block_on(spawn.start()).unwrap_or_else(|error| panic!("{}: {error}", server.name));
        Self { kind: server.name, servers: Servers::Real(spawned), runtime, away: BTreeSet::new() }
    }

    /// Embedded servers: so many masters with a replica each, or one that is in no cluster.
    pub(crate) fn embedded(masters: Option<u16>) -> Self {
        let options = ServerOptions { masters, replicas: 1, ..ServerOptions::default() };
        let server = Embedded::start(&options).unwrap();
        let runtime = Runtime::new().unwrap();
        let cluster =
            Self { kind: "embedded", servers: Servers::Embedded(server), runtime, away: BTreeSet::new() };
        for &node in cluster.nodes() {
            eventually(&true, || {
                !ask::<String>(node, "INFO replication").contains("master_link_status:down")
            });
        }
        cluster
    }

    /// All nodes: those that started as masters, then a replica of each in the same order.
    pub(crate) fn nodes(&self) -> &[SocketAddr] {
        match &self.servers {
            Servers::Real(spawned) => spawned.addresses(),
            Servers::Embedded(server) => server.addresses(),
        }
    }

    /// A node that started as a master.
    pub(crate) fn master(&self, number: usize) -> SocketAddr {
        self.nodes()[number]
    }

    /// The replica that such a master started with.
    pub(crate) fn replica_of(&self, number: usize) -> SocketAddr {
        self.nodes()[self.nodes().len() / 2 + number]
    }

    /// Nodes that can be asked.
    pub(crate) fn alive(&self) -> Vec<SocketAddr> {
        self.nodes().iter().filter(|node| !self.away.contains(node)).copied().collect()
    }

    /// The present masters with their slots, by the word of a node that can be asked.
    pub(crate) fn slots_of(&self) -> SlotsOf {
        slots_by(self.alive()[0])
    }

    /// The slots that a node that started as a master owns at present.
    pub(crate) fn slots_at(&self, number: usize) -> Vec<u16> {
        self.slots_of().remove(&self.master(number)).unwrap_or_default()
    }

    /// The present masters, as far as they can be asked.
    pub(crate) fn masters(&self) -> Vec<SocketAddr> {
        self.slots_of().into_keys().filter(|owner| !self.away.contains(owner)).collect()
    }

    /// Keys at the masters that can be asked.
    pub(crate) fn keys(&self) -> u64 {
        sum_of_keys(&self.masters())
    }

    /// A command to every node that owns slots and can be asked.
    pub(crate) fn tell_masters(&self, words: &str) {
        for owner in self.masters() {
            ask::<redis::Value>(owner, words);
        }
    }

    /// Begins a fill as fast as it goes.
    pub(crate) fn begin_at_once(&self, node: SocketAddr, data: &Data, case: Case, args: &str) -> Running {
        let Case { command, writers, .. } = case;
        let mut all = data.args();
        let way = format!("--json --command {command} --writers {writers}");
        let words = format!("-h {} -p {} {way} {args}", node.ip(), node.port());
        all.extend(words.split_whitespace().map(Into::into));
        // A test may have other limits.
        let left = LIMITS.into_iter().filter(|(option, _)| !args.contains(option));
        all.extend(left.flat_map(|(option, limit)| [option.into(), limit.into()]));
        begin(&all, &[])
    }

    /// Begins a fill that takes its time, pointed at a node.
    pub(crate) fn begin_at(&self, node: SocketAddr, data: &Data, case: Case, args: &str) -> Running {
        self.begin_at_once(node, data, case, &format!("--rate {} {args}", data.keys / case.seconds))
    }

    /// Begins a fill, and waits for the moment of the case.
    pub(crate) fn begin(&self, data: &Data, case: Case, args: &str) -> Running {
        self.begin_from(self.master(0), data, case, args)
    }

    /// The same, pointed at a node.
    pub(crate) fn begin_from(&self, node: SocketAddr, data: &Data, case: Case, args: &str) -> Running {
        let (masters, before) = (self.masters(), self.keys());
        let mut running = self.begin_at(node, data, case, args);
        let mark = before + data.keys * case.percent / 100;
        running.until(|| sum_of_keys(&masters) >= mark);
        running
    }

    /// Waits until all nodes that can be asked agree on whose the slots are, and serve; replicas have copied
    /// their masters.
    pub(crate) fn settle(&self) {
        let began = Instant::now();
        while let Err(problem) = self.is_settled() {
            assert!(began.elapsed() < SETTLING, "{}: {problem}", self.kind);
            std::thread::sleep(PAUSE);
        }
    }

    fn is_settled(&self) -> Result<(), String> {
        if self.nodes().len() == 1 {
            return Ok(());
        }
        let mut views: BTreeMap<Vec<(u16, u16, u16)>, SocketAddr> = BTreeMap::new();
        for node in self.alive() {
            let told = |error: redis::RedisError| format!("{node}: {error}");
            let info: String = try_ask(node, "CLUSTER INFO").map_err(told)?;
            if !info.contains("cluster_state:ok") {
                return Err(format!("{node} does not serve: {info}"));
            }
            let info: String = try_ask(node, "INFO replication").map_err(told)?;
            if info.contains("master_link_status:down") {
                return Err(format!("{node} has not copied its master"));
            }
            let rows: Vec<Vec<redis::Value>> = try_ask(node, "CLUSTER SLOTS").map_err(told)?;
            let number = |value: &redis::Value| redis::from_redis_value_ref::<u16>(value).unwrap();
            let row = |row: Vec<redis::Value>| {
                let redis::Value::Array(owner) = &row[2] else { panic!("{row:?}") };
                (number(&row[0]), number(&row[1]), number(&owner[1]))
            };
            let mut view: Vec<_> = rows.into_iter().map(row).collect();
            view.sort_unstable();
            views.insert(view, node);
        }
        if views.len() == 1 { Ok(()) } else { Err(format!("they do not agree: {views:?}")) }
    }

    /// Ends a node as a crash would.
    pub(crate) fn kill(&mut self, number: usize) {
        let node = self.nodes()[number];
        match &mut self.servers {
            Servers::Real(spawned) => spawned.kill(number),
            Servers::Embedded(_) => {
                // It may be gone before it answers.
                let _: RedisResult<String> = try_ask(node, "FILLBENCH FAULT crash");
            }
        }
        self.away.insert(node);
    }

    /// Ends a node, and starts it again without its keys.
    pub(crate) fn restart(&mut self, number: usize) {
        let node = self.nodes()[number];
        match &mut self.servers {
            Servers::Real(spawned) => {
                spawned.kill(number);
                // Somebody may have its port for a moment, as the near end of a connection.
                for left in (0..RESTARTS).rev() {
                    match self.runtime.block_on(spawned.restart(number)) {
                        Err(SpawnError::Ended { log, .. })
                            if left > 0 && log.contains("Address already in use") =>
                        {
                            std::thread::sleep(PAUSE);
                        }
                        restarted => {
                            restarted.unwrap();
                            break;
                        }
                    }
                }
            }
            Servers::Embedded(_) => {
                let _: RedisResult<String> = try_ask(node, "FILLBENCH FAULT restart");
            }
        }
    }

    /// Stops a real node where it is.
    pub(crate) fn pause(&mut self, number: usize) {
        let Servers::Real(spawned) = &self.servers else {
            panic!("an embedded node cannot be stopped alone")
        };
        spawned.pause(number).unwrap();
        self.away.insert(self.nodes()[number]);
    }

    /// Lets a real node go on.
    pub(crate) fn resume(&mut self, number: usize) {
        let Servers::Real(spawned) = &self.servers else {
            panic!("an embedded node cannot be stopped alone")
        };
        spawned.resume(number).unwrap();
        let node = self.nodes()[number];
        self.away.remove(&node);
    }

    /// Waits until a node is gone that was told to end.
    pub(crate) fn until_gone(&mut self, number: usize) {
        let node = self.nodes()[number];
        eventually(&true, || std::net::TcpStream::connect(node).is_err());
        self.away.insert(node);
    }

    /// Waits until a node owns slots, as all that can be asked see it.
    pub(crate) fn until_owner(&self, node: SocketAddr) {
        let began = Instant::now();
        while !self.alive().into_iter().all(|asked| slots_by(asked).contains_key(&node)) {
            assert!(began.elapsed() < SETTLING, "{}: {node} did not take over", self.kind);
            std::thread::sleep(PAUSE);
        }
    }
}

/// Keys at some nodes.
pub(crate) fn sum_of_keys(nodes: &[SocketAddr]) -> u64 {
    nodes.iter().map(|&node| ask::<u64>(node, "DBSIZE")).sum()
}

/// A command over a connection of its own, which may be refused, or fail.
pub(crate) fn try_ask<T: redis::FromRedisValue>(address: SocketAddr, words: &str) -> RedisResult<T> {
    let client = redis::Client::open(format!("redis://{address}"))?;
    let mut connection = client.get_connection_with_timeout(Duration::from_secs(2))?;
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut command = redis::Cmd::new();
    words.split(' ').for_each(|word| {
        command.arg(word);
    });
    command.query(&mut connection)
}

/// A node's id.
pub(crate) fn id(node: SocketAddr) -> String {
    ask(node, "CLUSTER MYID")
}

/// Keys that are moved together.
const MOVED_TOGETHER: usize = 500;

/// Opens a slot at both ends of its move.
pub(crate) fn open_slot(slot: u16, source: SocketAddr, target: SocketAddr) {
    ask::<String>(target, &format!("CLUSTER SETSLOT {slot} IMPORTING {}", id(source)));
    ask::<String>(source, &format!("CLUSTER SETSLOT {slot} MIGRATING {}", id(target)));
}

/// Moves so many keys of an open slot, or all.
pub(crate) fn move_keys(slot: u16, source: SocketAddr, target: SocketAddr, most: usize) {
    let mut connection = connect(source);
    let mut left = most;
    while left > 0 {
        let together = left.min(MOVED_TOGETHER);
        let keys: Vec<Vec<u8>> = redis::cmd("CLUSTER")
            .arg("GETKEYSINSLOT")
            .arg(slot)
            .arg(together)
            .query(&mut connection)
            .unwrap();
        if keys.is_empty() {
            break;
        }
        let mut migrate = redis::cmd("MIGRATE");
        migrate.arg("127.0.0.1").arg(target.port()).arg("").arg(0).arg(5000).arg("KEYS").arg(&keys);
        migrate.exec(&mut connection).unwrap();
        left -= keys.len();
    }
}

/// Waits until a node that is to be given slots has heard of its giver's epoch. Else the one that it takes, without
/// asking anybody, may be the lesser, and the next heartbeat of the giver, which does not know yet, takes the
/// slot back: then each believes that the other has it.
pub(crate) fn wait_until_newer(target: SocketAddr, source: SocketAddr) {
    let epoch = |node, field: &str| -> u64 {
        let info: String = ask(node, "CLUSTER INFO");
        let line = info.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim_start_matches(':').trim().parse().unwrap()
    };
    eventually(&true, || epoch(target, "cluster_current_epoch") >= epoch(source, "cluster_my_epoch"));
}

/// Moves a slot with its keys from one node to another, as `redis-cli --cluster reshard` does.
pub(crate) fn move_slot(slot: u16, source: SocketAddr, target: SocketAddr, masters: &[SocketAddr]) {
    open_slot(slot, source, target);
    move_keys(slot, source, target, usize::MAX);
    give_slot(slot, source, target, masters);
}

/// Ends the move of a slot that has no more keys at its source.
pub(crate) fn give_slot(slot: u16, source: SocketAddr, target: SocketAddr, masters: &[SocketAddr]) {
    let target_id = id(target);
    let others = masters.iter().copied().filter(|master| ![source, target].contains(master));
    for node in [target, source].into_iter().chain(others) {
        ask::<String>(node, &format!("CLUSTER SETSLOT {slot} NODE {target_id}"));
    }
}

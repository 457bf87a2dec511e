//! The cluster: it makes itself, is filled from every place that its README names, and loses masters in all the ways
//! that an engine has for it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use fillbench::results::{Record, Verdict};

use super::engine::{Compose, any_compose, run};
use super::image;
use super::project::{FOLDER, Project};
use crate::common::{Server, ask, key_counts};
use crate::fill::data::Data;
use crate::fill::run::{Running, begin};
use crate::fill::site::{SlotsOf, Truth, truth_at};

/// Every wait of a run, short enough that a test sees its end; and how long a node is silent before it is replaced.
const LIMITS: &str =
    "--connect-timeout 2s --barrier-timeout 2s --proof-timeout 5s --recovery-timeout 20s --deadline 60s";
const NODE_TIMEOUT: &str = "SERVER_OPTIONS=--cluster-node-timeout 2000";
/// How long nodes are given to notice something.
const PATIENCE: Duration = Duration::from_secs(20);
const NODES: [u16; 6] = [0, 1, 2, 3, 4, 5];

struct Cluster(Project);

impl Cluster {
    /// Up, and ready.
    fn up(compose: Compose, server: &Server, more: &[String]) -> Self {
        let mut variables = vec![format!("SERVER_IMAGE={}", image::of_server(server))];
        variables.extend_from_slice(more);
        let cluster = Self(Project::new(compose, Path::new(FOLDER), &variables));
        cluster.up_again();
        cluster
    }

    /// It serves as soon as that has come back.
    #[track_caller]
    fn up_again(&self) {
        self.0.compose("up -d");
        for node in NODES.map(|number| self.0.node(number)) {
            assert!(serves(node), "{node} sees no cluster that serves");
        }
    }

    /// The present masters with their slots, by the word of a node.
    fn slots_of(&self, number: u16) -> SlotsOf {
        let mut slots_of = SlotsOf::new();
        for row in ask::<Vec<Vec<redis::Value>>>(self.0.node(number), "CLUSTER SLOTS") {
            let text = |value| redis::from_redis_value_ref::<String>(value).unwrap();
            let slot = |value| redis::from_redis_value_ref::<u16>(value).unwrap();
            let redis::Value::Array(owner) = &row[2] else { panic!("{row:?}") };
            let owner = format!("{}:{}", text(&owner[0]), text(&owner[1])).parse().unwrap();
            slots_of.entry(owner).or_default().extend(slot(&row[0])..=slot(&row[1]));
        }
        slots_of
    }

    /// Begins a fill of eight seconds through a published port, and waits until a tenth of it is there: an engine
    /// takes seconds, too, on a busy machine.
    fn begin(&self, number: u16, data: &Data) -> Running {
        let before = self.keys(number);
        let mut running = self.fill(number, data, &format!("--rate {}", data.keys / 8));
        running.until(|| self.keys(number) - before >= data.keys / 10);
        running
    }

    /// How many keys the present masters have.
    fn keys(&self, number: u16) -> u64 {
        key_counts(&self.slots_of(number).into_keys().collect::<Vec<_>>()).iter().sum()
    }

    /// A fill through a published port, with options as words with blanks between.
    fn fill(&self, number: u16, data: &Data, options: &str) -> Running {
        let words = format!("-h {} -p 700{number} --json {LIMITS} {options}", self.0.host_address());
        let mut args = data.args();
        args.extend(words.split_whitespace().map(Into::into));
        begin(&args, &[])
    }

    /// Checks that every key of a dataset is there, by the word of a node and as a client reads them that is none of
    /// ours.
    #[track_caller]
    fn assert_holds(&self, number: u16, data: &Data) {
        let all = Truth { exact: data.keys, ..Truth::default() };
        assert_eq!(truth_at(data, &self.slots_of(number)), all);
    }

    /// Does something to a master in the middle of a fill, waits until its replica has taken over, undoes it, and
    /// checks that nothing is lost.
    #[track_caller]
    fn survives(&self, data: &Data, witness: u16, harm: impl Fn(&str), undo: impl Fn(&str)) {
        let witness_address = self.0.node(witness);
        let masters: BTreeSet<_> = self.slots_of(witness).into_keys().collect();
        let victim = *masters.iter().find(|master| **master != witness_address).unwrap();
        let service = format!("node-{}", victim.port());
        let mut running = self.begin(witness, data);
        harm(&service);
        running.until(|| true);
        until("a replica takes over", || !self.slots_of(witness).contains_key(&victim));
        undo(&service);
        let record = running.end().assert_mended();
        assert_told(&record, victim);
        self.assert_holds(witness, data);
    }

    /// Waits until all nodes are back, and have copied their masters.
    fn until_well(&self) {
        for number in NODES {
            until("all is well", || serves(self.0.node(number)));
        }
    }
}

/// Whether a node sees a cluster that serves, and has copied its master if it is a replica.
fn serves(node: SocketAddr) -> bool {
    let answers = ["CLUSTER INFO", "INFO replication"].map(|words| {
        let client = redis::Client::open(format!("redis://{node}")).unwrap();
        let connection = client.get_connection_with_timeout(Duration::from_secs(1));
        let mut command = redis::Cmd::new();
        words.split(' ').for_each(|word| {
            command.arg(word);
        });
        connection.and_then(|mut connection| {
            connection.set_read_timeout(Some(Duration::from_secs(1)))?;
            command.query::<String>(&mut connection)
        })
    });
    match answers {
        [Ok(cluster), Ok(replication)] => {
            cluster.contains("cluster_state:ok") && !replication.contains("master_link_status:down")
        }
        _ => false,
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it did not come to it that {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[track_caller]
fn assert_told(record: &Record, victim: SocketAddr) {
    let told = record.incidents.iter().any(|incident| incident.master == victim.to_string());
    assert!(told, "nothing is told of {victim}: {:?}", record.incidents);
}

/// Twenty thousand keys under a prefix of their own.
fn data(prefix: &'static str) -> Data {
    Data { prefix, ..Data::of(20_000) }
}

#[test]
fn masters_that_are_paused_cut_off_and_killed_cost_nothing() {
    let test = "docker::cluster::masters_that_are_paused_cut_off_and_killed_cost_nothing";
    let (Some(compose), Some(server)) = (any_compose(test), Server::find("valkey", test)) else { return };
    // With a limit, a fill would write a few keys and delete them again before it begins, and the fault would come then.
    let cluster = Cluster::up(compose, &server, &[NODE_TIMEOUT.into(), "SERVER_MAXMEMORY=0".into()]);
    let project = &cluster.0;

    // As the program is told of it: without anything else, by one of the published ports.
    let whole = data("whole:");
    let record = cluster.fill(0, &whole, "").end().assert_exact();
    assert_eq!((record.target.masters, record.target.replicas), (3, 3));
    cluster.assert_holds(0, &whole);

    let pause = |service: &str| drop(project.compose(&format!("pause {service}")));
    let unpause = |service: &str| drop(project.compose(&format!("unpause {service}")));
    cluster.survives(&data("paused:"), 0, pause, unpause);

    cluster.until_well();
    let network = project.network();
    let cut = |service: &str| {
        run(&["docker", "network", "disconnect", &network, &project.container(service)]);
    };
    let mend = |service: &str| {
        let number = service.chars().last().unwrap().to_digit(10).unwrap() as u16;
        let address = project.node(number).ip().to_string();
        run(&["docker", "network", "connect", "--ip", &address, &network, &project.container(service)]);
    };
    cluster.survives(&data("cut:"), 0, cut, mend);

    cluster.until_well();
    let kill = |service: &str| drop(project.compose(&format!("kill {service}")));
    cluster.survives(&data("killed:"), 0, kill, |_| ());
    for prefix in ["whole:", "paused:", "cut:"] {
        cluster.assert_holds(0, &data(prefix));
    }

    // Who was killed finds back, as a replica.
    project.compose("up -d");
    cluster.until_well();
    assert_eq!(cluster.slots_of(0).len(), 3);
    project.down();
}

/// It is filled from every place that the README names, stays as it is when it is brought up once more, comes back
/// after it was stopped, and is another one after it was taken down.
fn comes_and_goes(compose: Compose, server: &Server) {
    let cluster = Cluster::up(compose, server, &[format!("FILLBENCH_IMAGE={}", image::of_program())]);
    let project = &cluster.0;

    let inside = data("inside:");
    let options = format!("run --rm -T fillbench -h node-7000 -p 7000 --json {}", inside.args().join(" "));
    let record: Record = serde_json::from_str(&project.compose(&options)).unwrap();
    assert_eq!((record.verdict, record.account.proven), (Verdict::Exact, inside.keys));
    cluster.assert_holds(0, &inside);

    // As from where the containers' network is not reached.
    let published = data("published:");
    let entry = |number| format!("--address-map {}={}", project.node(number).ip(), project.host_address());
    let map = NODES.map(entry).join(" ");
    let record = cluster.fill(1, &published, &map).end().assert_exact();
    let address = project.host_address().to_string();
    assert!(record.servers.iter().all(|server| server.address.starts_with(&address)), "{record:?}");
    cluster.assert_holds(0, &published);

    cluster.up_again();
    let masters = cluster.slots_of(0);
    cluster.assert_holds(0, &inside);
    project.compose("stop --timeout 10");
    cluster.up_again();
    assert_eq!(cluster.slots_of(0), masters);
    assert_eq!(cluster.keys(0), 0);
    cluster.fill(0, &inside, "").end().assert_exact();

    project.down();
    cluster.up_again();
    assert_eq!(cluster.keys(0), 0);
    cluster.fill(0, &inside, "").end().assert_exact();
    project.down();
}

#[test]
fn it_comes_and_goes_with_compose_1() {
    let test = "docker::cluster::it_comes_and_goes_with_compose_1";
    if let (Some(compose), Some(server)) = (Compose::V1.find(test), Server::find("redis", test)) {
        comes_and_goes(compose, &server);
    }
}

#[test]
fn it_comes_and_goes_with_compose_2() {
    let test = "docker::cluster::it_comes_and_goes_with_compose_2";
    if let (Some(compose), Some(server)) = (Compose::V2.find(test), Server::find("redis", test)) {
        comes_and_goes(compose, &server);
    }
}

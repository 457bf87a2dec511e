//! A network that is cut and restored, between the fill and the nodes; the nodes among themselves hear each
//! other all the time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::common::ask;
use crate::fill::data::Data;
use crate::survive::case::{Case, survive};
use crate::survive::cluster::Cluster;
use crate::survive::judge::Trial;
use crate::survive::proxy::{Doors, Gate};

/// How long it lasts, where nobody's patience ends.
const SHORT: Duration = Duration::from_millis(700);
/// And where it does.
const LONG: Duration = Duration::from_millis(2500);
const IMPATIENT: &str = "--barrier-timeout 1s --connect-timeout 1s --proof-timeout 1s";

/// Fills through doors, does something to those of some nodes for a while, and judges.
fn through(cluster: &Cluster, case: Case, nodes: &[usize], gates: &[Gate], time: Duration) {
    let trial = Trial::new(cluster, Data::of(60_000));
    let doors = Doors::before(cluster.nodes());
    let args = format!("{} {IMPATIENT}", doors.args());
    let running = cluster.begin_from(doors.front(0), &trial.data, case, &args);
    for &gate in gates {
        nodes.iter().for_each(|&node| doors.set(node, gate));
        std::thread::sleep(time / gates.len() as u32);
    }
    nodes.iter().for_each(|&node| doors.set(node, Gate::Open));
    trial.survived(cluster, running);
}

/// Ends the connections of those who write to a node, and no others.
fn cut_off_writers(node: SocketAddr, command: &str) {
    let list: String = ask(node, "CLIENT LIST");
    let writers = list.lines().filter(|line| line.contains(&format!(" cmd={command} ")));
    let ids: Vec<_> =
        writers.filter_map(|line| line.split(' ').find_map(|word| word.strip_prefix("id="))).collect();
    assert!(!ids.is_empty(), "{list}");
    for id in ids {
        ask::<u64>(node, &format!("CLIENT KILL ID {id}"));
    }
}

survive! {
    fn a_master_behind_a_silent_network(cluster, case) on redis, valkey, embedded {
        through(cluster, case, &[case.victim], &[Gate::Silent], SHORT);
    }

    fn a_master_behind_a_network_that_is_silent_for_long(cluster, case) on redis, valkey, embedded {
        through(cluster, case, &[case.victim], &[Gate::Silent], LONG);
    }

    fn a_master_that_cannot_be_reached_for_a_while(cluster, case) on redis, valkey, embedded {
        through(cluster, case, &[case.victim], &[Gate::Shut], LONG);
    }

    fn no_node_can_be_reached_for_a_while(cluster, case) on redis, valkey, embedded {
        through(cluster, case, &[0, 1, 2, 3, 4, 5], &[Gate::Silent, Gate::Shut], LONG);
    }

    /// The patrol's connection is answered, so writers are sent there again, and wait.
    fn nobody_waits_for_a_connection_when_a_run_is_interrupted(cluster, case) on redis, embedded {
        let data = Data::of(60_000);
        let doors = Doors::before(cluster.nodes());
        let slow = Case { percent: 3, seconds: 60, ..case };
        let args = format!("{} --connect-timeout 30s", doors.args());
        let running = cluster.begin_from(doors.front(0), &data, slow, &args);
        doors.set(case.victim, Gate::Deaf);
        cut_off_writers(cluster.master(case.victim), case.command);
        std::thread::sleep(LONG);
        let since = Instant::now();
        running.signal("INT");
        let run = running.end();
        assert!(since.elapsed() < Duration::from_secs(3), "it took {:?}: {run:?}", since.elapsed());
        assert_eq!(run.code, 130, "{run:?}");
    }
}

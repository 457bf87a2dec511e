//! A network that is cut and restored, between the fill and the nodes; the nodes among themselves hear each
//! other all the time.

use std::time::Duration;

use crate::case::{Case, survive};
use crate::cluster::Cluster;
use crate::data::Data;
use crate::judge::Trial;
use crate::proxy::{Doors, Gate};

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
}

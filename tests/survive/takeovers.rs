//! Replicas that take over from their masters, who are well, stopped, or dead.

use std::net::SocketAddr;
use std::time::Duration;

use crate::common::{ask, eventually};
use crate::fill::data::Data;
use crate::survive::case::{Case, survive};
use crate::survive::cluster::{Cluster, NODE_TIMEOUT};
use crate::survive::judge::{Trial, assert_told};

/// After it has voted about a master, a real node votes about the same slots again no earlier than this.
const VOTES_AGAIN: Duration = NODE_TIMEOUT.saturating_mul(2).saturating_add(Duration::from_millis(300));

/// Has a replica take over, and waits until all know.
fn fail_over(cluster: &Cluster, replica: SocketAddr, how: &str) {
    // A real replica refuses while its link to the master is not up again.
    eventually(&true, || ask::<String>(replica, "INFO replication").contains("master_link_status:up"));
    ask::<String>(replica, format!("CLUSTER FAILOVER {how}").trim());
    cluster.until_owner(replica);
}

survive! {
    fn a_manual_failover(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        fail_over(cluster, cluster.replica_of(case.victim), "");
        assert_told(&trial.survived(cluster, running));
    }

    fn a_manual_failover_there_and_back(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let slower = Case { percent: case.percent / 2, seconds: 7, ..case };
        let mut running = cluster.begin(&trial.data, slower, "");
        fail_over(cluster, cluster.replica_of(case.victim), "");
        std::thread::sleep(if cluster.kind == "embedded" { Duration::ZERO } else { VOTES_AGAIN });
        running.until(|| true);
        fail_over(cluster, cluster.master(case.victim), "");
        trial.survived(cluster, running);
    }

    /// Without asking the master: what it has not passed on yet is lost.
    fn a_takeover_that_the_master_did_not_agree_to(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        fail_over(cluster, cluster.replica_of(case.victim), "TAKEOVER");
        trial.survived(cluster, running);
    }

    fn a_master_that_dies(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        cluster.kill(case.victim);
        cluster.until_owner(cluster.replica_of(case.victim));
        assert_told(&trial.survived(cluster, running));
    }

    fn a_master_that_is_shut_down(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        // It ends without an answer.
        let _: redis::RedisResult<String> =
            crate::survive::cluster::try_ask(cluster.master(case.victim), "SHUTDOWN NOSAVE");
        cluster.until_gone(case.victim);
        cluster.until_owner(cluster.replica_of(case.victim));
        trial.survived(cluster, running);
    }

    /// It was silent for so long that it is a master no more, and does not know: what is in its socket
    /// buffers, it executes and acknowledges, and then throws away.
    fn a_master_that_is_stopped_past_its_failover_and_goes_on(cluster, case) on redis, valkey {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        cluster.pause(case.victim);
        cluster.until_owner(cluster.replica_of(case.victim));
        cluster.resume(case.victim);
        trial.survived(cluster, running);
    }

    fn a_master_that_is_stopped_for_a_moment(cluster, case) on redis, valkey {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        cluster.pause(case.victim);
        // Shorter than anybody waits.
        std::thread::sleep(Duration::from_millis(500));
        cluster.resume(case.victim);
        trial.survived(cluster, running);
    }

    /// The replica stands still while megabytes are executed and acknowledged; then its master dies, and it
    /// takes over without them.
    fn a_master_that_dies_before_its_replica_has_everything(cluster, case) on redis, valkey {
        let data = Data::sized(20_000, 32, 4_000);
        let trial = Trial::new(cluster, data);
        let mut running = cluster.begin(&trial.data, Case { percent: 10, ..case }, "");
        let (master, replica) = (cluster.master(case.victim), cluster.replica_of(case.victim));
        cluster.pause(3 + case.victim);
        running.until(|| ask::<u64>(master, "DBSIZE") > trial.data.keys * 3 / 4 / 3);
        let held: u64 = ask(master, "DBSIZE");
        cluster.kill(case.victim);
        cluster.resume(3 + case.victim);
        cluster.until_owner(replica);
        let kept: u64 = ask(replica, "DBSIZE");
        assert!(kept < held, "all {held} keys outlived their master: {kept}");
        trial.survived(cluster, running);
    }
}

survive! {
    /// What the master wrote in its last half second, its replica does not have.
    fn a_master_that_dies_with_what_it_wrote_last(cluster, case) on embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, Case { percent: case.percent.min(60), ..case }, "");
        ask::<String>(cluster.master(case.victim), "FILLBENCH FAULT crash=500ms");
        cluster.until_gone(case.victim);
        trial.survived(cluster, running);
    }
}

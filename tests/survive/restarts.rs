//! Masters that end and come back without their keys, before their replicas take over.

use crate::fill::data::Data;
use crate::survive::case::{Case, survive};
use crate::survive::judge::{Trial, assert_told};

survive! {
    fn a_master_that_restarts_without_its_keys(cluster, case) on redis, valkey, embedded {
        let trial = Trial::losing_theirs(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        cluster.restart(case.victim);
        assert_told(&trial.survived(cluster, running));
    }

    fn a_master_that_restarts_twice(cluster, case) on redis, valkey, embedded {
        let trial = Trial::losing_theirs(cluster, Data::of(60_000));
        let mut running = cluster.begin(&trial.data, Case { percent: case.percent / 2, seconds: 6, ..case }, "");
        cluster.restart(case.victim);
        cluster.settle();
        running.until(|| true);
        cluster.restart(case.victim);
        trial.survived(cluster, running);
    }

    fn all_masters_restart_together(cluster, case) on redis, valkey, embedded {
        let trial = Trial::losing_theirs(cluster, Data::of(60_000));
        // One after the other, which takes a while.
        let running = cluster.begin(&trial.data, Case { percent: case.percent.min(20), ..case }, "");
        (0..3).for_each(|number| cluster.restart(number));
        trial.survived(cluster, running);
    }
}

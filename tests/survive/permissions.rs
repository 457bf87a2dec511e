//! A user who loses permissions in the middle, and one who never had all of them.

use fillbench::results::Verdict;

use crate::common::{ask, connect, eventually};
use crate::fill::data::Data;
use crate::survive::case::survive;
use crate::survive::cluster::Cluster;
use crate::survive::judge::Trial;

const USER: &str = "--user filler -a hunter2";

/// Tells all nodes something about the user who fills.
fn user(cluster: &Cluster, rules: &str) {
    for node in cluster.alive() {
        ask::<String>(node, &format!("ACL SETUSER filler {rules}"));
    }
}

survive! {
    /// The barrier's ON is refused in silence.
    fn replies_that_may_not_be_switched_any_more(cluster, case) on redis, valkey {
        let trial = Trial::new(cluster, Data::of(60_000));
        user(cluster, "on >hunter2 ~* +@all");
        let running = cluster.begin(&trial.data, case, &format!("{USER} --barrier-timeout 1s"));
        user(cluster, "-client");
        // With replies on, as repair writes, nothing needs to be switched.
        let (run, _, _) = trial.told_the_truth(cluster, running);
        assert!(run.code == 0 || run.stderr.contains("NOPERM"), "{run:?}");
    }

    fn writes_that_are_forbidden_from_now_on(cluster, case) on redis, valkey {
        let trial = Trial::new(cluster, Data::of(60_000));
        user(cluster, "on >hunter2 ~* +@all");
        let running = cluster.begin(&trial.data, case, USER);
        ask::<String>(cluster.master(case.victim), "ACL SETUSER filler -@write");
        let (run, record, truth) = trial.told_the_truth(cluster, running);
        assert_eq!((run.code, record.verdict), (3, Verdict::Missing), "{run:?}");
        assert!(truth.exact > 0, "{truth:?}");
        run.assert_error(&["NOPERM", &cluster.master(case.victim).to_string()]);
        assert!(!format!("{run:?}").replace(USER, "").contains("hunter2"), "the password is told");
    }

    /// Its connections end, and it gets no new ones: nobody can look at what it wrote.
    fn a_user_who_is_removed(cluster, case) on redis, valkey {
        let trial = Trial::new(cluster, Data::of(60_000));
        user(cluster, "on >hunter2 ~* +@all");
        let running = cluster.begin(&trial.data, case, USER);
        cluster.alive().into_iter().for_each(|node| { ask::<u64>(node, "ACL DELUSER filler"); });
        let (run, record, truth) = trial.told_the_truth(cluster, running);
        assert_eq!((run.code, record.verdict), (1, Verdict::Failed), "{run:?}");
        assert!(truth.exact > 0 && truth.missing > 0, "{truth:?}");
        run.assert_error(&["WRONGPASS"]);
    }

    /// Connections that are there stay; who is thrown out is let in again once it is taken away.
    fn a_password_that_is_set_and_taken_away(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        let node = cluster.master(case.victim);
        let mut keyholder = connect(node);
        for words in [["CONFIG", "SET", "requirepass", "secret"].as_slice(), &["AUTH", "secret"]] {
            redis::cmd(words[0]).arg(&words[1..]).exec(&mut keyholder).unwrap();
        }
        let killed: u64 =
            redis::cmd("CLIENT").arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"]).query(&mut keyholder).unwrap();
        assert!(killed > 0);
        // Somebody is refused meanwhile.
        eventually(&true, || {
            let info: String = redis::cmd("INFO").arg("errorstats").query(&mut keyholder).unwrap();
            info.contains("errorstat_NOAUTH")
        });
        redis::cmd("CONFIG").arg(&["SET", "requirepass", ""]).exec(&mut keyholder).unwrap();
        trial.survived(cluster, running);
    }

    /// No counters, no counts: it follows the slots all the same, and reads what it cannot count.
    fn a_failover_under_a_user_who_may_not_ask_for_counters(cluster, case) on redis, valkey {
        let trial = Trial::new(cluster, Data::of(60_000));
        user(cluster, "on >hunter2 ~* +@all -info -cluster|countkeysinslot -dbsize");
        let running = cluster.begin(&trial.data, case, USER);
        let replica = cluster.replica_of(case.victim);
        ask::<String>(replica, "CLUSTER FAILOVER");
        cluster.until_owner(replica);
        let record = trial.survived(cluster, running);
        assert_eq!(record.account.proven_by.keys().collect::<Vec<_>>(), ["read"], "{record:?}");
    }
}

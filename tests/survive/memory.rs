//! Memory that runs out in the middle, for keys or for clients, and values that a server takes no more.

use std::net::SocketAddr;

use fillbench::results::Verdict;

use crate::common::{ask, connect, eventually};
use crate::fill::data::Data;
use crate::survive::case::{Case, survive};
use crate::survive::cluster::{Cluster, sum_of_keys};
use crate::survive::judge::{Trial, assert_told, refused};

/// The masters that are not struck, and how many keys they held before.
struct Others {
    masters: Vec<SocketAddr>,
    before: u64,
}

impl Others {
    fn of(cluster: &Cluster, case: Case) -> Self {
        let numbers = (0..3).filter(|&number| number != case.victim);
        let masters: Vec<_> = numbers.map(|number| cluster.master(number)).collect();
        Self { before: sum_of_keys(&masters), masters }
    }

    /// They have about all that they are to have: by then, a fault of the third was felt.
    fn are_filled(&self, data: &Data) -> bool {
        sum_of_keys(&self.masters) - self.before >= data.keys * 2 / 3 - 5
    }
}

survive! {
    fn a_limit_that_is_lowered_and_lifted(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        let node = cluster.master(case.victim);
        ask::<String>(node, "CONFIG SET maxmemory 1");
        eventually(&true, || refused(node, "OOM") > 0);
        ask::<String>(node, "CONFIG SET maxmemory 0");
        let (run, record, _) = trial.told_the_truth(cluster, running);
        assert!(record.account.refusals.iter().any(|refusal| refusal.error == "OOM"), "{run:?}");
        assert!([Verdict::Exact, Verdict::Missing].contains(&record.verdict), "{run:?}");
    }

    fn a_limit_that_stays(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        let node = cluster.master(case.victim);
        ask::<String>(node, "CONFIG SET maxmemory 1");
        let (run, record, truth) = trial.told_the_truth(cluster, running);
        assert_eq!((run.code, record.verdict), (3, Verdict::Missing), "{run:?}");
        assert!(truth.exact > 0 && truth.wrong == 0, "{truth:?}");
        run.assert_error(&["OOM", "raise maxmemory", &node.to_string()]);
        ask::<String>(node, "CONFIG SET maxmemory 0");
        let running = cluster.begin_at_once(node, &trial.data, case, "");
        trial.survived(cluster, running);
    }

    /// Of keys that were there before, the old values stay.
    fn a_limit_that_keeps_old_values(cluster, case) on redis, valkey, embedded {
        let old = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin_at_once(cluster.master(0), &old.data, case, "");
        old.survived(cluster, running);
        let trial = Trial::new(cluster, old.data.seeded(2));
        let node = cluster.master(case.victim);
        let mut running = cluster.begin_at(cluster.master(0), &trial.data, case, "");
        // Some are new at the master before it takes no more.
        let sets = || {
            let info: String = ask(node, "INFO commandstats");
            info.lines()
                .filter(|line| line.starts_with("cmdstat_set:") || line.starts_with("cmdstat_mset:"))
                .map(|line| line.split("calls=").nth(1).unwrap().split(',').next().unwrap().parse::<u64>().unwrap())
                .sum::<u64>()
        };
        let before = sets();
        running.until(|| sets() > before + 300);
        ask::<String>(node, "CONFIG SET maxmemory 1");
        let (run, record, truth) = trial.told_the_truth(cluster, running);
        assert_eq!((run.code, record.verdict), (3, Verdict::Wrong), "{run:?}");
        assert!(truth.exact > 0 && truth.missing == 0 && truth.wrong > 0, "{truth:?}");
    }

    /// The server makes room by throwing keys away, and answers with OK.
    fn keys_that_are_evicted(cluster, case) on redis, valkey, embedded {
        let trial = Trial::losing_theirs(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        let node = cluster.master(case.victim);
        ask::<String>(node, "CONFIG SET maxmemory-policy allkeys-lru");
        let info: String = ask(node, "INFO memory");
        let used = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
        ask::<String>(node, &format!("CONFIG SET maxmemory {used}"));
        let run = running.end();
        // From here on nothing is evicted any more, also not to make room for the judge.
        ask::<String>(node, "CONFIG SET maxmemory 0");
        let info: String = ask(node, "INFO stats");
        let evicted = info.lines().find_map(|line| line.strip_prefix("evicted_keys:")).unwrap();
        let truth = trial.truth(cluster);
        let account = run.record().account;
        // To make room for whoever came after the last look, some more were.
        let late = evicted.parse::<u64>().unwrap() - account.evicted;
        let missing = account.missing.unwrap();
        assert_eq!(account.proven + missing + account.suspect, trial.data.keys, "{run:?}");
        assert!(missing <= truth.missing && truth.missing <= missing + account.suspect + late, "{truth:?} {run:?}");
        assert_eq!((account.wrong, truth.wrong), (Some(0), 0), "{truth:?} {run:?}");
        assert!(run.code != 0 && truth.missing > 0 && account.evicted > 0, "{run:?} {truth:?}");
    }

    /// It ends the connections of those who have the most in its buffers.
    fn clients_that_are_evicted(cluster, case) on redis, valkey {
        let trial = Trial::new(cluster, Data::sized(300, 32, 300_000));
        let running = cluster.begin(&trial.data, case, "");
        let node = cluster.master(case.victim);
        // Less than a value and the few clients that only ask.
        ask::<String>(node, "CONFIG SET maxmemory-clients 150kb");
        let evicted = || {
            let info: String = crate::survive::cluster::try_ask(node, "INFO stats").unwrap_or_default();
            let count = info.lines().find_map(|line| line.strip_prefix("evicted_clients:")?.trim().parse().ok());
            count.unwrap_or(0_u64)
        };
        eventually(&true, || evicted() > 0);
        // Whoever says so may be thrown out, too.
        eventually(&true, || crate::survive::cluster::try_ask::<String>(node, "CONFIG SET maxmemory-clients 0").is_ok());
        trial.survived(cluster, running);
    }

    /// Values above it are refused from then on, and the connection is ended or silent for ever.
    fn the_longest_value_is_lowered_and_lifted(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::sized(60, 32, (1 << 20) + 100_000));
        let running = cluster.begin(&trial.data, case, "--barrier-timeout 1s");
        let node = cluster.master(case.victim);
        // One connection for all: what it says when it is made, some servers answer with the same error.
        let mut connection = connect(node);
        let mut tell = |words: &[&str]| redis::cmd(words[0]).arg(&words[1..]).query::<String>(&mut connection).unwrap();
        let before = tell(&["INFO", "errorstats"]);
        tell(&["CONFIG", "SET", "proto-max-bulk-len", "1mb"]);
        eventually(&true, || tell(&["INFO", "errorstats"]) != before);
        tell(&["CONFIG", "SET", "proto-max-bulk-len", "512mb"]);
        // Whoever was answered does not try again.
        let (run, record, _) = trial.told_the_truth(cluster, running);
        assert!([Verdict::Exact, Verdict::Missing].contains(&record.verdict), "{run:?}");
        assert_told(&record);
        let running = cluster.begin_at_once(node, &trial.data, case, "");
        trial.survived(cluster, running);
    }

    /// Who sends more than this at a time is thrown out.
    fn the_query_buffer_is_limited_for_a_while(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::sized(60, 32, (1 << 20) + 100_000));
        let others = Others::of(cluster, case);
        let mut running = cluster.begin(&trial.data, case, "");
        let node = cluster.master(case.victim);
        ask::<String>(node, "CONFIG SET client-query-buffer-limit 1mb");
        running.until(|| others.are_filled(&trial.data));
        ask::<String>(node, "CONFIG SET client-query-buffer-limit 1gb");
        assert_told(&trial.survived(cluster, running));
    }

    fn the_longest_value_is_lowered_for_good(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::sized(60, 32, (1 << 20) + 100_000));
        let running = cluster.begin(&trial.data, case, "--barrier-timeout 1s");
        let node = cluster.master(case.victim);
        ask::<String>(node, "CONFIG SET proto-max-bulk-len 1mb");
        let (run, _, truth) = trial.told_the_truth(cluster, running);
        assert!(run.code != 0 && truth.missing > 0, "{run:?}");
    }
}

//! Nodes that refuse writes for a while, or now and then.

use fillbench::results::IncidentKind;

use crate::common::{ask, connect, eventually};
use crate::fill::data::Data;
use crate::survive::case::{Case, survive};
use crate::survive::cluster::{Cluster, try_ask};
use crate::survive::judge::{Trial, refused};
use crate::survive::others::{count_commands, misled};

/// Refusals that end by themselves sooner or later, so that writing again is worth it.
const PASSING: [&str; 9] =
    ["moved", "ask", "tryagain", "clusterdown", "loading", "masterdown", "readonly", "misconf", "noreplicas"];

/// How often a master is made to refuse writes until no barrier is among them.
const ATTEMPTS: u32 = 5;

/// Has a master refuse, waits until it has, and ends that.
fn refuse(cluster: &Cluster, case: Case, fault: &str, error: &str) {
    let trial = Trial::new(cluster, Data::of(20_000));
    // Early, so that much is left to be refused.
    let running = cluster.begin(&trial.data, Case { seconds: 1, percent: 30, ..case }, "");
    let node = cluster.master(case.victim);
    let before = refused(node, error);
    ask::<String>(node, &format!("FILLBENCH FAULT {fault}"));
    eventually(&true, || refused(node, error) > before);
    ask::<String>(node, "FILLBENCH FAULT OFF");
    trial.survived(cluster, running);
}

/// Has a master refuse so briefly that no barrier is among what it refuses. Returns whether it came so.
fn are_refused_between_barriers(cluster: &Cluster, case: Case) -> bool {
    let trial = Trial::new(cluster, Data::of(60_000));
    let others = misled(cluster, &trial.data, case);
    let running = cluster.begin(&trial.data, case, "--pipeline-depth 2000");
    let node = cluster.master(case.victim);
    let before = refused(node, "NOREPLICAS");
    ask::<String>(node, "CONFIG SET min-replicas-to-write 2");
    eventually(&true, || refused(node, "NOREPLICAS") > before);
    ask::<String>(node, "CONFIG SET min-replicas-to-write 0");
    let record = trial.survived(cluster, running);
    drop(others);
    let counts = count_commands(cluster);
    // Or it was counted in two parts, of which an incident names the first.
    if record
        .incidents
        .iter()
        .any(|incident| incident.kind == IncidentKind::Refused || counts && incident.times > 1)
    {
        return false;
    }
    let refused = refused(node, "NOREPLICAS") - before;
    assert_eq!(record.account.repaired, refused, "{record:?}");
    let [counted] = &*record.incidents else { panic!("{record:?}") };
    assert_eq!((counted.kind, counted.suspect_keys > 0), (IncidentKind::ErrorsCounted, true), "{record:?}");
    if counts {
        assert!(counted.text.starts_with(&format!("it refused {refused} of our commands")), "{record:?}");
    } else {
        assert!(counted.text.contains("MOVED "), "{record:?}");
    }
    true
}

survive! {
    fn every_write_for_a_while(cluster, case) on embedded {
        for error in PASSING {
            cluster.tell_masters("FLUSHALL");
            refuse(cluster, case, error, &error.to_uppercase());
        }
    }

    /// To the end, and so often that a group of keys is refused again and again.
    fn a_write_now_and_then_to_the_end(cluster, case) on embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        ask::<String>(cluster.master(case.victim), "FILLBENCH FAULT moved/7 clusterdown/50 tryagain/9");
        trial.survived(cluster, running);
    }

    /// Barriers are few, and most often none is among them. Others are refused, too, and counted together with ours.
    fn writes_between_barriers(cluster, case) on redis, valkey {
        // Two writers would each tell of their part.
        let case = Case { command: "set", writers: 1, ..case };
        for _ in 0..ATTEMPTS {
            cluster.tell_masters("FLUSHALL");
            if are_refused_between_barriers(cluster, case) {
                return;
            }
        }
        panic!("a barrier was refused each time");
    }

    fn too_few_replicas_for_a_while(cluster, case) on redis, valkey {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        let node = cluster.master(case.victim);
        ask::<String>(node, "CONFIG SET min-replicas-to-write 2");
        eventually(&true, || refused(node, "NOREPLICAS") > 0);
        ask::<String>(node, "CONFIG SET min-replicas-to-write 0");
        trial.survived(cluster, running);
    }

    /// Everything is refused but what ends the script; the barrier's ON in silence.
    fn a_busy_script(cluster, case) on redis, valkey {
        let trial = Trial::new(cluster, Data::of(60_000));
        let node = cluster.master(case.victim);
        ask::<String>(node, "CONFIG SET busy-reply-threshold 100");
        let running = cluster.begin(&trial.data, case, "--barrier-timeout 1s");
        std::thread::scope(|scope| {
            let script = scope.spawn(|| {
                let mut connection = connect(node);
                redis::cmd("EVAL").arg("while true do end").arg(0).query::<()>(&mut connection)
            });
            // It is seen as busy, and stays so for longer than a barrier is waited for.
            eventually(&true, || try_ask::<String>(node, "PING").is_err());
            std::thread::sleep(std::time::Duration::from_millis(1500));
            ask::<String>(node, "SCRIPT KILL");
            script.join().unwrap().unwrap_err();
        });
        trial.survived(cluster, running);
    }
}

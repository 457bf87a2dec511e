//! Runs of every kind, and who limited them.

use super::*;
use crate::results::LimitedBy;

/// How long every one of them took.
const SECONDS: f64 = 10.0;

/// A run on machines of their own: so much of the time the client's one thread was busy, and each of three masters.
fn apart(client: f64, masters: [f64; 3]) -> Facts {
    let master = |(place, share): (usize, &f64)| MasterFacts {
        address: format!("m{place}"),
        cpu_seconds: Some(share * SECONDS),
        main_thread_seconds: Some(share * SECONDS),
        loop_seconds: Some(share * SECONDS),
        delayed_seconds: None,
    };
    Facts {
        seconds: SECONDS,
        client: ClientFacts {
            threads: 1,
            connections: 3,
            cpu_seconds: Some(client * SECONDS),
            busiest: Some(ThreadFacts { busy_seconds: client * SECONDS, delayed_seconds: Some(0.0) }),
            waiting_share: 0.8,
            ..ClientFacts::default()
        },
        masters: masters.iter().enumerate().map(master).collect(),
        machine: MachineFacts { cpus: 8, cpus_online: 8, busy_share: Some(client / 8.0), has_masters: false },
        ..Facts::default()
    }
}

/// The same on one machine of two processors, of which `others` take so many processors' worth; the client's thread
/// waited for one for a share of the time, and the masters' event loops had something to do for `looped` of it, in which
/// they waited for a processor whenever they had none.
fn together(client: f64, delayed: f64, masters: [f64; 3], looped: Option<f64>, others: f64) -> Facts {
    let mut facts = apart(client, masters);
    facts.client.busiest =
        Some(ThreadFacts { busy_seconds: client * SECONDS, delayed_seconds: Some(delayed * SECONDS) });
    let busy = client + masters.iter().sum::<f64>() + others;
    facts.machine =
        MachineFacts { cpus: 2, cpus_online: 2, busy_share: Some((busy / 2.0).min(1.0)), has_masters: true };
    for master in &mut facts.masters {
        let had = master.main_thread_seconds.unwrap();
        master.loop_seconds = looped.map(|share| share * SECONDS);
        // A moment less: a wait for the disk, say.
        master.delayed_seconds = master.loop_seconds.map(|time| (time - had - 0.01 * SECONDS).max(0.0));
    }
    facts
}

fn change(mut facts: Facts, how: impl FnOnce(&mut Facts)) -> Facts {
    how(&mut facts);
    facts
}

fn wire(facts: &mut Facts, share: f64) {
    let bytes = (share * 125e6 * SECONDS) as u64;
    facts.wires = vec![
        WireFacts { interface: "eth0".into(), bytes, bytes_per_second_max: 125e6 },
        WireFacts { interface: "eth1".into(), bytes: bytes / 10, bytes_per_second_max: 1.25e9 },
    ];
}

#[track_caller]
fn assert_by(name: &str, facts: &Facts, by: LimitedBy, says: &[&str]) {
    let judged = judge(facts);
    assert_eq!(judged.by, by, "{name}: {judged:?}");
    for words in says {
        let all = format!("{}; try {}", judged.because, judged.cure.clone().unwrap_or_default());
        assert!(all.contains(words), "{name}: no `{words}` in `{all}`");
    }
}

#[test]
fn whoever_is_busy_all_the_time_is_the_limit() {
    use LimitedBy::{Client, Server, Unknown};
    for (name, facts, by, says) in [
        (
            "the client",
            apart(0.97, [0.4; 3]),
            Client,
            ["this client's one thread was busy for 97% of the time", "try more --threads"],
        ),
        (
            "the servers",
            apart(0.4, [0.97, 0.96, 0.95]),
            Server,
            ["m0 was busy for 97%, and the other masters for 96% each", "one thread was busy for 40%"],
        ),
        (
            "one master of three",
            apart(0.3, [0.2, 0.99, 0.2]),
            Server,
            ["m1 was busy for 99%", "and the other masters for 20% each"],
        ),
        ("both, the client more so", apart(0.95, [0.9; 3]), Client, ["95%", "90%"]),
        ("both, the servers more so", apart(0.9, [0.95; 3]), Server, ["95%", "90%"]),
        (
            "both alike: the figures say nothing of the servers for sure",
            apart(0.9, [0.9; 3]),
            Client,
            [""; 2],
        ),
        ("just so", apart(0.851, [0.2; 3]), Client, [""; 2]),
        ("not quite", apart(0.849, [0.2; 3]), Unknown, ["nobody was busy all the time", "try a longer fill"]),
        ("the servers just so", apart(0.2, [0.2, 0.2, 0.851]), Server, [""; 2]),
        ("the servers not quite", apart(0.2, [0.2, 0.2, 0.849]), Unknown, [""; 2]),
    ] {
        assert_by(name, &facts, by, &says);
    }
}

#[test]
fn what_lies_between_is_the_limit_where_nobody_is_busy() {
    use LimitedBy::{Client, Network, Server, Unknown};
    let idle = || apart(0.2, [0.3; 3]);
    for (name, facts, by, says) in [
        ("nobody is busy", idle(), Network, "nobody was busy, and writers waited for answers for 80% of it"),
        ("nearly nobody", apart(0.699, [0.3; 3]), Network, ""),
        ("somebody a little", apart(0.701, [0.3; 3]), Unknown, ""),
        (
            "a full link",
            change(idle(), |facts| wire(facts, 0.93)),
            Network,
            "eth0 carried 93% of its 1 Gbit/s",
        ),
        ("a link half full", change(idle(), |facts| wire(facts, 0.5)), Network, "nobody was busy"),
        ("a link nearly full", change(idle(), |facts| wire(facts, 0.84)), Unknown, ""),
        (
            "a link that is faster than it is said to be",
            change(apart(0.97, [0.3; 3]), |facts| wire(facts, 7.0)),
            Client,
            "",
        ),
        ("a link and servers", change(apart(0.2, [0.99; 3]), |facts| wire(facts, 0.9)), Server, ""),
        (
            "too little unanswered",
            change(idle(), |facts| facts.window_share = Some(0.95)),
            Network,
            "try a larger --pipeline-depth or --window",
        ),
        (
            "servers that are stopped now and then",
            change(apart(0.1, [0.2; 3]), |facts| facts.masters[1].loop_seconds = Some(0.95 * SECONDS)),
            Server,
            "m1 was busy for 95%, and the other masters for 20% each; the first had a processor for 20%: something else \
             held it up, like its disk, or other programs there",
        ),
        (
            "servers that do not tell what held them up",
            change(idle(), |facts| facts.masters.iter_mut().for_each(|one| one.loop_seconds = None)),
            Network,
            "these servers do not tell what held them up",
        ),
    ] {
        assert_by(name, &facts, by, &[says]);
    }
}

#[test]
fn a_rate_is_the_limit_where_it_is_reached_or_waited_for() {
    use LimitedBy::{Rate, Server};
    let paced = |reached: f64, pacing: f64| {
        change(apart(0.2, [0.9; 3]), |facts| {
            (facts.rate_share, facts.client.pacing_share) = (Some(reached), pacing);
        })
    };
    assert_by("reached", &paced(0.98, 0.2), Rate, &["98% of what it allows was reached"]);
    assert_by("waited for", &paced(0.9, 0.6), Rate, &["writers waited for it for 60% of the time"]);
    assert_by("neither", &paced(0.96, 0.5), Server, &[]);
}

#[test]
fn within_one_machine_there_is_no_network_to_blame() {
    let idle = |change_it: fn(&mut Facts)| change(together(0.3, 0.0, [0.2; 3], Some(0.2), 0.0), change_it);
    let untold = |facts: &mut Facts| {
        facts.masters.iter_mut().for_each(|one| (one.loop_seconds, one.delayed_seconds) = (None, None));
    };
    for (name, facts, says) in [
        (
            "processors to spare",
            idle(|_| ()),
            "nobody was busy, and writers waited for answers for 80% of it",
        ),
        ("each waits for the other", idle(|_| ()), "try a larger --pipeline-depth or --window"),
        ("servers that tell little", idle(untold), "try a look at the servers' disks"),
        (
            "too little unanswered",
            idle(|facts| facts.window_share = Some(0.95)),
            "it was 95% of what is possible",
        ),
        (
            "processors that others took, and nobody missed",
            together(0.1, 0.1, [0.1; 3], Some(0.2), 1.6),
            "nobody was busy",
        ),
    ] {
        assert_by(name, &facts, LimitedBy::Unknown, &[says]);
    }
}

#[test]
fn on_too_few_processors_whoever_takes_more_of_them_is_the_limit() {
    use LimitedBy::{Client, Server, Unknown};
    let all_loops = Some(0.95);
    let masters_wait = || together(0.16, 0.11, [0.58; 3], Some(0.97), 0.06);
    let delayed = |facts: Facts, seconds: Option<f64>| {
        change(facts, |facts| facts.masters.iter_mut().for_each(|one| one.delayed_seconds = seconds))
    };
    for (name, facts, by, says) in [
        (
            "masters that always have work, and a client that has none at times",
            masters_wait(),
            Server,
            "share 2 processors, which were too few: the servers took 174% of one, this client 16%, all else 6%",
        ),
        (
            "a client that always has work, and masters that have none at times",
            together(0.62, 0.36, [0.37; 3], Some(0.6), 0.1),
            Server,
            "the servers took 111% of one, this client 62%, all else 10%",
        ),
        (
            "the same, where the system leaves processors idle while threads wait",
            together(0.62, 0.36, [0.34; 3], Some(0.6), 0.0),
            Server,
            "the servers took 102% of one, this client 62%, all else 0%",
        ),
        (
            "a client that alone has too few",
            delayed(together(0.62, 0.36, [0.34; 3], Some(0.36), 0.0), Some(0.1)),
            Client,
            "had work for 98%, and waited for a processor in between; m2 was busy for 36%",
        ),
        (
            "masters that do not tell what they had to do",
            together(0.6, 0.3, [0.45; 3], None, 0.0),
            Server,
            "share 2 processors",
        ),
        (
            "both always have work, and the client takes more",
            together(0.8, 0.15, [0.25; 3], all_loops, 0.3),
            Client,
            "try a machine of its own for this client, or fewer servers on this one",
        ),
        (
            "masters that wait for something else",
            delayed(masters_wait(), Some(0.5)),
            Server,
            "the first had a processor for 58% and waited for one for 5%: something else held it up, like its disk; this",
        ),
        (
            "masters that alone have too few",
            delayed(together(0.1, 0.02, [0.5; 3], Some(0.95), 0.0), Some(4.0)),
            Server,
            "the first had a processor for 50% and waited for one for 40%; this client's",
        ),
        (
            "other programs that take most",
            together(0.2, 0.6, [0.1; 3], all_loops, 1.5),
            Unknown,
            "this client 20%, all else 150%; try the same again when the other programs have ended",
        ),
        (
            "other programs that take more than either",
            together(0.5, 0.4, [0.2; 3], all_loops, 0.7),
            Unknown,
            "the servers took 60% of one, this client 50%, all else 70%",
        ),
        ("a thread that is busy all the same", together(0.97, 0.0, [0.3; 3], all_loops, 0.1), Client, ""),
        (
            "two processors of many, which client and servers may use alone",
            change(together(0.7, 0.2, [0.4; 3], all_loops, 0.0), |facts| {
                (facts.machine.cpus_online, facts.machine.busy_share) = (64, Some(0.03));
            }),
            Server,
            "share 2 processors",
        ),
        (
            "two processors that the client has alone, and servers on others",
            change(delayed(together(0.7, 0.02, [0.8; 3], Some(0.8), 0.0), Some(0.0)), |facts| {
                (facts.machine.cpus_online, facts.machine.busy_share) = (64, Some(0.05));
            }),
            Unknown,
            "nobody was busy all the time",
        ),
        (
            "a system that does not tell of its processors",
            change(delayed(together(0.7, 0.0, [0.4; 3], all_loops, 0.0), None), |facts| {
                (facts.machine.busy_share, facts.client.busiest) = (None, None);
            }),
            Server,
            "the servers took 120% of one, this client 70%",
        ),
    ] {
        assert_by(name, &facts, by, &[says]);
    }
    // On machines of their own, what is taken here is taken from the client alone.
    let remote =
        change(together(0.3, 0.6, [0.3; 3], Some(0.3), 1.7), |facts| facts.machine.has_masters = false);
    assert_by("a client on a busy machine", &remote, Client, &["try a machine that does nothing else"]);
}

#[test]
fn what_nobody_told_is_not_made_up() {
    use LimitedBy::{Client, Server, Unknown};
    let untold = |facts: Facts| {
        change(facts, |facts| facts.masters[2] = MasterFacts { address: "m2".into(), ..Default::default() })
    };
    let says = ["not all servers told how busy they were"];
    assert_by("one master", &untold(apart(0.3, [0.99; 3])), Unknown, &says);
    assert_by("one master, and a busy client", &untold(apart(0.99, [0.3; 3])), Client, &says);
    let cut_off = change(untold(apart(0.3, [0.99; 3])), |facts| facts.ended_before_asking = true);
    assert_by("a run that was cut off", &cut_off, Unknown, &["ended before the servers were asked how busy"]);
    let average = |cpu: Option<f64>| {
        change(apart(0.0, [0.3; 3]), |facts| {
            (facts.client.threads, facts.client.busiest) = (2, None);
            facts.client.cpu_seconds = cpu.map(|share| share * SECONDS);
        })
    };
    let says = ["each of this client's 2 threads was busy for 95% of the time, on average"];
    assert_by("threads that are not told apart", &average(Some(1.9)), Client, &says);
    assert_by("an embedded server's time in the client's", &average(None), Unknown, &["cannot be told"]);
    let process = change(apart(0.3, [0.3; 3]), |facts| {
        (facts.masters[0].main_thread_seconds, facts.masters[0].cpu_seconds) = (None, Some(0.99 * SECONDS));
    });
    assert_by("an older server, which tells of its process", &process, Server, &["m0 was busy for 99%"]);
    // Threads that only move bytes may be busy without being the limit.
    let threads = change(apart(0.3, [0.3; 3]), |facts| facts.masters[0].cpu_seconds = Some(3.5 * SECONDS));
    assert_by(
        "a server with threads that move bytes",
        &threads,
        LimitedBy::Network,
        &["m2 was busy for 30%"],
    );
    let none = change(apart(0.3, [0.3; 3]), |facts| facts.masters.clear());
    assert_by("no master", &none, Unknown, &[]);
}

#[test]
fn a_moment_is_too_short() {
    let brief = change(apart(0.99, [0.3; 3]), |facts| facts.seconds = 0.199);
    assert_by(
        "200 ms",
        &brief,
        LimitedBy::Unknown,
        &["it took 199 ms, which is too short", "try a longer fill"],
    );
    assert_eq!(judge(&brief).busy, crate::results::Busy::default());
}

#[test]
fn a_client_learns_what_would_help_it() {
    let client = |threads: u64, connections: u64| {
        change(apart(0.97, [0.4; 3]), |facts| {
            (facts.client.threads, facts.client.connections) = (threads, connections);
        })
    };
    let with_masters = |facts: Facts| change(facts, |facts| facts.machine.has_masters = true);
    for (facts, cure) in [
        (client(1, 3), "more --threads"),
        (client(1, 1), "more --writers with more --threads: one connection keeps one thread busy at a time"),
        (client(8, 3), "more --writers: one connection keeps one thread busy at a time"),
        (client(8, 24), "a faster machine, or one with more processors and --threads"),
        (
            with_masters(client(1, 3)),
            "more --threads, or a machine of its own for this client, or fewer servers on this one",
        ),
        (with_masters(client(8, 24)), "a machine of its own for this client, or fewer servers on this one"),
        (
            change(with_masters(client(1, 3)), |facts| facts.machine.busy_share = Some(0.9)),
            "a machine of its own for this client, or fewer servers on this one",
        ),
    ] {
        assert_eq!(judge(&facts).cure.as_deref(), Some(cure));
    }
    let encrypting = change(client(2, 6), |facts| facts.client.encrypts = true);
    assert_by(
        "TLS",
        &encrypting,
        LimitedBy::Client,
        &["the busiest of this client's 2 threads", "encrypting"],
    );
}

#[test]
fn the_figures_are_those_that_the_verdict_rests_on() {
    let facts = change(together(0.6, 0.3, [0.3, 0.5, 0.4], Some(0.8), 0.2), |facts| {
        wire(facts, 0.25);
        facts.window_share = Some(0.125);
    });
    let busy = judge(&facts).busy;
    let near = |share: Option<f64>, wanted: f64| share.is_some_and(|share| (share - wanted).abs() < 1e-9);
    assert!(near(busy.client_thread, 0.6) && near(busy.client_thread_delayed, 0.3), "{busy:?}");
    assert!(near(busy.master, 0.8) && near(busy.master_delayed, 0.39), "{busy:?}");
    assert!(near(busy.wire, 0.25) && near(busy.window, 0.125), "{busy:?}");
    assert!(near(busy.processors, 1.0) && busy.master_address.is_some(), "{busy:?}");
    let more_than_all = judge(&together(1.3, 0.9, [1.2; 3], Some(1.4), 0.0)).busy;
    assert!(near(more_than_all.client_thread, 1.0) && near(more_than_all.master, 1.0), "{more_than_all:?}");
}

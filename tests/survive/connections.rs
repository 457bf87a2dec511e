//! Connections that end or fall silent, and nodes that stand still.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::common::ask;
use crate::fill::data::Data;
use crate::survive::case::survive;
use crate::survive::judge::Trial;

/// How long a fault lasts that is lifted.
const WHILE: Duration = Duration::from_millis(1500);

survive! {
    /// All connections of all clients, ten times a second.
    fn clients_killed_in_a_loop(cluster, case) on redis, valkey, embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        let masters: Vec<_> = cluster.slots_of().into_keys().collect();
        let (began, mut killed) = (Instant::now(), 0);
        while began.elapsed() < WHILE {
            killed += masters.iter().map(|&at| ask::<u64>(at, "CLIENT KILL TYPE normal SKIPME yes")).sum::<u64>();
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(killed > 0);
        trial.survived(cluster, running);
    }
}

survive! {
    fn connections_that_end_after_so_many_bytes(cluster, case) on embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        cluster.tell_masters("FILLBENCH FAULT drop=100000");
        std::thread::sleep(WHILE);
        // One of them may be the connection that says so.
        cluster.tell_masters("FILLBENCH FAULT OFF");
        trial.survived(cluster, running);
    }

    fn a_node_that_stands_still_within_patience(cluster, case) on embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        ask::<String>(cluster.master(case.victim), "FILLBENCH FAULT stall=1s");
        trial.survived(cluster, running);
    }

    fn a_node_that_stands_still_beyond_patience(cluster, case) on embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "--barrier-timeout 1s --proof-timeout 1s");
        ask::<String>(cluster.master(case.victim), "FILLBENCH FAULT stall=3s");
        trial.survived(cluster, running);
    }

    fn a_node_that_swallows_everything_for_a_while(cluster, case) on embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "--barrier-timeout 500ms --connect-timeout 500ms");
        let node = cluster.master(case.victim);
        ask::<String>(node, "FILLBENCH FAULT swallow");
        std::thread::sleep(WHILE);
        // This one it executes, and no greeting before it.
        let mut plain = TcpStream::connect(node).unwrap();
        plain.write_all(b"FILLBENCH FAULT OFF\r\n").unwrap();
        let mut answer = [0; 5];
        plain.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"+OK\r\n");
        trial.survived(cluster, running);
    }

    fn a_node_that_takes_its_time(cluster, case) on embedded {
        let trial = Trial::new(cluster, Data::of(60_000));
        let running = cluster.begin(&trial.data, case, "");
        let node = cluster.master(case.victim);
        ask::<String>(node, "FILLBENCH FAULT delay=20ms");
        std::thread::sleep(WHILE);
        ask::<String>(node, "FILLBENCH FAULT OFF");
        trial.survived(cluster, running);
    }
}

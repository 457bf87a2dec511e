//! Servers that are there, and cannot be filled as they stand.

use std::net::SocketAddr;
use std::time::Duration;

use fillbench::target::{Layout, Spawn};

use crate::bad::case::Case;
use crate::common::{Server, ask, eventually, key_counts, on_each_server};

fn at(address: SocketAddr) -> String {
    format!("-p {} --keys 1000", address.port())
}

/// How long a node is silent before the others call it failed, in milliseconds.
const NODE_TIMEOUT: &str = "cluster-node-timeout";

/// Failures are noticed in a second.
fn quick() -> Vec<String> {
    [format!("--{NODE_TIMEOUT}"), "1000".into()].into()
}

on_each_server! {
    async fn a_replica_names_its_master(server: &Server) {
        let master = server.start(Layout::Standalone).await;
        let address = master.addresses()[0];
        let extra_args = ["--replicaof", "127.0.0.1", &address.port().to_string()].map(str::to_owned).into();
        let replica = Spawn { extra_args, ..server.spawn(Layout::Standalone) }.start().await.unwrap();
        Case::new(&at(replica.addresses()[0]))
            .run()
            .failed(&format!("is a replica of {address}, and takes no writes"), &format!("instead: {address}"));
    }

    async fn a_clusters_replica_leads_to_its_masters(server: &Server) {
        let servers = Spawn { replicas: 1, ..server.spawn(Layout::even(2)) }.start().await.unwrap();
        let record = Case::new(&at(servers.replicas()[1])).run().exact();
        assert_eq!((&record["target"]["masters"], &record["target"]["replicas"]), (&2.into(), &2.into()));
        assert_eq!(key_counts(servers.masters()).iter().sum::<u64>(), 1000);
    }

    async fn databases_have_to_exist(server: &Server) {
        let servers = server.start(Layout::even(1)).await;
        Case::new(&format!("{} -n 3", at(servers.addresses()[0]))).run().failed("refused SELECT: ERR", "-n");
        let servers = server.start(Layout::Standalone).await;
        Case::new(&format!("{} -n 99", at(servers.addresses()[0])))
            .run()
            .failed("refused SELECT: ERR DB index is out of range", "give a lower -n");
    }

    async fn slots_without_an_owner_are_named(server: &Server) {
        let servers = server.start(Layout::even(2)).await;
        let first = servers.addresses()[0];
        let _: () = ask(first, "CLUSTER DELSLOTS 5 100 101 102 16000");
        Case::new(&at(first)).run().failed(
            "has no master for 5 slots: 5, 100-102, 16000",
            &format!("redis-cli --cluster fix {first}"),
        );
    }

    async fn a_failed_master_is_told(server: &Server) {
        let mut servers = server.start(Layout::even(3)).await;
        let [first, second, third] = *servers.addresses() else { panic!("{servers:?}") };
        servers.kill(1);
        Case::new(&at(first)).run().failed(
            &format!("master {second}, which {first} announces, cannot be reached: no connection to {second}"),
            "is it down? if not, ",
        );
        // Not before: it is told while the others still believe in it.
        for node in [first, third] {
            let _: () = ask(node, &format!("CONFIG SET {NODE_TIMEOUT} 1000"));
        }
        let state = || ask::<String>(first, "CLUSTER INFO").contains("cluster_state:fail");
        eventually(&true, state);
        Case::new(&at(first)).run().failed(
            &format!("the cluster at {first} is in state `fail`: 5461 slots are with masters that have failed"),
            &format!("redis-cli --cluster check {first}"),
        );
    }

    async fn a_master_behind_another_address_is_mapped(server: &Server) {
        let spawn = Spawn { extra_args: quick(), ..server.spawn(Layout::even(2)) };
        let servers = spawn.start().await.unwrap();
        let [first, second] = *servers.addresses() else { panic!("{servers:?}") };
        let _: () = ask(second, "CONFIG SET cluster-announce-port 1");
        eventually(&true, || ask::<String>(first, "CLUSTER NODES").contains("127.0.0.1:1@"));
        // The other learns of it through this one's own words, and may take a moment to settle.
        tokio::time::sleep(Duration::from_millis(200)).await;
        Case::new(&at(first)).run().failed(
            &format!("master 127.0.0.1:1, which {first} announces, cannot be reached"),
            "--address-map 127.0.0.1:1=HOST:PORT",
        );
        Case::new(&format!("{} --address-map 127.0.0.1:1={second}", at(first))).run().exact();
        assert_eq!(key_counts(&[first, second]).iter().sum::<u64>(), 1000);
        // It leads to another node than it should.
        Case::new(&format!("{} --address-map 127.0.0.1:1={first}", at(first)))
            .run()
            .failed(&format!("at {first} answers node "), "correct --address-map");
    }
}

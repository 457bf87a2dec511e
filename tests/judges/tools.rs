//! redis-cli's and redis-benchmark's ways of reading and loading servers, and the `redis` crate.

use std::net::SocketAddr;

use crate::common::{ask, key_counts};
use crate::judges::{judged, said};

fn port(address: SocketAddr) -> String {
    address.port().to_string()
}

judged! {
    fn keys_are_piped_in_and_scanned(nodes: None) {
        let port = port(nodes[0]);
        let commands: String = (0..2000).map(|key| format!("SET key:{key} {}\r\n", "v".repeat(key + 1))).collect();
        let told = said("redis-cli", &["-p", &port, "--pipe"], commands.as_bytes());
        assert!(told.contains("errors: 0, replies: 2000"), "{told}");
        let mut keys: Vec<String> =
            said("redis-cli", &["-p", &port, "--scan", "--pattern", "key:1*"], b"").lines().map(Into::into).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 1111);
        let told = said("redis-cli", &["-p", &port, "--bigkeys"], b"");
        assert!(told.contains("Sampled 2000 keys in the keyspace!"), "{told}");
        assert!(told.contains("Biggest string found '\"key:1999\"' has 2000 bytes"), "{told}");
    }

    fn redis_benchmark_loads_one(nodes: None) {
        let args = ["-p", &port(nodes[0]), "-t", "set,get,mset", "-n", "5000", "-r", "1000", "-q"];
        let told = said("redis-benchmark", &args, b"");
        assert!(["SET:", "GET:", "MSET (10 keys):"].iter().all(|test| told.contains(test)), "{told}");
        assert!(!told.contains("WARNING") && !told.contains("rror"), "{told}");
        assert!((900..=2000).contains(&key_counts(nodes)[0]));
    }

    fn redis_benchmark_loads_a_cluster(nodes: Some(3)) {
        let args = ["-p", &port(nodes[0]), "--cluster", "-t", "set,get,mset", "-n", "6000", "-r", "1000", "-q"];
        let told = said("redis-benchmark", &args, b"");
        assert!(["SET:", "GET:", "MSET (10 keys):"].iter().all(|test| told.contains(test)), "{told}");
        assert!(!told.contains("WARNING") && !told.contains("rror:"), "{told}");
        assert!(key_counts(nodes).iter().all(|keys| *keys > 100), "{:?}", key_counts(nodes));
    }

    fn a_cluster_client_is_sent_where_keys_are(nodes: Some(3)) {
        let urls: Vec<_> = nodes.iter().map(|address| format!("redis://{address}")).collect();
        let mut client = redis::cluster::ClusterClient::new(urls).unwrap().get_connection().unwrap();
        for key in 0..300 {
            let (first, second) = (format!("{{{key}}}a"), format!("{{{key}}}b"));
            let _: () = redis::cmd("MSET").arg(&first).arg(key).arg(&second).arg(key + 1).query(&mut client).unwrap();
            let _: () = redis::cmd("SET").arg(format!("k{key}")).arg(key).query(&mut client).unwrap();
            let both: (u32, u32) = redis::cmd("MGET").arg(&first).arg(&second).query(&mut client).unwrap();
            assert_eq!(both, (key, key + 1));
            let one: u32 = redis::cmd("GET").arg(format!("k{key}")).query(&mut client).unwrap();
            assert_eq!(one, key);
        }
        assert_eq!(key_counts(nodes).iter().sum::<u64>(), 900);
        let _: () = ask(nodes[0], "FLUSHALL");
        assert_eq!(key_counts(nodes)[0], 0);
    }
}

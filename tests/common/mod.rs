//! What the tests with real servers share: which servers there are, starting them, running the
//! program, and looking at what is there without any of the program's own code.
//!
//! Redis is `FILLBENCH_TEST_REDIS`, or `redis-server` on PATH; Valkey is `FILLBENCH_TEST_VALKEY`, or
//! `target/test-servers/valkey-server` (which `test.sh` fetches), or `valkey-server` on PATH. A test
//! without its server says `skipped`; with `CI=true` or `FILLBENCH_TEST_NO_SKIPS=1` it fails.

use std::fmt::Debug;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fillbench::target::{Layout, Spawn, Spawned};

/// How long one run of the program may take in a test.
const RUN_TIMEOUT: Duration = Duration::from_secs(180);

/// One of the servers to test with.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// `redis` or `valkey`.
    pub(crate) name: &'static str,
    /// The program.
    pub(crate) binary: PathBuf,
}

impl Server {
    /// The server with a name, if this machine has it; else says on behalf of which test it is missed.
    pub(crate) fn find(name: &'static str, test: &str) -> Option<Self> {
        let program = format!("{name}-server");
        let named = std::env::var_os(format!("FILLBENCH_TEST_{}", name.to_uppercase())).map(PathBuf::from);
        let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-servers").join(&program);
        let on_path = || {
            let folders = std::env::var_os("PATH")?;
            std::env::split_paths(&folders).map(|folder| folder.join(&program)).find(|path| path.is_file())
        };
        // One that is named has to be there: starting it says so if it is not.
        let binary = named.or_else(|| Some(fetched).filter(|path| path.is_file())).or_else(on_path);
        if binary.is_none() {
            skip(test, &format!("no {program}"));
        }
        Some(Self { name, binary: binary? })
    }

    /// Servers of this kind, still to be adjusted and started.
    pub(crate) fn spawn(&self, layout: Layout) -> Spawn {
        Spawn { server_binary: Some(self.binary.clone()), ..Spawn::new(layout) }
    }

    /// Servers of this kind, started.
    pub(crate) async fn start(&self, layout: Layout) -> Spawned {
        self.spawn(layout).start().await.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

/// A Python that has a package: named by the environment, or made by `test.sh`.
pub(crate) fn python(package: &str) -> Option<PathBuf> {
    let named = std::env::var_os("FILLBENCH_TEST_PYTHON").map(PathBuf::from);
    let made = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python");
    let python = named.unwrap_or_else(made);
    let answer = std::process::Command::new(&python).args(["-c", &format!("import {package}")]).output();
    answer.is_ok_and(|output| output.status.success()).then_some(python)
}

/// Says that a test did not test, past the test runner's capture; where nothing may be skipped, fails.
pub(crate) fn skip(test: &str, why: &str) {
    let is_on = |name: &str| std::env::var(name).is_ok_and(|value| ["1", "true"].contains(&value.as_str()));
    assert!(!is_on("CI") && !is_on("FILLBENCH_TEST_NO_SKIPS"), "{test} may not be skipped: {why}");
    tell_skipped(test, why);
}

/// Says the same of a test that needs what cannot be asked of every machine.
pub(crate) fn tell_skipped(test: &str, why: &str) {
    writeln!(std::io::stderr(), "skipped: {test}: {why}").unwrap();
}

/// Makes of each test one for Redis and one for Valkey, so that a failure names the server:
/// `on_each_server! { async fn fills(server: &Server) { … } }` gives `fills::redis`, `fills::valkey`.
macro_rules! on_each_server {
    ($($(#[$meta:meta])* async fn $name:ident($server:ident: &Server) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn test($server: &Server) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn redis() {
                if let Some(server) = Server::find("redis", concat!(stringify!($name), "::redis")) {
                    test(&server).await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn valkey() {
                if let Some(server) = Server::find("valkey", concat!(stringify!($name), "::valkey")) {
                    test(&server).await;
                }
            }
        }
    )*};
}
pub(crate) use on_each_server;

/// The program with arguments, to run. It is ended after three minutes.
pub(crate) fn fillbench<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> assert_cmd::Command {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("fillbench");
    command.args(args).timeout(RUN_TIMEOUT);
    // What the tester has set for other purposes.
    command.env_remove("REDISCLI_AUTH").env_remove("FILLBENCH_REQUIREPASS").env_remove("FILLBENCH_LOG");
    command
}

/// What `--json` wrote. It shows everything that the run wrote if that is no JSON.
pub(crate) fn json(output: &std::process::Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error} in {output:?}"))
}

/// `-h HOST -p PORT` for a server.
pub(crate) fn at(address: SocketAddr) -> [String; 4] {
    ["-h".into(), address.ip().to_string(), "-p".into(), address.port().to_string()]
}

/// A plain connection to one server.
pub(crate) fn connect(address: SocketAddr) -> redis::Connection {
    let client = redis::Client::open(format!("redis://{address}")).unwrap();
    loop {
        match client.get_connection_with_timeout(Duration::from_secs(5)) {
            // Reading with a timeout is cut short whenever a child of any test ends.
            Err(error) if error.to_string().contains("Interrupted") => (),
            other => return other.unwrap(),
        }
    }
}

/// A command to one server, over a connection of its own; `T` is what its answer is read as.
pub(crate) fn ask<T: redis::FromRedisValue>(address: SocketAddr, words: &str) -> T {
    let mut command = redis::Cmd::new();
    words.split(' ').for_each(|word| {
        command.arg(word);
    });
    command.query(&mut connect(address)).unwrap_or_else(|error| panic!("{words} at {address}: {error}"))
}

/// How many keys each server has.
pub(crate) fn key_counts(addresses: &[SocketAddr]) -> Vec<u64> {
    addresses.iter().map(|&address| ask(address, "DBSIZE")).collect()
}

/// A cluster client that is none of ours.
pub(crate) fn cluster(servers: &Spawned) -> redis::cluster::ClusterConnection {
    let nodes: Vec<_> = servers.addresses().iter().map(|address| format!("redis://{address}")).collect();
    redis::cluster::ClusterClient::new(nodes).unwrap().get_connection().unwrap()
}

/// Waits until two things are equal, and shows them if they do not become so within ten seconds.
pub(crate) fn eventually<T: PartialEq + Debug>(wanted: &T, mut get: impl FnMut() -> T) {
    let start = Instant::now();
    loop {
        let got = get();
        if got == *wanted {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "it stayed {got:?} and not {wanted:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

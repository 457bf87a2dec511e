//! One of the Compose files, up under a name, a network and an address of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::engine::{Compose, attempt, run};
use super::janitor;

/// The Compose files.
pub(super) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docker-cluster");
/// How long it may take at the end to take everything down.
const DOWN_LIMIT: Duration = Duration::from_secs(60);
/// Containers, networks and volumes that belong to a project.
const KINDS: [&[&str]; 3] = [&["ps", "--all"], &["network", "ls"], &["volume", "ls"]];

/// What a Compose file describes. Dropped, it is down.
pub(super) struct Project {
    compose: Compose,
    name: String,
    file: PathBuf,
    variables: Vec<String>,
    /// Tells it from all others: in what addresses and names have in them.
    number: u16,
}

impl Project {
    /// What the `docker-compose.yml` in a folder describes, with variables as `NAME=VALUE`.
    pub(super) fn new(compose: Compose, folder: &Path, variables: &[String]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let number = ((std::process::id() * 8 + next) % (64 * 256)) as u16;
        let name = format!("fillbench-test-{}-{next}", std::process::id());
        let file = folder.join("docker-compose.yml");
        let mut project = Self { compose, name, file, variables: variables.to_vec(), number };
        project.variables.push(format!("SUBNET={}", project.subnet()));
        project.variables.push(format!("HOST_ADDRESS={}", project.host_address()));
        janitor::will_run(&project.words(DOWN));
        project
    }

    /// The first three numbers of the nodes' addresses.
    fn subnet(&self) -> String {
        let [high, low] = self.number.to_be_bytes();
        format!("10.{}.{low}", 128 + high)
    }

    /// Where ports are published: all of 127 is this machine.
    pub(super) fn host_address(&self) -> Ipv4Addr {
        let [high, low] = self.number.to_be_bytes();
        Ipv4Addr::new(127, 128 + high, low, 1)
    }

    /// Where a node of the cluster is, 0 to 5, in the network of the containers.
    pub(super) fn node(&self, number: u16) -> SocketAddr {
        format!("{}.1{number}:700{number}", self.subnet()).parse().unwrap()
    }

    fn words<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        let mut all = vec!["env"];
        all.extend(self.variables.iter().map(String::as_str));
        all.extend(self.compose.words());
        all.extend(["-p", &self.name, "-f", self.file.to_str().unwrap()]);
        all.extend(words);
        all
    }

    /// A command of Compose, as words with blanks between, which has to succeed; gives what it printed.
    #[track_caller]
    pub(super) fn compose(&self, words: &str) -> String {
        run(&self.words(&words.split(' ').collect::<Vec<_>>()))
    }

    /// The id of a service's container.
    pub(super) fn container(&self, service: &str) -> String {
        self.compose(&format!("ps -q {service}"))
    }

    /// The name of the network.
    pub(super) fn network(&self) -> String {
        format!("{}_default", self.name)
    }

    /// Takes everything down, and checks that nothing is left.
    #[track_caller]
    pub(super) fn down(&self) {
        assert_ne!(self.left(), "");
        run(&self.words(DOWN));
        assert_eq!(self.left(), "");
    }

    /// The ids of all that is there of this project.
    fn left(&self) -> String {
        let label = format!("label=com.docker.compose.project={}", self.name);
        let list = |kind: &&[&str]| run(&[&["docker"], *kind, &["--quiet", "--filter", &label]].concat());
        KINDS.iter().map(list).collect::<Vec<_>>().join(" ").trim().to_owned()
    }
}

const DOWN: &[&str] = &["down", "--volumes", "--remove-orphans", "--timeout", "0"];

impl Drop for Project {
    fn drop(&mut self) {
        // A test that failed says why; who could not take it down tries again in the end.
        let _ = attempt(&self.words(DOWN), DOWN_LIMIT);
    }
}

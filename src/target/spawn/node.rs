//! One started server: its process, its folder, and how to ask it something while it is set up.

use std::io::{Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::SpawnError;
use super::ports::hold_port;
use super::process::{Process, Starter};
use crate::net::{Connector, NetError};
use crate::resp::Value;

/// How many times a server gets other ports because somebody else took those it was to have.
const PORT_ATTEMPTS: usize = 10;

/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_millis(20);

/// How much of a log's end an error quotes, in bytes.
const LOG_TAIL_BYTES: u64 = 2048;

/// By when servers have to be ready, and how long they were given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    timeout: Duration,
    at: Instant,
}

impl Deadline {
    /// A deadline from now.
    pub(super) fn after(timeout: Duration) -> Self {
        Self { timeout, at: Instant::now() + timeout }
    }
}

/// What every node of one throwaway has in common.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    /// The program to start.
    pub(super) binary: PathBuf,
    /// Whether it is to be a cluster node.
    pub(super) cluster: bool,
    /// Arguments after our own, which they override.
    pub(super) extra_args: Vec<String>,
}

/// One server.
#[derive(Debug)]
pub(super) struct Node {
    recipe: Recipe,
    folder: PathBuf,
    pub(super) address: SocketAddr,
    pub(super) process: Process,
}

impl Node {
    /// Starts a server in a folder of its own, and does not wait for it.
    ///
    /// # Errors
    /// [`SpawnError`] if there are no ports, or it cannot be started.
    pub(super) fn start(recipe: &Recipe, folder: PathBuf, starter: &Starter) -> Result<Self, SpawnError> {
        std::fs::create_dir_all(&folder).map_err(SpawnError::Directory)?;
        let held = hold_port(recipe.cluster)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, held.port));
        // Freed at the last moment.
        drop(held);
        let process = run(recipe, &folder, address, starter)?;
        Ok(Self { recipe: recipe.clone(), folder, address, process })
    }

    /// Starts it again where it was, and does not wait for it.
    ///
    /// # Errors
    /// [`SpawnError::NotStarted`].
    pub(super) fn restart(&mut self, starter: &Starter) -> Result<(), SpawnError> {
        self.process.kill();
        self.process = run(&self.recipe, &self.folder, self.address, starter)?;
        Ok(())
    }

    /// Waits until it answers; if somebody else took its port meanwhile, it is started on another.
    ///
    /// # Errors
    /// [`SpawnError`] if it ends, or does not answer in time.
    pub(super) async fn answers(&mut self, starter: &Starter, deadline: Deadline) -> Result<(), SpawnError> {
        for _ in 0..PORT_ATTEMPTS {
            match self.answers_here(deadline).await {
                Err(SpawnError::Ended { log, .. }) if log.contains("Address already in use") => {
                    *self = Self::start(&self.recipe, self.folder.clone(), starter)?;
                }
                other => return other,
            }
        }
        Err(SpawnError::NoPorts { attempts: PORT_ATTEMPTS, reason: self.log_tail() })
    }

    /// Waits until it answers on its port.
    pub(super) async fn answers_here(&mut self, deadline: Deadline) -> Result<(), SpawnError> {
        // Who answers there may be somebody else, while ours is about to find the port taken.
        let ours = format!("process_id:{}", self.process.pid());
        self.wait_until(deadline, async |node| {
            let info = node.ask(deadline, &["INFO", "server"]).await?;
            let is_ours = info.lines().any(|line| line.trim_end() == ours);
            Ok((!is_ours).then(|| "another process answers on its port".into()))
        })
        .await
    }

    /// Asks again and again until nothing is missing any more.
    ///
    /// # Errors
    /// [`SpawnError::Ended`] if the server has ended, [`SpawnError::TimedOut`] with what was missing last.
    pub(super) async fn wait_until(
        &mut self,
        deadline: Deadline,
        mut missing: impl AsyncFnMut(&Self) -> Result<Option<String>, NetError>,
    ) -> Result<(), SpawnError> {
        let mut last = String::from("it did not answer");
        loop {
            match missing(self).await {
                Ok(None) => return Ok(()),
                Ok(Some(missing)) => last = missing,
                // The deadline cut this one short: the one before says more.
                Err(NetError::Late { .. } | NetError::Silent { .. }) => (),
                Err(error) => last = error.to_string(),
            }
            self.check_alive()?;
            if Instant::now() >= deadline.at {
                let missing = last;
                let (address, timeout, log) = (self.address, deadline.timeout, self.log_tail());
                return Err(SpawnError::TimedOut { address, timeout, missing, log });
            }
            sleep(PAUSE).await;
        }
    }

    /// Sends a command that has to succeed; gives its answer.
    ///
    /// # Errors
    /// [`SpawnError`] if it is refused, or not answered.
    pub(super) async fn order(&mut self, deadline: Deadline, args: &[&str]) -> Result<String, SpawnError> {
        match self.ask(deadline, args).await {
            Ok(answer) => Ok(answer),
            Err(error) => {
                self.check_alive()?;
                Err(SpawnError::SetUp { error: Box::new(error), log: self.log_tail() })
            }
        }
    }

    /// Sends a command over a connection of its own; gives the text of its answer, each item of an
    /// array on a line.
    pub(super) async fn ask(&self, deadline: Deadline, args: &[&str]) -> Result<String, NetError> {
        let left = deadline.at.saturating_duration_since(Instant::now());
        let connector = Connector { connect_timeout: left, reply_timeout: left, ..Connector::default() };
        let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
        let answer = connector.open(&self.address.into()).await?.call(&args).await?;
        let items = answer.as_array().unwrap_or(std::slice::from_ref(&answer));
        Ok(items.iter().filter_map(Value::as_text).collect::<Vec<_>>().join("\n"))
    }

    fn check_alive(&mut self) -> Result<(), SpawnError> {
        match self.process.ended() {
            None => Ok(()),
            Some(status) => {
                Err(SpawnError::Ended { binary: self.recipe.binary.clone(), status, log: self.log_tail() })
            }
        }
    }

    /// The end of what the server wrote, in whole lines where it has more than one.
    pub(super) fn log_tail(&self) -> String {
        tail(&self.folder.join(LOG)).unwrap_or_else(|error| format!("(no log: {error})"))
    }
}

/// The log's name in a node's folder.
const LOG: &str = "server.log";

fn run(
    recipe: &Recipe,
    folder: &Path,
    address: SocketAddr,
    starter: &Starter,
) -> Result<Process, SpawnError> {
    let mut args: Vec<String> = vec![
        "--port".into(),
        address.port().to_string(),
        "--bind".into(),
        address.ip().to_string(),
        "--dir".into(),
        folder.display().to_string(),
    ];
    // Nothing is kept, and a replica does not wait for others before it is given its copy.
    args.extend(["--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"].map(Into::into));
    if recipe.cluster {
        args.extend(["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"].map(Into::into));
        // A node that met nobody, as the only one of its cluster, does not know its own address.
        args.extend(["--cluster-announce-ip".into(), address.ip().to_string()]);
    }
    args.extend_from_slice(&recipe.extra_args);
    starter
        .start(&recipe.binary, &args, &folder.join(LOG))
        .map_err(|source| SpawnError::NotStarted { binary: recipe.binary.clone(), source })
}

fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    let end = String::from_utf8_lossy(&end);
    let whole = match end.split_once('\n') {
        Some((_cut, rest)) if length > LOG_TAIL_BYTES => rest,
        _ => &end,
    };
    Ok(if whole.is_empty() { "(it wrote nothing)".into() } else { whole.trim_end().into() })
}

//! Why a fill did not start, or ended early.

use std::time::Duration;

use humantime::format_duration;

use crate::cluster::ClusterError;
use crate::net::{Address, NetError};
use crate::results::Failure;

/// What went wrong. The text is the cause; [`FillError::cure`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The servers cannot be filled as they stand.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// No connection, or no answer.
    #[error(transparent)]
    Net(#[from] NetError),
    /// `CLIENT REPLY` is refused.
    #[error("{address} refuses CLIENT REPLY: {message}")]
    ReplyMode {
        /// Which master.
        address: Address,
        /// Its words.
        message: String,
    },
    /// The server would swallow the value, and never answer again.
    #[error("values of {size} bytes are above {address}'s proto-max-bulk-len of {limit}")]
    ValueAboveLimit {
        /// Which master.
        address: Address,
        /// Bytes in a value.
        size: u64,
        /// Bytes that it takes.
        limit: u64,
    },
    /// Nothing that would be written could be proven.
    #[error("{address} lets this user neither count keys nor read them, so no fill could be proven")]
    Unprovable {
        /// Which master.
        address: Address,
    },
    /// A write or a barrier was refused.
    #[error("{address} refused a write: {message}")]
    Refused {
        /// Which master.
        address: Address,
        /// Its words.
        message: String,
    },
    /// The connection of a writer ended.
    #[error("{address} hung up on a writer: {message}")]
    WriterLost {
        /// Which master.
        address: Address,
        /// How.
        message: String,
    },
    /// Nothing moved for too long.
    #[error("{address} neither took nor answered anything for {}{}", format_duration(*after), reason)]
    WriterSilent {
        /// Which master.
        address: Address,
        /// How long.
        after: Duration,
        /// What it says on another connection; empty, or a clause of its own.
        reason: String,
    },
    /// A master is not what it was.
    #[error("{address} {change} during the fill")]
    Changed {
        /// Which master.
        address: Address,
        /// What happened to it.
        change: String,
    },
    /// `--deadline` is over.
    #[error("the deadline of {} is over", format_duration(*.0))]
    Deadline(Duration),
    /// The proof came to no end.
    #[error("{keys} keys could not be proven: {why}")]
    Unproven {
        /// How many.
        keys: u64,
        /// Why.
        why: String,
    },
    /// A task of this process died.
    #[error("a task ended unexpectedly: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl FillError {
    /// What to do about it, where something can be done.
    pub fn cure(&self) -> Option<String> {
        let cure = match self {
            Self::Cluster(error) => return error.cure(),
            Self::Net(error) => return error.cure(),
            Self::ReplyMode { .. } => "grant +client|reply, or fill with --reply on",
            Self::ValueAboveLimit { .. } => "give a smaller --value-size, or raise proto-max-bulk-len there",
            Self::Unprovable { .. } => {
                "grant +info +dbsize +cluster|countkeysinslot, or +strlen +getrange +exists +pttl"
            }
            Self::Refused { message, .. } => refusal_cure(message)?,
            Self::WriterLost { .. } => {
                "see the server's log: a restart, CLIENT KILL or a memory limit ends connections"
            }
            Self::WriterSilent { .. } => "is it stopped, or busy with a script? give it time: --barrier-timeout",
            Self::Changed { .. } => "fill again once the cluster is quiet: keys that are there are rewritten",
            Self::Deadline(_) => "give it more time, or less to do",
            Self::Unproven { .. } => "fill again: keys that are there are rewritten",
            Self::Task(_) => return None,
        };
        Some(cure.into())
    }

    /// For the record.
    pub fn failure(&self) -> Failure {
        Failure { message: self.to_string(), cure: self.cure() }
    }
}

/// What to do about an error that a write was answered with.
fn refusal_cure(message: &str) -> Option<&'static str> {
    let cure = match message.split_whitespace().next()? {
        "OOM" => "raise maxmemory there, empty it with --flush, or fill less",
        "NOPERM" => "grant the user +set +mset and the keys: ~*",
        "MOVED" | "ASK" | "TRYAGAIN" => "slots are being moved: fill again once the cluster is quiet",
        "CLUSTERDOWN" => "see what is wrong with the cluster: redis-cli --cluster check HOST:PORT",
        "READONLY" => "it became a replica: fill again",
        "MISCONF" => "its persistence fails: see its log and disk, or CONFIG SET stop-writes-on-bgsave-error no",
        "NOREPLICAS" => "it waits for replicas: see min-replicas-to-write",
        "BUSY" => "a script holds it: SCRIPT KILL or FUNCTION KILL",
        _ => return None,
    };
    Some(cure)
}

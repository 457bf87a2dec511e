//! Why a fill did not start, or ended early.

use std::path::PathBuf;
use std::time::Duration;

use humantime::format_duration;

use crate::cluster::ClusterError;
use crate::net::{Address, NetError, Refusal};
use crate::results::Failure;
use crate::write::ReplicaWait;

use super::memory::{GrowError, Shortage};

/// What went wrong. The text is the cause; [`FillError::cure`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The servers cannot be filled as they stand.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// No connection, or no answer.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The fill that is to be gone on with was another.
    #[error("{} began another fill: {difference}", folder.display())]
    OtherFill {
        /// Where it is kept.
        folder: PathBuf,
        /// What is different.
        difference: String,
    },
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
    /// What a worker writes can be proven in one way alone.
    #[error("{address} does not let this user read keys, and a worker's share is proven by reading it")]
    UnreadableShare {
        /// Which master.
        address: Address,
    },
    /// The dataset does not fit.
    #[error(transparent)]
    NoRoom(Box<Shortage>),
    /// The masters cannot be filled until so much of their memory is used.
    #[error(transparent)]
    Grow(#[from] GrowError),
    /// This user may not know of replicas.
    #[error("{address} does not show its replicas to this user, and --wait-replicas waits for them")]
    ReplicasHidden {
        /// Which master.
        address: Address,
    },
    /// More replicas are asked for than there are.
    #[error("--wait-replicas asks for {asked}, and {address} has {replicas}")]
    FewReplicas {
        /// Which master.
        address: Address,
        /// Those that follow it.
        replicas: u64,
        /// Those asked for.
        asked: u64,
    },
    /// `WAIT` is refused.
    #[error("{address} refuses WAIT: {message}")]
    WaitRefused {
        /// Which master.
        address: Address,
        /// Its words.
        message: String,
    },
    /// Replicas did not get what their master has in time.
    #[error(
        "{replicas} of the replicas of {address} had everything after {}, and --wait-replicas asks for {asked}",
        format_duration(*after)
    )]
    Behind {
        /// Which master.
        address: Address,
        /// Those that had everything.
        replicas: u64,
        /// Those asked for.
        asked: u64,
        /// How long was waited for them.
        after: Duration,
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
    /// What was written again there would push out other keys.
    #[error("{address} evicted {keys} keys during the run, so what is missing there is not written again")]
    Evicting {
        /// Which master.
        address: Address,
        /// How many, whoever wrote them.
        keys: u64,
    },
    /// Keys that were written again went missing again, or nobody took them.
    #[error("keys stayed missing or wrong, and nothing got better for {}{}", format_duration(*after), reason)]
    Unsettled {
        /// How long.
        after: Duration,
        /// Why some were not written; empty, or a clause of its own.
        reason: String,
    },
    /// Slots stay half moved, which only the repair can fill.
    #[error("slots are being moved, so memory cannot be filled step by step")]
    Moving,
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
            Self::NoRoom(shortage) => return Some(shortage.cure()),
            Self::Grow(error) => return error.cure(),
            Self::OtherFill { .. } => {
                "go on where it was begun, or begin anew: without --resume, and with --out another folder"
            }
            Self::ReplyMode { .. } => "grant +client|reply, or fill with --reply on",
            Self::ValueAboveLimit { .. } => "give a smaller --value-size, or raise proto-max-bulk-len there",
            Self::Unprovable { .. } => {
                "grant +info +dbsize +cluster|countkeysinslot, or +strlen +getrange +exists +pttl"
            }
            Self::UnreadableShare { .. } => "grant +strlen +getrange +exists +pttl",
            Self::ReplicasHidden { .. } => "grant +info, or leave out --wait-replicas",
            Self::FewReplicas { .. } => "ask for fewer, or give every master as many replicas",
            Self::WaitRefused { .. } => "grant +wait, or leave out --wait-replicas",
            Self::Behind { .. } => {
                "see that its replicas are connected and keep up, or give them time: --wait-timeout"
            }
            Self::Refused { message, .. } => Refusal::cure("SET", message)?,
            Self::WriterLost { .. } => {
                "see the server's log: a restart, CLIENT KILL or a memory limit ends connections"
            }
            Self::WriterSilent { .. } => {
                "is it stopped, or busy with a script? give it time: --barrier-timeout"
            }
            Self::Changed { .. } => "fill again once the cluster is quiet: keys that are there are rewritten",
            Self::Evicting { .. } => "raise maxmemory there, or fill less",
            Self::Unsettled { .. } => {
                "does another client delete or overwrite them? once it is quiet, fill again, or give it more \
                 time: --recovery-timeout"
            }
            Self::Moving => "fill again when no slot is being moved: redis-cli --cluster check HOST:PORT",
            Self::Deadline(_) => "give it more time, or less to do",
            Self::Unproven { .. } => "fill again: keys that are there are rewritten",
            Self::Task(_) => return None,
        };
        Some(cure.into())
    }

    /// Whether the servers could not be asked, or the cluster lacks a master: it may be different a moment later.
    pub fn is_unreached(&self) -> bool {
        match self {
            Self::Net(error) | Self::Cluster(ClusterError::Net(error)) => error.is_unreached(),
            Self::Cluster(error) => {
                matches!(error, ClusterError::MasterUnreachable { .. } | ClusterError::Down { .. })
            }
            _ => false,
        }
    }

    /// So many replicas of a master had what was waited for.
    pub(super) fn behind(address: Address, replicas: u64, wait: ReplicaWait) -> Self {
        Self::Behind { address, replicas, asked: wait.replicas, after: wait.timeout }
    }

    /// For the record.
    pub fn failure(&self) -> Failure {
        Failure { message: self.to_string(), cure: self.cure() }
    }
}

impl From<Shortage> for FillError {
    fn from(shortage: Shortage) -> Self {
        Self::NoRoom(Box::new(shortage))
    }
}

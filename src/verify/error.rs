//! Why a verification did not start, or not come to its end.

use crate::cluster::ClusterError;
use crate::net::{Address, NetError};
use crate::proof::Depth;
use crate::results::Failure;
use crate::units::show_count;

/// What went wrong. The text is the cause; [`VerifyError::cure`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The servers cannot be read as they stand.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// No connection, or no answer.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The user may not read keys.
    #[error("{address} does not let this user read keys: {message}")]
    Unreadable {
        /// Which master.
        address: Address,
        /// Its words.
        message: String,
        /// What would have been asked.
        depth: Depth,
    },
    /// No key of the dataset belongs to the sample.
    #[error("a sample of {percent} % of {} keys has no key in it", show_count(*keys))]
    EmptySample {
        /// The share.
        percent: f64,
        /// Keys in the dataset.
        keys: u64,
    },
    /// Keys about which nobody would say anything.
    #[error("{} keys could not be read: {why}", show_count(*keys))]
    Unread {
        /// How many.
        keys: u64,
        /// Why.
        why: String,
    },
    /// Keys that could not be written again.
    #[error("keys could not be written again: {0}")]
    Unwritten(NetError),
    /// What was written again there pushed out other keys, or would.
    #[error("{address} evicted {} keys meanwhile, so not all that is missing there is written again", show_count(*keys))]
    Evicting {
        /// Which master.
        address: Address,
        /// How many, whoever wrote them.
        keys: u64,
    },
    /// Keys that nobody would take.
    #[error("keys could not be written again: {0}")]
    Untaken(String),
}

impl VerifyError {
    /// What to do about it, where something can be done.
    pub fn cure(&self) -> Option<String> {
        let cure = match self {
            Self::Cluster(error) => return error.cure(),
            Self::Net(error) | Self::Unwritten(error) => return error.cure(),
            Self::Unreadable { depth: Depth::Existence, .. } => "grant +exists and the keys: ~*",
            Self::Unreadable { depth: Depth::Size, .. } => "grant +exists +strlen +pttl and the keys: ~*",
            Self::Unreadable { .. } => "grant +exists +strlen +pttl +getrange +mget and the keys: ~*",
            Self::Evicting { .. } => "raise maxmemory there, and repair again",
            Self::EmptySample { .. } => "give a larger --sample, or leave it out",
            Self::Unread { .. } | Self::Untaken(_) => {
                "see what is wrong with the cluster, redis-cli --cluster check HOST:PORT, and verify again; or \
                 give it time: --proof-timeout"
            }
        };
        Some(cure.into())
    }

    /// For the record.
    pub fn failure(&self) -> Failure {
        Failure { message: self.to_string(), cure: self.cure() }
    }
}

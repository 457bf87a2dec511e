//! Why the servers cannot be filled as they stand.

use crate::net::{Address, NetError};

use super::Master;

/// What is wrong with the servers as a whole. The text is the cause; [`ClusterError::cure`] says what
/// to do.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No connection, or no answer.
    #[error(transparent)]
    Net(#[from] NetError),
    /// A reply that does not have the documented shape.
    #[error("{address} answered {command} in a shape that is not understood: {detail}")]
    Shape {
        /// Who answered.
        address: Address,
        /// What was asked.
        command: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// Nobody owns some slots.
    #[error("the cluster at {address} has no master for {} slots: {slots}", count)]
    Unowned {
        /// Who was asked.
        address: Address,
        /// How many slots.
        count: usize,
        /// Which.
        slots: String,
    },
    /// The cluster refuses to serve.
    #[error("the cluster at {address} is in state `{state}`{}", failed_slots(*failed))]
    Down {
        /// Who was asked.
        address: Address,
        /// What `CLUSTER INFO` says.
        state: String,
        /// How many slots have an owner that is gone, or may be.
        failed: u64,
    },
    /// Writes go to a master.
    #[error("{address} is a replica of {master}, and takes no writes")]
    Replica {
        /// Who was asked.
        address: Address,
        /// Whom it follows.
        master: String,
    },
    /// The user may ask neither for the topology nor for INFO.
    #[error("{address} does not let this user see whether it is a cluster: {message}")]
    Hidden {
        /// Who was asked.
        address: Address,
        /// The server's words.
        message: String,
    },
    /// A master cannot be reached where the cluster says that it is.
    #[error("master {announced}, which {source_address} announces, cannot be reached: {cause}")]
    MasterUnreachable {
        /// What the cluster says.
        announced: Address,
        /// Who said so.
        source_address: Address,
        /// Why not.
        cause: Box<NetError>,
    },
    /// Another node answers at a master's address.
    #[error("at {address} answers node {found}, not {expected} as the cluster says")]
    WrongNode {
        /// Who was called.
        address: Address,
        /// Its id.
        found: String,
        /// The id that was expected.
        expected: String,
    },
    /// Cluster nodes announce hosts and ports.
    #[error("{address} is a node of a cluster, whose other nodes are not on this machine's sockets")]
    ClusterBySocket {
        /// The socket.
        address: Address,
    },
}

impl ClusterError {
    /// The error that came of calling `master`, of which `asked` told. A master that is not where the
    /// cluster says deserves its own cure.
    pub fn at_master(self, master: &Master, asked: &Address) -> Self {
        match self {
            Self::Net(
                cause @ (NetError::Unreachable { .. } | NetError::Late { .. } | NetError::UnknownHost { .. }),
            ) if master.address != *asked => Self::MasterUnreachable {
                announced: master.announced.clone(),
                source_address: asked.clone(),
                cause: Box::new(cause),
            },
            error => error,
        }
    }

    /// What to do about it, where something can be done.
    pub fn cure(&self) -> Option<String> {
        let cure = match self {
            Self::Net(error) => return error.cure(),
            Self::Shape { .. } => return None,
            Self::Unowned { address, .. } => {
                return Some(format!("give them to a master: redis-cli --cluster fix {address}"));
            }
            Self::Down { address, .. } => {
                return Some(format!("see what is wrong with it: redis-cli --cluster check {address}"));
            }
            Self::Replica { master, .. } => return Some(format!("give its master instead: {master}")),
            Self::Hidden { .. } => "grant +cluster|shards, +cluster|slots or +info",
            Self::MasterUnreachable { announced, .. } => {
                return Some(format!(
                    "is it down? if not, say where it is reached from here: --address-map {announced}=HOST:PORT"
                ));
            }
            Self::WrongNode { .. } => "correct --address-map, or leave out the balancer between",
            Self::ClusterBySocket { .. } => "give host and port instead: -h HOST -p PORT",
        };
        Some(cure.into())
    }
}

fn failed_slots(count: u64) -> String {
    if count == 0 { String::new() } else { format!(": {count} slots are with masters that have failed") }
}

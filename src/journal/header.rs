//! How a journal begins: whose keys its numbers count, and where they were sent.

use serde::{Deserialize, Serialize};

use crate::dataset::{Position, Spec, Values};
use crate::slots::SLOTS;

/// The version of the journal: it changes when a field changes its meaning or goes away.
pub const JOURNAL_SCHEMA: &str = "fillbench.journal/1";

/// The first record of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Always [`JOURNAL_SCHEMA`].
    pub schema: String,
    /// Which program wrote it: its version.
    pub program: String,
    /// [`dataset_digest`] of the keys and values.
    pub dataset: String,
    /// Where they are sent.
    pub place: Place,
}

impl Header {
    /// The header for a dataset, by its digest, and a place.
    pub fn new(dataset: String, place: Place) -> Self {
        let program = env!("CARGO_PKG_VERSION").into();
        Self { schema: JOURNAL_SCHEMA.into(), program, dataset, place }
    }
}

/// What tells one target from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Whether the servers form a cluster.
    pub cluster: bool,
    /// The server that was named: all there is to know a standalone server by.
    pub address: String,
    /// Its database.
    pub database: u32,
    /// The ids of a cluster's nodes, masters and replicas.
    pub nodes: Vec<String>,
}

impl Place {
    /// Why `other` is another target than this; `None` if it is the same. A cluster stays the same
    /// through reshards and failovers, as long as one of its nodes is left.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let kind = |place: &Self| if place.cluster { "a cluster" } else { "a standalone server" };
        if self.cluster != other.cluster {
            return Some(format!("it was {}, and is {}", kind(self), kind(other)));
        }
        if self.database != other.database {
            return Some(format!("it was database {}, and is {}", self.database, other.database));
        }
        if self.cluster {
            let known = other.nodes.iter().any(|node| self.nodes.contains(node));
            return (!known).then(|| "none of its nodes was in the cluster that was filled".into());
        }
        (self.address != other.address).then(|| format!("it was {}, and is {}", self.address, other.address))
    }
}

/// Of a value, so much goes into a digest: its stamp, and some of the pool.
const DIGESTED_BYTES: usize = 256;

/// A digest of everything that decides keys and values: the options, and one key and value as this
/// program makes them. Sixteen hexadecimal digits.
pub fn dataset_digest(spec: &Spec, values: &Values) -> String {
    let last = Position { slot: SLOTS - 1, ordinal: 1 };
    let mut digest = Fnv::default();
    let sizes = [spec.keys(), spec.shape().key(last).len() as u64, spec.value_size() as u64];
    sizes.iter().for_each(|size| digest.add(&size.to_le_bytes()));
    digest.add(&spec.shape().key(last));
    let mut value = Vec::new();
    values.write_part(last, 0, DIGESTED_BYTES, &mut value);
    digest.add(&value);
    digest.add(&spec.seed().to_le_bytes());
    if spec.is_share() {
        digest.add(&spec.first().to_le_bytes());
    }
    format!("{:016x}", digest.0)
}

/// FNV-1a, 64 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Amount, Request};

    fn place(cluster: bool, nodes: &[&str]) -> Place {
        let nodes = nodes.iter().map(ToString::to_string).collect();
        Place { cluster, address: "h:1".into(), database: 0, nodes }
    }

    #[test]
    fn a_cluster_is_the_same_while_one_node_is_left() {
        let before = place(true, &["a", "b", "c"]);
        assert_eq!(before.difference(&Place { address: "h:2".into(), ..place(true, &["x", "c"]) }), None);
        assert!(before.difference(&place(true, &["x", "y"])).unwrap().contains("none of its nodes"));
        assert!(
            before.difference(&place(false, &[])).unwrap().contains("it was a cluster, and is a standalone")
        );
    }

    #[test]
    fn a_server_is_the_same_by_its_address_and_database() {
        let before = place(false, &[]);
        assert_eq!(before.difference(&before), None);
        assert!(before.difference(&Place { database: 3, ..before.clone() }).is_some());
        assert!(before.difference(&Place { address: "h:2".into(), ..before.clone() }).is_some());
    }

    #[test]
    fn whatever_changes_keys_or_values_changes_the_digest() {
        let digest = |keys, key_size, value_size, prefix: &str, seed| {
            let amount = Amount::Keys(keys);
            let spec =
                Spec::new(&Request { amount, key_size, value_size, prefix: prefix.into(), seed }).unwrap();
            dataset_digest(&spec, &Values::new(&spec))
        };
        let one = digest(40_000, 32, 64, "", 1);
        assert_eq!(one, digest(40_000, 32, 64, "", 1));
        for other in [
            digest(40_001, 32, 64, "", 1),
            digest(40_000, 33, 64, "", 1),
            digest(40_000, 32, 65, "", 1),
            digest(40_000, 32, 64, "a", 1),
            digest(40_000, 32, 64, "", 2),
        ] {
            assert_ne!(one, other);
        }
    }
}

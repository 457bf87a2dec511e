//! Keys of another user, in the same slots as ours: a fill neither changes nor removes them.

use std::collections::BTreeMap;

use crate::common::{ask, connect};
use crate::fill::data::Data;
use crate::survive::cluster::Cluster;

/// One slot in so many has a key of theirs: in the others, a count may prove ours.
const EVERY: usize = 64;

/// What somebody else wrote before the fill.
pub(crate) struct Theirs {
    pub(crate) pairs: BTreeMap<String, String>,
}

impl Theirs {
    /// Writes them, and waits until the replicas have them.
    pub(crate) fn write(cluster: &Cluster, data: &Data) -> Self {
        let mut pairs = BTreeMap::new();
        for (owner, slots) in cluster.slots_of() {
            let mut connection = connect(owner);
            let mut pipe = redis::pipe();
            for &slot in slots.iter().filter(|&&slot| usize::from(slot) % EVERY == 0) {
                // The same hash tag, another name.
                let (key, value) = (data.key_in(slot).replace("}:", "}theirs:"), format!("of {slot}"));
                pipe.set(&key, &value).ignore();
                pairs.insert(key, value);
            }
            pipe.exec(&mut connection).unwrap();
            let info: String = ask(owner, "INFO replication");
            let replicas = info.lines().find_map(|line| line.strip_prefix("connected_slaves:")).unwrap();
            let waited: String = redis::cmd("WAIT").arg(replicas).arg(5000).query(&mut connection).unwrap();
            assert_eq!(waited, replicas, "replicas of {owner} that have them");
        }
        Self { pairs }
    }
}

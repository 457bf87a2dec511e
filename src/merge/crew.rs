//! Whether some runs are the workers of one fill: each of them there once, with the same dataset, into the same servers.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::MergeError;
use crate::dataset::Worker;
use crate::recorded::WorkerFolder;
use crate::results::{Options, Server};

/// A part of what decides which keys there are, and where: its name, and what the options have.
type Part = (&'static str, fn(&Options) -> String);

const DATASET: [Part; 9] = [
    ("--worker of", |o| shown(&o.worker_count)),
    ("--data", |o| shown(&o.data_bytes)),
    ("--keys", |o| shown(&o.keys)),
    ("--key-size", |o| o.key_size.to_string()),
    ("--value-size", |o| o.value_size.to_string()),
    ("--key-prefix", |o| format!("{:?}", o.key_prefix)),
    ("--seed", |o| o.seed.to_string()),
    ("--ttl", |o| shown(&o.ttl_seconds)),
    ("--db", |o| o.db.to_string()),
];

fn shown<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map_or_else(|| "none".into(), T::to_string)
}

/// Puts workers in order, and sees to it that all are there and belong together.
///
/// # Errors
/// [`MergeError`] names what is missing, or differs.
pub(super) fn order(folders: &mut [WorkerFolder]) -> Result<(), MergeError> {
    if let Some(none) = folders.iter().find(|folder| index(folder).is_none()) {
        return Err(MergeError::NoWorker(none.path.clone()));
    }
    folders.sort_by_key(index);
    let Some((first, others)) = folders.split_first() else {
        return Err(MergeError::NoWorker(PathBuf::new()));
    };
    for other in others {
        for (what, part) in DATASET {
            let (one_has, other_has) = (part(&first.record.options), part(&other.record.options));
            if one_has != other_has {
                let (one, other) = (first.path.clone(), other.path.clone());
                return Err(MergeError::Differs { what, one, one_has, other, other_has });
            }
        }
    }
    for two in folders.windows(2) {
        if let [one, other] = two
            && index(one) == index(other)
        {
            let (index, one, other) = (index(one).unwrap_or_default(), one.path.clone(), other.path.clone());
            return Err(MergeError::Twice { index, one, other });
        }
    }
    let count = folders.first().and_then(|first| first.record.options.worker_count).unwrap_or_default();
    let there: BTreeSet<u64> = folders.iter().filter_map(index).collect();
    let missing: Vec<u64> = (0..count).filter(|index| !there.contains(index)).collect();
    if !missing.is_empty() {
        return Err(MergeError::Missing { missing, count });
    }
    same_servers(folders)
}

/// The worker's number.
fn index(folder: &WorkerFolder) -> Option<u64> {
    let options = &folder.record.options;
    Worker::new(options.worker_index?, options.worker_count?).ok().map(Worker::index)
}

/// A cluster is the same while it has a node in common, as for `--resume`. A worker that reached no server filled none
/// that is another.
fn same_servers(folders: &[WorkerFolder]) -> Result<(), MergeError> {
    let mut reached = folders.iter().filter(|folder| !folder.record.servers.is_empty());
    let Some(first) = reached.next() else { return Ok(()) };
    for other in reached {
        let names = |folder: &WorkerFolder| folder.record.servers.iter().map(name).collect::<BTreeSet<_>>();
        if names(first).is_disjoint(&names(other)) {
            let masters = |folder: &WorkerFolder| {
                let masters = folder.record.servers.iter().map(|server| server.address.as_str());
                masters.collect::<Vec<_>>().join(", ")
            };
            return Err(MergeError::OtherServers {
                one: first.path.clone(),
                one_has: masters(first),
                other: other.path.clone(),
                other_has: masters(other),
            });
        }
    }
    Ok(())
}

/// What a master is known by: its node id, and its address where it has none.
pub(super) fn name(server: &Server) -> String {
    if server.node.is_empty() { server.address.clone() } else { server.node.clone() }
}

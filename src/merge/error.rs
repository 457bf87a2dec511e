//! Why runs are not the shares of one dataset.

use std::path::PathBuf;

use crate::recorded::LoadError;

/// Of workers that are missing, so many are named.
const WORKERS_NAMED: usize = 20;

/// What is missing, or differs. The text is the cause; [`MergeError::cure`] says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// A folder cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A fill that was nobody's share.
    #[error("the fill that left {} was given no --worker: it is no share of a dataset", .0.display())]
    NoWorker(PathBuf),
    /// Two folders of one worker.
    #[error("worker {index} is there twice: {} and {}", one.display(), other.display())]
    Twice {
        /// Which one.
        index: u64,
        /// One of its folders.
        one: PathBuf,
        /// Another.
        other: PathBuf,
    },
    /// Not all of them are there.
    #[error("{} of {count} {} missing", named(missing), if missing.len() == 1 { "is" } else { "are" })]
    Missing {
        /// Their numbers.
        missing: Vec<u64>,
        /// How many there should be.
        count: u64,
    },
    /// They filled something else.
    #[error("{} was filled with {what} {one_has}, and {} with {other_has}", one.display(), other.display())]
    Differs {
        /// What differs.
        what: &'static str,
        /// A folder.
        one: PathBuf,
        /// What it has.
        one_has: String,
        /// Another folder.
        other: PathBuf,
        /// What that has.
        other_has: String,
    },
    /// They filled other servers.
    #[error("{} and {} were filled into different servers: {one_has}, and {other_has}", one.display(), other.display())]
    OtherServers {
        /// A folder.
        one: PathBuf,
        /// Its masters.
        one_has: String,
        /// Another folder.
        other: PathBuf,
        /// Its masters.
        other_has: String,
    },
    /// Latencies are missing.
    #[error("latency.hlog in {} tells of {found} pipelines, and its run.json of {wanted}", folder.display())]
    Latencies {
        /// Which folder.
        folder: PathBuf,
        /// Pipelines in the log.
        found: u64,
        /// Pipelines in the record.
        wanted: u64,
    },
}

impl MergeError {
    /// What to do about it.
    pub fn cure(&self) -> String {
        match self {
            Self::Load(error) => error.cure(),
            Self::NoWorker(_) => "name the folders that workers left with --out, and no others".into(),
            Self::Twice { .. } => {
                "name the folder of each worker once; that of a fill which was cut off goes on with \
                                   --resume"
                    .into()
            }
            Self::Missing { missing, count } => {
                let first = missing.first().copied().unwrap_or_default();
                format!("name their folders, too, or fill what they did not: --worker {first}/{count}")
            }
            Self::Differs { .. } | Self::OtherServers { .. } => {
                "name the workers of one fill: all of them with the same dataset, into the same servers"
                    .into()
            }
            Self::Latencies { .. } => "take the folder as the worker left it, whole".into(),
        }
    }
}

/// `worker 3`, `workers 3, 5 and 7`.
fn named(indices: &[u64]) -> String {
    let mut numbers: Vec<String> = indices.iter().take(WORKERS_NAMED).map(u64::to_string).collect();
    if indices.len() > WORKERS_NAMED {
        numbers.push(format!("{} others", indices.len() - WORKERS_NAMED));
    }
    match &numbers[..] {
        [one] => format!("worker {one}"),
        [many @ .., last] => format!("workers {} and {last}", many.join(", ")),
        [] => String::new(),
    }
}

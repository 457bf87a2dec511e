//! Who of several workers has which keys. A share is a range of indices: shares are disjoint and complete, and as
//! any range of indices spreads evenly over any range of slots, each worker has the same to do at every master,
//! whoever owns which slots.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// The most workers that a dataset is shared out among.
pub const WORKERS_MAX: u64 = 10_000;

/// One of several load machines that fill one dataset together: `3/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worker {
    index: u64,
    count: u64,
}

/// Why a worker cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    /// No two numbers.
    #[error("`{0}` is no worker: give its number, from 0, and how many there are, like 3/16")]
    Form(String),
    /// It is not among them.
    #[error("there is no worker {index} of {count}: they are counted from 0, so the last is {}", count - 1)]
    Beyond {
        /// Its number.
        index: u64,
        /// How many there are.
        count: u64,
    },
    /// None, or too many.
    #[error("{0} workers: there may be 1 to {WORKERS_MAX}")]
    Count(u64),
}

impl Worker {
    /// The worker with this number, from 0, of so many.
    ///
    /// # Errors
    /// [`WorkerError`] if there is none.
    pub fn new(index: u64, count: u64) -> Result<Self, WorkerError> {
        match count {
            0 => Err(WorkerError::Count(count)),
            count if count > WORKERS_MAX => Err(WorkerError::Count(count)),
            count if index >= count => Err(WorkerError::Beyond { index, count }),
            count => Ok(Self { index, count }),
        }
    }

    /// Its number, from 0.
    pub fn index(self) -> u64 {
        self.index
    }

    /// How many workers there are.
    pub fn count(self) -> u64 {
        self.count
    }

    /// The indices of its keys, of a dataset that has so many.
    pub fn share(self, keys: u64) -> Range<u64> {
        let first = |index: u64| (u128::from(keys) * u128::from(index) / u128::from(self.count)) as u64;
        first(self.index)..first(self.index + 1)
    }
}

impl fmt::Display for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Worker {
    type Err = WorkerError;

    fn from_str(text: &str) -> Result<Self, WorkerError> {
        let form = || WorkerError::Form(text.into());
        let (index, count) = text.split_once('/').ok_or_else(form)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| form());
        Self::new(number(index)?, number(count)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_worker_is_read_as_it_is_shown() {
        for text in ["0/1", "3/16", "9999/10000"] {
            assert_eq!(text.parse::<Worker>().unwrap().to_string(), text);
        }
        for text in ["", "3", "/", "3/", "/16", "a/16", "3/b", "-1/3", "1/2/3", "1.5/3", "3 / 16"] {
            assert_eq!(text.parse::<Worker>(), Err(WorkerError::Form(text.into())), "{text}");
        }
        let beyond = "16/16".parse::<Worker>().unwrap_err();
        assert!(beyond.to_string().ends_with("counted from 0, so the last is 15"), "{beyond}");
        assert_eq!("0/0".parse::<Worker>(), Err(WorkerError::Count(0)));
        assert_eq!("0/10001".parse::<Worker>(), Err(WorkerError::Count(10_001)));
    }

    proptest! {
        #[test]
        fn shares_follow_each_other_and_are_even(keys in 0..=u64::MAX, count in 1..200u64) {
            let mut next = 0;
            for index in 0..count {
                let share = Worker::new(index, count).unwrap().share(keys);
                prop_assert_eq!(share.start, next);
                prop_assert!((keys / count..=keys / count + 1).contains(&(share.end - share.start)));
                next = share.end;
            }
            prop_assert_eq!(next, keys);
        }
    }
}

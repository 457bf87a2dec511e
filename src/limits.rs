//! What ends a run from outside: somebody's wish, or the end of its time.

use std::future::{Future, pending};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// How long work that has something to put in order may take for that.
const GRACE: Duration = Duration::from_secs(1);

/// By when a run has to end, and who may ask for it earlier. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Set to true by whoever wants the run to end.
    halt: watch::Receiver<bool>,
    deadline: Option<(Instant, Duration)>,
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Somebody asked for it.
    Interrupted,
    /// The run's time is over: it was this long.
    Deadline(Duration),
}

impl Limits {
    /// The limits of a run that began at `started`: it ends when `halt` turns true, or after
    /// `deadline`.
    pub fn new(halt: watch::Receiver<bool>, started: Instant, deadline: Option<Duration>) -> Self {
        Self { halt, deadline: deadline.map(|limit| (started + limit, limit)) }
    }

    /// Does `work`, unless a limit is reached first.
    ///
    /// # Errors
    /// Which limit it was.
    pub async fn within<T>(&self, work: impl Future<Output = T>) -> Result<T, Limit> {
        tokio::select! {
            done = work => Ok(done),
            limit = self.reached() => Err(limit),
        }
    }

    /// Waits until a limit is reached.
    pub async fn reached(&self) -> Limit {
        let mut halt = self.halt.clone();
        let halted = async {
            if halt.wait_for(|halt| *halt).await.is_err() {
                // Nobody is left who could ask.
                pending::<()>().await;
            }
        };
        let overdue = async {
            match self.deadline {
                Some((at, limit)) => {
                    tokio::time::sleep_until(at.into()).await;
                    limit
                }
                None => pending().await,
            }
        };
        tokio::select! {
            () = halted => Limit::Interrupted,
            limit = overdue => Limit::Deadline(limit),
        }
    }

    /// Whether a limit is reached.
    pub fn are_reached(&self) -> bool {
        *self.halt.borrow() || self.deadline.is_some_and(|(at, _)| Instant::now() >= at)
    }

    /// As [`Self::within`], for work that sees for itself that a limit is reached, and then has something to put in
    /// order.
    ///
    /// # Errors
    /// Which limit it was.
    pub async fn within_late<T>(&self, work: impl Future<Output = T>) -> Result<T, Limit> {
        tokio::pin!(work);
        match self.within(&mut work).await {
            Ok(done) => Ok(done),
            Err(limit) => {
                // What it comes to is of no use any more.
                let _ = tokio::time::timeout(GRACE, work).await;
                Err(limit)
            }
        }
    }
}

//! The state, shared by the threads of all nodes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::archive::Archive;
use super::state::State;

/// The state, and where it is kept.
pub(crate) struct Cluster {
    state: Mutex<State>,
    version: AtomicU64,
    archive: Option<Archive>,
}

impl Cluster {
    pub(crate) fn new(state: State, archive: Option<Archive>) -> Self {
        Self { state: Mutex::new(state), version: AtomicU64::new(1), archive }
    }

    /// Moves on with each change; a node compares it before each command.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The state, to be read.
    pub(crate) fn read(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves no half-made change behind: a change is made on a copy.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, keeps it, and has every node look again. What is refused, or cannot be
    /// kept, changes nothing.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut State) -> Result<T, String>,
    ) -> Result<T, String> {
        let mut state = self.read();
        let mut changed = state.clone();
        let result = change(&mut changed)?;
        if let Some(archive) = &self.archive {
            archive.keep(&state, &changed).map_err(|error| format!("ERR {error}"))?;
        }
        *state = changed;
        self.version.fetch_add(1, Ordering::Release);
        Ok(result)
    }
}

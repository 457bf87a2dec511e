//! The state, shared by the threads of all nodes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::archive::Archive;
use super::feed::Feed;
use super::state::{MemberIndex, State};

/// The state, and where it is kept.
pub(crate) struct Cluster {
    state: Mutex<State>,
    version: AtomicU64,
    archive: Option<Archive>,
    /// Each member's.
    feeds: Vec<Feed>,
}

impl Cluster {
    pub(crate) fn new(state: State, archive: Option<Archive>) -> Self {
        let feeds = state.members.iter().map(|_| Feed::default()).collect();
        Self { state: Mutex::new(state), version: AtomicU64::new(1), archive, feeds }
    }

    /// Moves on with each change; a node compares it before each command.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// A member's feed.
    pub(crate) fn feed(&self, member: MemberIndex) -> &Feed {
        &self.feeds[member]
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
        drop(state);
        // Those that have no command to execute should see it, too.
        self.feeds.iter().for_each(|feed| feed.bell.notify_one());
        Ok(result)
    }
}

//! What a client sent since MULTI: requests that have been admitted and wait for EXEC.

use super::commands::{Flags, Spec, TABLE};
use crate::resp::{KeptRequest, Request};

/// A request in the queue.
pub(crate) struct Queued {
    /// Of its command in the table.
    pub(crate) place: usize,
    /// The slot of its keys; 0 if it has none.
    pub(crate) slot: u16,
    pub(crate) kept: KeptRequest,
}

/// An open transaction.
pub(crate) struct Transaction {
    /// In the order in which they came; taken out when they are executed.
    pub(crate) commands: Vec<Queued>,
    /// How many they are, or were until EXEC took them.
    pub(crate) queued: usize,
    /// Bytes that they take. They count among those that a client may have waiting.
    pub(crate) bytes: usize,
    /// What any of them is.
    pub(crate) flags: Flags,
    /// One was refused, so none is executed.
    pub(crate) failed: bool,
}

impl Default for Transaction {
    fn default() -> Self {
        Self { commands: Vec::new(), queued: 0, bytes: 0, flags: Flags::NONE, failed: false }
    }
}

impl Transaction {
    pub(crate) fn queue(&mut self, place: usize, slot: u16, request: &Request<'_>) {
        let kept = request.keep();
        self.bytes += size_of::<Queued>() + kept.heap_bytes();
        self.flags = self.flags.and(TABLE[place].flags);
        self.queued += 1;
        self.commands.push(Queued { place, slot, kept });
    }

    /// All keys of the queue.
    pub(crate) fn keys(&self) -> Vec<&[u8]> {
        let keys = |queued: &Queued| TABLE[queued.place].keys;
        self.commands.iter().flat_map(|queued| keys(queued).of(queued.kept.request())).collect()
    }
}

/// Whether the command executes the queue.
pub(crate) fn is_exec(spec: &Spec) -> bool {
    spec.name == "exec"
}

//! The way from a master to one of its replicas, across threads: what the one puts in, the other takes
//! out. This file knows neither keys nor roles.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;

use super::state::MemberIndex;

/// A replica that has not taken so many bytes of changes has lost touch and begins again with a copy of
/// everything. The default of Redis (`client-output-buffer-limit replica 256mb …`).
const MAX_BYTES: usize = 256 << 20;

/// What a replica is given.
#[derive(Debug)]
pub(crate) enum Part {
    /// Changes to make, and the master's offset after them.
    Changes(Bytes, u64),
    /// Keys as they were when they were copied, written as changes.
    Copy(Vec<u8>),
    /// All keys have been copied, and the master was at this offset.
    Copied(u64),
    /// That was all: the replica takes over.
    HandOver,
}

/// One member's feed: each has one, whether it is a replica or not.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    queue: Mutex<Queue>,
    /// How far the member is in its history of changes: a master with writing, a replica with making them.
    offset: AtomicU64,
    /// Rung when there is something to do for the member.
    pub(crate) bell: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    /// Who feeds. Nothing is taken from another.
    master: Option<MemberIndex>,
    /// Whether the replica waits for a copy to begin.
    wants_copy: bool,
    /// Whether it has had everything once, and only changes are missing.
    online: bool,
    parts: VecDeque<(Instant, Part)>,
    /// Bytes of changes among the parts.
    changes: usize,
    /// Bytes of copied keys among them.
    copied: usize,
    /// How old a part is before it may be taken.
    lag: Duration,
    /// The master's name of its history.
    history: String,
}

impl Feed {
    /// The replica wants everything from this master, and nothing from another any more.
    pub(crate) fn ask(&self, master: MemberIndex) {
        *self.queue() = Queue::of(master);
    }

    /// The replica of this master has to begin again: what it has is not the master's any more.
    pub(crate) fn begin_again(&self, master: MemberIndex) {
        let mut queue = self.queue();
        if queue.master == Some(master) {
            *queue = Queue::of(master);
        }
    }

    /// Nobody feeds this member any more.
    pub(crate) fn close(&self) {
        *self.queue() = Queue::default();
    }

    /// Takes back what is too young to have reached the replica, and takes nothing more.
    pub(crate) fn cut(&self, now: Instant) {
        let mut queue = self.queue();
        let lag = queue.lag;
        queue.parts.retain(|(since, _)| *since + lag <= now);
        (queue.master, queue.lag) = (None, Duration::ZERO);
    }

    /// Whether the replica waits for a copy of this master's keys, told once. It will be of this history.
    pub(crate) fn begin_copy(&self, master: MemberIndex, history: &str) -> bool {
        let mut queue = self.queue();
        let is_asked = queue.master == Some(master) && std::mem::take(&mut queue.wants_copy);
        if is_asked {
            history.clone_into(&mut queue.history);
        }
        is_asked
    }

    /// Puts a part in, unless the replica listens to somebody else, or waits for a copy to begin: says whether
    /// it did. One that has left too many changes lying loses them all, and has to begin again.
    pub(crate) fn put(&self, master: MemberIndex, part: Part, lag: Duration) -> bool {
        let mut queue = self.queue();
        if queue.master != Some(master) || queue.wants_copy {
            return false;
        }
        if matches!(part, Part::Changes(..)) && queue.changes > MAX_BYTES {
            *queue = Queue::of(master);
            return false;
        }
        queue.lag = lag;
        queue.count(&part, usize::wrapping_add);
        queue.parts.push_back((Instant::now(), part));
        drop(queue);
        self.bell.notify_one();
        true
    }

    /// Takes back what tells the replica to take over, if it has not taken that out yet.
    pub(crate) fn call_off(&self) {
        self.queue().parts.retain(|(_, part)| !matches!(part, Part::HandOver));
    }

    /// Bytes of all that was not taken yet.
    pub(crate) fn bytes(&self) -> usize {
        let queue = self.queue();
        queue.changes + queue.copied
    }

    /// Bytes of copied keys that were not taken yet.
    pub(crate) fn copied(&self) -> usize {
        self.queue().copied
    }

    /// Takes the next part out, or says after which time there may be one, if any is there.
    pub(crate) fn take(&self) -> Result<Part, Option<Duration>> {
        let mut queue = self.queue();
        let lag = queue.lag;
        let Some((since, _)) = queue.parts.front() else { return Err(None) };
        let left = (*since + lag).saturating_duration_since(Instant::now());
        if !left.is_zero() {
            return Err(Some(left));
        }
        let (_, part) = queue.parts.pop_front().ok_or(None)?;
        queue.count(&part, usize::wrapping_sub);
        if let Part::Copied(offset) = part {
            // All before it has been made by whoever takes it out.
            self.reach(offset);
            queue.online = true;
        }
        Ok(part)
    }

    /// The member is so far.
    pub(crate) fn reach(&self, offset: u64) {
        self.offset.store(offset, Ordering::Release);
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset.load(Ordering::Acquire)
    }

    /// Whether the replica has had everything of this master once.
    pub(crate) fn is_online(&self, master: MemberIndex) -> bool {
        let queue = self.queue();
        queue.online && queue.master == Some(master)
    }

    /// The name of the history of what the replica was given last.
    pub(crate) fn history(&self) -> String {
        self.queue().history.clone()
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        // A panic elsewhere leaves a queue that can be used: each change to it is made in one go.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Of a replica that wants everything from this master.
    fn of(master: MemberIndex) -> Self {
        Self { master: Some(master), wants_copy: true, ..Self::default() }
    }

    fn count(&mut self, part: &Part, add: fn(usize, usize) -> usize) {
        match part {
            Part::Changes(bytes, _) => {
                // Many small ones take room, too.
                self.changes = add(self.changes, bytes.len() + size_of::<(Instant, Part)>());
            }
            Part::Copy(bytes) => self.copied = add(self.copied, bytes.len()),
            Part::Copied(_) | Part::HandOver => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(bytes: usize) -> Part {
        Part::Changes(vec![0; bytes].into(), bytes as u64)
    }

    #[test]
    fn a_replica_is_fed_by_the_one_that_it_asked_and_after_it_began() {
        let feed = Feed::default();
        feed.put(1, changes(1), Duration::ZERO);
        feed.ask(1);
        feed.put(1, changes(2), Duration::ZERO);
        assert!(!feed.begin_copy(2, "two") && feed.begin_copy(1, "one") && !feed.begin_copy(1, "one"));
        feed.put(2, changes(3), Duration::ZERO);
        feed.put(1, changes(4), Duration::ZERO);
        assert!(matches!(feed.take(), Ok(Part::Changes(bytes, 4)) if bytes.len() == 4));
        assert!(matches!(feed.take(), Err(None)));
        assert_eq!(feed.history(), "one");
    }

    #[test]
    fn who_leaves_too_much_lying_begins_again() {
        let feed = Feed::default();
        feed.ask(1);
        assert!(feed.begin_copy(1, ""));
        let taken: Vec<bool> = (0..6).map(|_| feed.put(1, changes(MAX_BYTES / 4), Duration::ZERO)).collect();
        assert_eq!(taken, [true, true, true, true, false, false]);
        assert!(matches!(feed.take(), Err(None)) && feed.begin_copy(1, ""));
        assert!(feed.put(1, Part::Copied(7), Duration::ZERO) && !feed.is_online(1));
        assert!(matches!(feed.take(), Ok(Part::Copied(7))));
        assert!(feed.is_online(1) && !feed.is_online(2) && feed.offset() == 7);
        feed.begin_again(2);
        assert!(feed.is_online(1));
        feed.begin_again(1);
        assert!(!feed.is_online(1));
    }

    #[test]
    fn a_replica_is_not_told_to_take_over_when_that_was_called_off() {
        let feed = Feed::default();
        feed.ask(1);
        assert!(feed.begin_copy(1, ""));
        feed.put(1, Part::HandOver, Duration::ZERO);
        feed.put(1, changes(1), Duration::ZERO);
        feed.call_off();
        assert!(matches!(feed.take(), Ok(Part::Changes(..))) && matches!(feed.take(), Err(None)));
    }

    #[test]
    fn what_lags_behind_is_lost_when_the_feed_is_cut() {
        let feed = Feed::default();
        feed.ask(1);
        assert!(feed.begin_copy(1, ""));
        feed.put(1, changes(1), Duration::from_secs(3600));
        assert!(matches!(feed.take(), Err(Some(left)) if left > Duration::from_secs(3500)));
        feed.cut(Instant::now() + Duration::from_secs(3600));
        assert!(matches!(feed.take(), Ok(Part::Changes(..))));
        feed.ask(1);
        assert!(feed.begin_copy(1, ""));
        feed.put(1, changes(1), Duration::from_secs(3600));
        feed.cut(Instant::now());
        assert!(matches!(feed.take(), Err(None)));
    }
}

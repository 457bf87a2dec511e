//! Writing a journal while a fill goes on. The disk's work is done on a thread of its own, and nobody waits
//! for it: whoever fills leaves the newest state on a desk that holds one, and what the thread has not taken
//! when the next comes is replaced. So a slow disk costs records, and never keys; a full one costs the
//! journal, and is told.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::format::{change, line};
use super::{Header, JournalError};
use crate::slots::SLOTS;

/// The journal in a run's folder.
pub const JOURNAL_FILE: &str = "journal.log";
/// What [`JOURNAL_FILE`] is called until its beginning is on the disk.
pub const JOURNAL_FILE_IN_THE_MAKING: &str = "journal.log.part";
/// A file that would grow beyond this is begun anew with the state that it has come to.
const BYTES_MAX: u64 = 8 << 20;
/// A disk that has taken nothing for so long is told of.
const SLOW: Duration = Duration::from_secs(10);

/// A journal that is being written.
pub struct Journal {
    shared: Arc<Shared>,
    path: PathBuf,
}

/// What the journal holds for certain, at the end.
#[derive(Debug)]
pub struct Kept {
    /// How many keys were executed, as far as it tells.
    pub keys: u64,
    /// Whether it tells everything that it was given.
    pub complete: bool,
    /// Why not, if [`Journal::trouble`] has not told that yet.
    pub trouble: Option<JournalError>,
}

struct Shared {
    desk: Mutex<Desk>,
    changed: Condvar,
}

#[derive(Default)]
struct Desk {
    /// The newest state that the thread has not taken.
    next: Option<Vec<u64>>,
    /// Since when the disk has been at work on what was taken.
    busy: Option<Instant>,
    /// Keys in the state that is on the disk.
    kept: u64,
    /// What the disk failed with, until it is told; the thread ends with it.
    failed: Option<io::Error>,
    told_slow: bool,
    closing: bool,
    /// The thread has ended.
    over: bool,
    /// All that was taken until it ended is on the disk.
    complete: bool,
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal {
    /// Begins a journal in `folder` with a state, in place of the one that may be there. When this
    /// returns, it is on the disk. It waits for the disk: not for a thread that others share.
    ///
    /// # Errors
    /// [`JournalError::Unwritable`].
    pub fn begin(folder: &Path, header: &Header, executed: &[u64]) -> Result<Self, JournalError> {
        Self::begin_with(folder, header, executed, BYTES_MAX)
    }

    fn begin_with(
        folder: &Path,
        header: &Header,
        executed: &[u64],
        bytes_max: u64,
    ) -> Result<Self, JournalError> {
        let path = folder.join(JOURNAL_FILE);
        let failed = |error| JournalError::Unwritable { path: path.clone(), error };
        let header = line(&serde_json::to_string(header).map_err(|error| failed(error.into()))?);
        let mut book = Book {
            folder: folder.into(),
            header,
            file: None,
            bytes: 0,
            number: 0,
            state: Vec::new(),
            bytes_max,
        };
        book.begin(executed).map_err(failed)?;
        let desk = Desk { kept: executed.iter().sum(), ..Desk::default() };
        let shared = Arc::new(Shared { desk: Mutex::new(desk), changed: Condvar::new() });
        let of_thread = shared.clone();
        let thread = thread::Builder::new().name("journal".into());
        thread.spawn(move || keep(&of_thread, book)).map_err(failed)?;
        Ok(Self { shared, path })
    }

    /// Takes note of how many of each slot's first keys are executed: more than before, or fewer where
    /// something was taken back. It returns at once.
    pub fn note(&self, executed: &[u64]) {
        let mut desk = self.shared.desk();
        if desk.over {
            return;
        }
        match &mut desk.next {
            Some(next) => next.clone_from_slice(executed),
            next => *next = Some(executed.to_vec()),
        }
        self.shared.changed.notify_all();
    }

    /// What is wrong with the disk, each thing once.
    pub fn trouble(&self) -> Option<JournalError> {
        let mut desk = self.shared.desk();
        let path = || self.path.clone();
        if let Some(error) = desk.failed.take() {
            return Some(JournalError::Stopped { path: path(), error });
        }
        let after = desk.busy.map(|since| since.elapsed()).filter(|after| *after >= SLOW);
        let after = after.filter(|_| !desk.told_slow)?;
        desk.told_slow = true;
        Some(JournalError::Slow { path: path(), after: Duration::from_secs(after.as_secs()) })
    }

    /// Waits until everything noted is on the disk, for `patience` at most. It is not for a thread that
    /// others share.
    pub fn close(self, patience: Duration) -> Kept {
        let since = Instant::now();
        let mut desk = self.shared.desk();
        desk.closing = true;
        self.shared.changed.notify_all();
        while !desk.over {
            let Some(left) = patience.checked_sub(since.elapsed()) else {
                let trouble = JournalError::Slow { path: self.path.clone(), after: patience };
                return Kept { keys: desk.kept, complete: false, trouble: Some(trouble) };
            };
            let waited = self.shared.changed.wait_timeout(desk, left);
            desk = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let failed = desk.failed.take();
        let trouble = failed.map(|error| JournalError::Stopped { path: self.path.clone(), error });
        Kept { keys: desk.kept, complete: desk.complete, trouble }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // The thread writes what is left, if the process lives as long, and ends.
        self.shared.desk().closing = true;
        self.shared.changed.notify_all();
    }
}

/// The thread: writes whatever lies on the desk until it is closed, or the disk fails.
fn keep(shared: &Shared, mut book: Book) {
    let mut desk = shared.desk();
    loop {
        if let Some(next) = desk.next.take() {
            desk.busy = Some(Instant::now());
            drop(desk);
            let written = book.write(&next);
            desk = shared.desk();
            desk.busy = None;
            match written {
                Ok(()) => desk.kept = next.iter().sum(),
                Err(error) => {
                    desk.failed = Some(error);
                    break;
                }
            }
        } else if desk.closing {
            desk.complete = true;
            break;
        } else {
            desk = shared.changed.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
    }
    desk.over = true;
    shared.changed.notify_all();
}

/// The file, and the state that it has come to.
struct Book {
    folder: PathBuf,
    header: String,
    file: Option<File>,
    bytes: u64,
    /// Of the last record.
    number: u64,
    state: Vec<u64>,
    bytes_max: u64,
}

impl Book {
    /// Puts a file with a state in the place of the one that is there: a crash leaves either.
    fn begin(&mut self, executed: &[u64]) -> io::Result<()> {
        let first = change(1, &vec![0; usize::from(SLOTS)], executed);
        let text = self.header.clone() + &first.as_deref().map_or_else(String::new, line);
        let part = self.folder.join(JOURNAL_FILE_IN_THE_MAKING);
        let begun = File::create(&part).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&part, self.folder.join(JOURNAL_FILE))?;
            // The name, too.
            File::open(&self.folder)?.sync_all()?;
            Ok(file)
        });
        if begun.is_err() {
            // The failure itself is what is told.
            let _ = fs::remove_file(&part);
        }
        self.file = Some(begun?);
        (self.bytes, self.number) = (text.len() as u64, u64::from(first.is_some()));
        self.state = executed.to_vec();
        Ok(())
    }

    /// Adds what has changed. When this returns, it is on the disk.
    fn write(&mut self, executed: &[u64]) -> io::Result<()> {
        let Some(payload) = change(self.number + 1, &self.state, executed) else { return Ok(()) };
        let text = line(&payload);
        let Some(file) = &mut self.file else { return self.begin(executed) };
        if self.bytes + text.len() as u64 > self.bytes_max {
            return self.begin(executed);
        }
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_data());
        if written.is_err() {
            // Half a record would be passed by, but whoever looks at the file need not see one.
            let _ = file.set_len(self.bytes);
        }
        written?;
        self.bytes += text.len() as u64;
        self.number += 1;
        self.state.clone_from_slice(executed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Place, read};
    use super::*;

    const ALL: usize = SLOTS as usize;
    const PATIENCE: Duration = Duration::from_secs(20);

    fn header() -> Header {
        let place = Place { cluster: false, address: "h:1".into(), database: 0, nodes: Vec::new() };
        Header::new("d".into(), place)
    }

    fn state(first: u64) -> Vec<u64> {
        (0..ALL as u64).map(|slot| first.saturating_sub(slot % 100)).collect()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|one| one.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_last_state_is_there_in_the_end_and_can_be_gone_on_from() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(JOURNAL_FILE);
        let mut before = vec![0; ALL];
        for round in 0..3 {
            let journal = Journal::begin(folder.path(), &header(), &before).unwrap();
            assert_eq!(read(&path).unwrap().executed, before);
            for step in [90, 50, 120] {
                journal.note(&state(round * 100 + step));
            }
            let kept = journal.close(PATIENCE);
            before = state(round * 100 + 120);
            assert_eq!((kept.keys, kept.complete), (before.iter().sum(), true));
            assert!(kept.trouble.is_none());
            let past = read(&path).unwrap();
            assert!(past.executed == before && past.header == header());
        }
        assert_eq!(names(folder.path()), [JOURNAL_FILE]);
    }

    #[test]
    fn a_file_that_grows_too_long_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(JOURNAL_FILE);
        let journal = Journal::begin_with(folder.path(), &header(), &vec![0; ALL], 400_000).unwrap();
        let mut most = 0;
        for step in 1..60 {
            journal.note(&state(step));
            // Each is waited for, so that none replaces another.
            while journal.shared.desk().kept != state(step).iter().sum::<u64>() {
                thread::yield_now();
            }
            assert!(read(&path).unwrap().executed == state(step));
            most = most.max(fs::metadata(&path).unwrap().len());
        }
        assert!((100_000..=400_000).contains(&most), "{most}");
        assert!(journal.close(PATIENCE).trouble.is_none());
    }

    #[test]
    fn a_disk_that_fails_is_told_once_and_costs_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("out");
        fs::create_dir(&place).unwrap();
        let journal = Journal::begin_with(&place, &header(), &state(7), 0).unwrap();
        fs::remove_dir_all(&place).unwrap();
        journal.note(&state(8));
        let trouble = loop {
            if let Some(trouble) = journal.trouble() {
                break trouble.to_string();
            }
            thread::yield_now();
        };
        assert!(trouble.contains("journal.log is no longer written: no such file"), "{trouble}");
        journal.note(&state(9));
        assert!(journal.trouble().is_none());
        let kept = journal.close(PATIENCE);
        assert_eq!((kept.keys, kept.complete), (state(7).iter().sum(), false));
        let unwritable = Journal::begin(&place, &header(), &state(7)).err().unwrap();
        assert!(matches!(unwritable, JournalError::Unwritable { .. }), "{unwritable}");
    }

    #[test]
    fn nobody_waits_for_a_slow_disk() {
        let shared = Shared { desk: Mutex::new(Desk::default()), changed: Condvar::new() };
        let journal = Journal { shared: Arc::new(shared), path: "out/journal.log".into() };
        journal.shared.desk().busy = Instant::now().checked_sub(SLOW);
        (1..10).for_each(|step| journal.note(&state(step)));
        assert_eq!(journal.shared.desk().next, Some(state(9)));
        let told = journal.trouble().unwrap().to_string();
        assert!(told.starts_with("out/journal.log has taken nothing for 1"), "{told}");
        assert!(journal.trouble().is_none());
        let kept = journal.close(Duration::from_millis(10));
        assert_eq!(
            (kept.keys, kept.trouble.unwrap().to_string().as_str()),
            (0, "out/journal.log has taken nothing for 10ms")
        );
    }
}

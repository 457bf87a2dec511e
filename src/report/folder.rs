//! `--out DIR`: a folder of its own for all that one run leaves. Every file is opened before the
//! first key is sent, so that nothing fails late for a reason that could be known early. A run that goes on
//! (`--resume DIR`) adds to the files that are there: rows name their run.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::OutputError;
use super::columns::columns;
use super::disk::failed;
use super::error::Whose;
use super::format::Output;
use super::hlog::LatencyLog;
use super::intervals::{self, Intervals};
use super::json::{JsonFile, RUN_FILE_IN_THE_MAKING};
use super::latency::{self, LatencyTable};
use super::table::{Rows, line};
use crate::journal::{JOURNAL_FILE, JOURNAL_FILE_IN_THE_MAKING};
use crate::results::{INTERVALS_TABLE, LATENCY_LOG, LATENCY_TABLE, RUN_FILE, RUNS_TABLE};

/// What others put there: it goes when the folder goes.
const OF_OTHERS: [&str; 3] = [RUN_FILE, JOURNAL_FILE, JOURNAL_FILE_IN_THE_MAKING];

/// So much is read at a time where the end of a file is looked for.
const BLOCK: u64 = 64 << 10;

/// A folder with its files open. Dropped before [`Folder::keep`], it takes them away again: a run
/// that never began leaves nothing, and can be tried again with the same command line.
pub(super) struct Folder {
    path: PathBuf,
    made: bool,
    files: Vec<PathBuf>,
    kept: AtomicBool,
    /// Held while the run lasts: two runs must not go on in one folder.
    _lock: Option<Flock<File>>,
}

impl Folder {
    /// Makes the folder, and its parents, and opens its files.
    ///
    /// # Errors
    /// [`OutputError::Used`] if it holds anything, [`OutputError::Open`] if it cannot be written.
    pub(super) fn create(
        path: &Path,
        run: &str,
        started_at: SystemTime,
    ) -> Result<(Self, Vec<Output>), OutputError> {
        let failed = failed(path);
        let made = !path.exists();
        if !made && !path.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        fs::create_dir_all(path).map_err(&failed)?;
        if fs::read_dir(path).map_err(&failed)?.next().is_some() {
            return Err(OutputError::Used { folder: path.into(), whose: Whose::Fill });
        }
        let lock = lock(path)?;
        let kept = AtomicBool::new(false);
        let mut folder = Self { path: path.into(), made, files: Vec::new(), kept, _lock: lock };
        let outputs = folder.open(run, started_at).map_err(failed)?;
        folder.files.extend(OF_OTHERS.map(|name| path.join(name)));
        Ok((folder, outputs))
    }

    fn open(&mut self, run: &str, started_at: SystemTime) -> io::Result<Vec<Output>> {
        let json = self.file(RUN_FILE_IN_THE_MAKING)?;
        let mut table = |name: &str, header: &[u8]| {
            let mut file = self.file(name)?;
            file.write_all(header)?;
            Ok::<_, io::Error>(file)
        };
        let [runs, intervals, latency] = tables()?;
        let files =
            [table(runs.0, &runs.1)?, table(intervals.0, &intervals.1)?, table(latency.0, &latency.1)?];
        let log = self.file(LATENCY_LOG)?;
        outputs(&self.path, run, started_at, json, files, log)
    }

    /// Opens the folder of a run that is to be gone on with. What it was writing when it was cut off, half a
    /// row, is taken away.
    ///
    /// # Errors
    /// [`OutputError::Busy`] if that run goes on by itself, [`OutputError::OtherVersion`] if its tables are
    /// others, [`OutputError::Open`] if they cannot be written.
    pub(super) fn reopen(
        path: &Path,
        run: &str,
        started_at: SystemTime,
    ) -> Result<(Self, Vec<Output>), OutputError> {
        let lock = lock(path)?;
        let part = path.join(RUN_FILE_IN_THE_MAKING);
        let json = File::create(&part).map_err(failed(&part))?;
        let table = |(name, header): (&str, Vec<u8>)| {
            let table = path.join(name);
            let (mut file, first) = whole_lines(&table).map_err(failed(&table))?;
            match first {
                None => file.write_all(&header).map_err(failed(&table))?,
                Some(first) if first == header => {}
                Some(_) => return Err(OutputError::OtherVersion { table, whose: Whose::Fill }),
            }
            Ok(file)
        };
        let [runs, intervals, latency] = tables().map_err(failed(path))?;
        let files = [table(runs)?, table(intervals)?, table(latency)?];
        let log = path.join(LATENCY_LOG);
        let (log, _) = whole_lines(&log).map_err(failed(&log))?;
        let outputs = outputs(path, run, started_at, json, files, log).map_err(failed(path))?;
        // Only what this run adds for itself would go.
        let (files, kept) = (vec![part], AtomicBool::new(false));
        Ok((Self { path: path.into(), made: false, files, kept, _lock: lock }, outputs))
    }

    /// A file that was not there before: what somebody else put there meanwhile stays his.
    fn file(&mut self, name: &str) -> io::Result<File> {
        let path = self.path.join(name);
        let file = File::create_new(&path)?;
        self.files.push(path);
        Ok(file)
    }

    /// From now on the files stay.
    pub(super) fn keep(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }
}

/// The tables of a folder with their headers.
pub(super) fn tables() -> io::Result<[(&'static str, Vec<u8>); 3]> {
    Ok([
        (RUNS_TABLE, line(columns())?),
        (INTERVALS_TABLE, line(intervals::COLUMNS)?),
        (LATENCY_TABLE, line(latency::COLUMNS)?),
    ])
}

fn outputs(
    folder: &Path,
    run: &str,
    started_at: SystemTime,
    json: File,
    tables: [File; 3],
    log: File,
) -> io::Result<Vec<Output>> {
    let place = |name| folder.join(name);
    let [runs, intervals, latency] = tables;
    Ok(vec![
        Output::new(&place(RUN_FILE).display(), JsonFile::new(json, folder.into()))?,
        Output::new(&place(RUNS_TABLE).display(), Rows(runs))?,
        Output::new(&place(INTERVALS_TABLE).display(), Intervals::new(intervals, run))?,
        Output::new(&place(LATENCY_TABLE).display(), LatencyTable::new(latency, run))?,
        Output::new(&place(LATENCY_LOG).display(), LatencyLog::begin(log, run, started_at)?)?,
    ])
}

/// Opens a file to be added to, without the half of a line that may be at its end; and its first line.
fn whole_lines(path: &Path) -> io::Result<(File, Option<Vec<u8>>)> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
    let (mut end, mut block) = (file.metadata()?.len(), Vec::new());
    let at = loop {
        let start = end.saturating_sub(BLOCK);
        block.clear();
        file.seek(SeekFrom::Start(start))?;
        Read::by_ref(&mut file).take(end - start).read_to_end(&mut block)?;
        match block.iter().rposition(|byte| *byte == b'\n') {
            Some(place) => break start + place as u64 + 1,
            None if start == 0 => break 0,
            None => end = start,
        }
    };
    file.set_len(at)?;
    file.seek(SeekFrom::Start(0))?;
    let mut first = Vec::new();
    BufReader::new(&file).read_until(b'\n', &mut first)?;
    Ok((file, Some(first).filter(|first| !first.is_empty())))
}

/// Locks the folder against other runs, where the file system can.
pub(super) fn lock(path: &Path) -> Result<Option<Flock<File>>, OutputError> {
    let folder = File::open(path).map_err(failed(path))?;
    match Flock::lock(folder, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(Some(lock)),
        Err((_, Errno::EWOULDBLOCK)) => Err(OutputError::Busy { folder: path.into() }),
        Err(_) => Ok(None),
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.kept.load(Ordering::Relaxed) {
            return;
        }
        // Nothing better can be done about a file that will not go than to leave it.
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        if self.made {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

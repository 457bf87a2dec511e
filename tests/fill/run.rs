//! One run of the program: begun, watched, signalled, ended; and what it left.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use fillbench::results::{IncidentKind, Record, Verdict};
use tempfile::TempDir;

use crate::fill::site::Truth;

/// No run in these tests takes as long: one that does hangs.
const LIMIT: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(5);

/// A run that goes on. Dropped, it is ended.
pub(crate) struct Running {
    child: Child,
    what: String,
    began: Instant,
    /// Where it writes `stdout` and `stderr`: files never fill up as pipes do.
    folder: TempDir,
}

/// A run that is over.
#[derive(Debug)]
pub(crate) struct Run {
    /// Its arguments.
    pub(crate) what: String,
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

/// Begins a run.
pub(crate) fn begin(args: &[String], envs: &[(&str, &Path)]) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let file = |name| File::create(folder.path().join(name)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fillbench"));
    // What the tester has set for other purposes.
    command.env_remove("REDISCLI_AUTH").env_remove("FILLBENCH_REQUIREPASS").env_remove("FILLBENCH_LOG");
    command.args(args).envs(envs.iter().copied());
    command.stdin(Stdio::null()).stdout(file("stdout")).stderr(file("stderr"));
    let child = command.spawn().unwrap();
    Running { child, what: args.join(" "), began: Instant::now(), folder }
}

impl Running {
    /// Waits until something is so. Fails if the run is over by then, or if that takes too long. So `|| true`
    /// checks that it still goes on.
    pub(crate) fn until(&mut self, mut is_so: impl FnMut() -> bool) {
        loop {
            let is_so = is_so();
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("`{}` was over too early: {status}\n{}", self.what, self.said("stderr"));
            }
            if is_so {
                return;
            }
            self.check_time();
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until it has said a word to people.
    pub(crate) fn until_said(&mut self, word: &str) {
        let stderr = self.folder.path().join("stderr");
        self.until(|| read(&stderr).contains(word));
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal by its name, without `SIG`.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
    }

    /// Waits until it is over.
    pub(crate) fn end(mut self) -> Run {
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None => self.check_time(),
            }
            std::thread::sleep(PAUSE);
        };
        Run {
            what: self.what.clone(),
            code: code(status),
            stdout: self.said("stdout"),
            stderr: self.said("stderr"),
            took: self.began.elapsed(),
        }
    }

    /// What it has written to `stdout` or `stderr` so far.
    pub(crate) fn said(&self, stream: &str) -> String {
        read(&self.folder.path().join(stream))
    }

    fn check_time(&self) {
        if self.began.elapsed() > LIMIT {
            panic!("`{}` hangs; it said:\n{}", self.what, self.said("stderr"));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Either fails only if it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The text of a file that is being written: its end may be half a character.
fn read(file: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned()
}

/// The exit code; of a run that a signal ended, 128 and the signal, as shells say it.
fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap())
}

impl Run {
    /// What `--json` printed.
    pub(crate) fn record(&self) -> Record {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Checks that all went well, and gives the record.
    #[track_caller]
    pub(crate) fn assert_exact(&self) -> Record {
        assert_eq!(self.code, 0, "{self:?}");
        let record = self.record();
        let account = &record.account;
        assert_eq!(record.verdict, Verdict::Exact, "{self:?}");
        assert_eq!(record.error, None, "{self:?}");
        assert_eq!((account.executed, account.proven), (account.planned, account.planned), "{self:?}");
        assert_eq!((account.missing, account.wrong, account.suspect), (Some(0), Some(0), 0), "{self:?}");
        assert_eq!((account.refused, account.evicted), (0, 0), "{self:?}");
        assert_eq!(account.proven_by.values().sum::<u64>(), account.planned, "{self:?}");
        record
    }

    /// Checks that every key was there in the end, though something went wrong before; gives the record.
    #[track_caller]
    pub(crate) fn assert_mended(&self) -> Record {
        let record = self.record();
        let account = &record.account;
        assert_eq!((self.code, record.verdict), (0, Verdict::Exact), "{self:?}");
        assert_eq!((&record.error, account.proven), (&None, account.planned), "{self:?}");
        assert_eq!((account.missing, account.wrong, account.suspect), (Some(0), Some(0), 0), "{self:?}");
        assert_eq!(account.proven_by.values().sum::<u64>(), account.planned, "{self:?}");
        record
    }

    /// Checks that every key is there although something of this kind happened, which is over; gives the record.
    #[track_caller]
    pub(crate) fn assert_survived(&self, kind: IncidentKind) -> Record {
        let record = self.record();
        let account = &record.account;
        assert_eq!((self.code, record.verdict, &record.error), (0, Verdict::Exact, &None), "{self:?}");
        assert_eq!((account.proven, account.missing, account.wrong), (account.planned, Some(0), Some(0)));
        let noticed: Vec<_> = record.incidents.iter().filter(|incident| incident.kind == kind).collect();
        assert!(!noticed.is_empty(), "no {kind:?} in {self:?}");
        assert!(noticed.iter().all(|incident| incident.recovered_seconds.is_some()), "{self:?}");
        record
    }

    /// Checks that it says of every key what is true, and ends with the code for that; gives the record.
    #[track_caller]
    pub(crate) fn assert_inexact(&self, truth: Truth) -> Record {
        let record = self.record();
        let account = &record.account;
        let told = Truth {
            exact: account.proven,
            missing: account.missing.unwrap_or_else(|| panic!("{self:?}")),
            wrong: account.wrong.unwrap_or_else(|| panic!("{self:?}")),
        };
        assert_eq!(told, truth, "{self:?}");
        assert_eq!(account.suspect, 0, "{self:?}");
        let verdict = if truth.missing > 0 { Verdict::Missing } else { Verdict::Wrong };
        assert_eq!((self.code, record.verdict), (3, verdict), "{self:?}");
        record
    }

    /// Checks that its error has all of these words; gives its whole text.
    #[track_caller]
    pub(crate) fn assert_error(&self, words: &[&str]) -> String {
        let error = self.record().error.unwrap_or_else(|| panic!("no error in {self:?}"));
        let text = format!("{}; {}", error.message, error.cure.unwrap_or_default());
        for word in words {
            assert!(text.contains(word), "no `{word}` in: {text}");
            assert!(self.stderr.contains(&error.message[..20]), "not told: {self:?}");
        }
        text
    }
}

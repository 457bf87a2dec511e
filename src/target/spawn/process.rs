//! A server as a process of this one: found, started so that it cannot outlive us, signalled, reaped.
//! What the program is, is unknown here.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use super::SpawnError;

/// What is looked for on PATH, the first found wins.
const SERVERS: [&str; 2] = ["valkey-server", "redis-server"];

/// The server to start: the one named, or the first found on PATH.
///
/// # Errors
/// [`SpawnError::NoProgram`] or [`SpawnError::NoServer`].
pub(super) fn find_server(named: Option<&Path>) -> Result<PathBuf, SpawnError> {
    let Some(named) = named else {
        return SERVERS.iter().find_map(|name| on_path(OsStr::new(name))).ok_or(SpawnError::NoServer);
    };
    let bare = (named.components().count() == 1).then_some(named.as_os_str());
    let found =
        bare.and_then(on_path).or_else(|| std::path::absolute(named).ok().filter(|path| is_program(path)));
    found.ok_or_else(|| SpawnError::NoProgram(named.into()))
}

fn on_path(name: &OsStr) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Starts processes from one thread of its own, which lives as long as this.
///
/// The kernel can kill a process when its parent dies (`prctl(PR_SET_PDEATHSIG)`, set by `setpriv`
/// without a line of unsafe code), but its "parent" is the *thread* that started it: a runtime's
/// worker may end long before the process does.
#[derive(Debug)]
pub(super) struct Starter {
    requests: mpsc::Sender<(Command, mpsc::Sender<io::Result<Child>>)>,
    has_setpriv: bool,
}

impl Starter {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub(super) fn new() -> io::Result<Self> {
        let (requests, inbox) = mpsc::channel::<(Command, mpsc::Sender<io::Result<Child>>)>();
        thread::Builder::new().name("server-starter".into()).spawn(move || {
            for (mut command, answer) in inbox {
                // Nobody waits for an answer any more only when this program is ending.
                let _ = answer.send(command.spawn());
            }
        })?;
        // A setpriv that does not know the option, such as BusyBox's, is as good as none.
        let probe = Command::new("setpriv").args(DEATH_SIGNAL).arg("true").stderr(Stdio::null()).status();
        Ok(Self { requests, has_setpriv: probe.is_ok_and(|status| status.success()) })
    }

    /// Starts a program in a process group of its own, so that Ctrl-C in a terminal reaches it only
    /// through us. Its output goes to `log`, its input is empty.
    ///
    /// # Errors
    /// If the operating system does not start it.
    pub(super) fn start(&self, program: &Path, args: &[String], log: &Path) -> io::Result<Process> {
        let output = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
        let mut command = if self.has_setpriv {
            let mut command = Command::new("setpriv");
            command.args(DEATH_SIGNAL).arg("--").arg(program);
            command
        } else {
            Command::new(program)
        };
        command.args(args).process_group(0);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let (answer, answered) = mpsc::channel();
        let gone = || io::Error::other("the thread that starts servers has ended");
        self.requests.send((command, answer)).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())?.map(|child| Process { child })
    }
}

const DEATH_SIGNAL: [&str; 2] = ["--pdeathsig", "KILL"];

/// A running process; killed and reaped when dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
}

impl Process {
    /// Its id. `setpriv` gives its own to the program it becomes.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<String> {
        match self.child.try_wait() {
            Ok(status) => status.map(|status| status.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Ends it at once, and waits until it is gone.
    pub(super) fn kill(&mut self) {
        // Either fails only if it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal by its name, without `SIG`.
    ///
    /// # Errors
    /// [`SpawnError::Signal`] with what the shell said.
    pub(super) fn signal(&self, signal: &'static str) -> Result<(), SpawnError> {
        let pid = self.pid();
        let failed = |reason: String| SpawnError::Signal { signal, pid, reason };
        // The shell's own `kill`, since a small container may have no other.
        let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {pid}")]).output();
        match sent {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(failed(String::from_utf8_lossy(&output.stderr).trim().into())),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// Runs a script; gives its process, and what started it.
    fn run(script: &str, log: &Path) -> (Starter, Process) {
        let starter = Starter::new().unwrap();
        let shell = on_path(OsStr::new("sh")).unwrap();
        let process = starter.start(&shell, &["-c".into(), script.into()], log).unwrap();
        (starter, process)
    }

    fn wait_until(mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < Duration::from_secs(10), "waited too long");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_server_is_found_by_name_and_by_path() {
        let by_name = find_server(Some(Path::new("sh"))).unwrap();
        assert!(by_name.is_absolute());
        assert_eq!(find_server(Some(&by_name)).unwrap(), by_name);
        for no_program in ["no-such-server", "/no/such/server", "/tmp", "Cargo.toml"] {
            let error = find_server(Some(Path::new(no_program))).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{no_program}` is not a program")), "{error}");
        }
    }

    #[test]
    fn output_goes_to_the_log_and_a_dropped_process_is_gone() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let (_starter, mut process) = run("echo out; echo err >&2; exec sleep 60", log.path());
        wait_until(|| std::fs::read_to_string(log.path()).unwrap() == "out\nerr\n");
        assert_eq!(process.ended(), None);
        let proc = PathBuf::from(format!("/proc/{}", process.pid()));
        drop(process);
        assert!(!proc.exists());
    }

    #[test]
    fn a_process_dies_with_the_thread_that_started_it() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let (starter, mut process) = run("echo up; exec sleep 60", log.path());
        // The death signal is set before the script runs.
        wait_until(|| std::fs::read_to_string(log.path()).unwrap() == "up\n");
        drop(starter);
        wait_until(|| process.ended().is_some());
        assert_eq!(process.ended().unwrap(), "signal: 9 (SIGKILL)");
    }

    #[test]
    fn a_signal_that_cannot_be_sent_says_why() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let (_starter, mut process) = run("true", log.path());
        wait_until(|| process.ended().is_some());
        let error = process.signal("CONT").unwrap_err().to_string();
        assert!(error.starts_with("SIGCONT could not be sent to process"), "{error}");
    }
}

//! Takes away what was made with the engine when this process has ended, whatever ended it.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{LazyLock, Mutex};

/// How long each thing may take to be taken away.
const LIMIT: &str = "60";

/// A shell that reads commands and runs them once nobody can write more of them: the last one first. It has a process
/// group of its own, so that Ctrl-C does not end it as well.
struct Janitor {
    commands: ChildStdin,
    _shell: Child,
}

impl Janitor {
    fn new() -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", "tac | sh"]).process_group(0);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut shell = shell.spawn().unwrap();
        Self { commands: shell.stdin.take().unwrap(), _shell: shell }
    }
}

/// Has something taken away in the end, by a command.
pub(super) fn will_run(words: &[&str]) {
    static JANITOR: LazyLock<Mutex<Janitor>> = LazyLock::new(|| Mutex::new(Janitor::new()));
    let mut janitor = JANITOR.lock().unwrap();
    let words: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    writeln!(janitor.commands, "timeout {LIMIT} {} </dev/null", words.join(" ")).unwrap();
}

//! What this process and this machine did over a time: processor time, thread by thread, as Linux tells it. Other
//! systems tell less, and then it stays open.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::machine;
use crate::bottleneck::ThreadFacts;

/// Where Linux tells of processes.
const PROC: &str = "/proc";
/// Threads of the servers of this program are called so (`server/start.rs`), one a node. Embedded ones are in this
/// process, and their time is the servers'.
const NODE_THREADS: &str = "node-";
/// The unit of `schedstat`, in a second.
const NANOSECONDS: f64 = 1e9;

/// The counters at one moment.
pub(super) struct Load {
    cpu_seconds: f64,
    threads: BTreeMap<u32, ThreadTimes>,
    masters: Vec<Option<MasterThread>>,
    processors: Option<Processors>,
}

/// What happened between two moments.
#[derive(Clone, Debug, Default)]
pub(super) struct Spent {
    /// Processor seconds of this process, user and system.
    pub cpu_seconds: f64,
    /// The thread that had most to do, embedded servers' apart.
    pub busiest: Option<ThreadFacts>,
    /// What was found where each master's thread was looked for: not for sure the master's.
    pub masters: Vec<Option<ThreadFacts>>,
    /// Share of all processors' time, 0 to 1, in which they did something.
    pub busy_share: Option<f64>,
    /// How many there are.
    pub cpus_online: u64,
}

/// The thread that executes a master's commands, if it is one of this machine.
struct MasterThread {
    schedstat: PathBuf,
    times: ThreadTimes,
}

/// The threads of processes that are called like nodes of this program, by their names. One process may have all
/// nodes, and is gone through once.
type NodeThreads = BTreeMap<u32, BTreeMap<String, PathBuf>>;

/// One thread so far, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct ThreadTimes {
    busy: u64,
    delayed: u64,
}

/// All processors so far, in ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Processors {
    busy: u64,
    idle: u64,
    online: u64,
}

impl Load {
    /// The counters as they stand. `masters` are the process and the port of each, as far as it may be on this machine.
    pub fn now(masters: impl Iterator<Item = Option<(u32, u16)>>) -> Self {
        let proc = Path::new(PROC);
        let mut nodes = NodeThreads::new();
        Self {
            masters: masters.map(|master| MasterThread::find(proc, &mut nodes, master?)).collect(),
            // What looking for them costs is no part of what is measured.
            threads: threads(&proc.join("self/task")).unwrap_or_default(),
            processors: fs::read_to_string(proc.join("stat")).ok().and_then(|text| Processors::parse(&text)),
            cpu_seconds: machine::cpu_seconds(),
        }
    }

    /// What has happened since.
    pub fn spent(&self) -> Spent {
        let now = Self::now(std::iter::empty());
        let spent = now.threads.iter().map(|(id, now)| {
            let before = self.threads.get(id).copied().unwrap_or_default();
            now.since(before)
        });
        let masters = self.masters.iter().map(|master| {
            let MasterThread { schedstat, times } = master.as_ref()?;
            Some(ThreadTimes::read(schedstat)?.since(*times).facts())
        });
        Spent {
            cpu_seconds: now.cpu_seconds - self.cpu_seconds,
            busiest: busiest(spent).map(ThreadTimes::facts),
            masters: masters.collect(),
            busy_share: self.processors.zip(now.processors).and_then(|(then, now)| now.busy_since(then)),
            cpus_online: now.processors.map_or(0, |processors| processors.online),
        }
    }
}

impl MasterThread {
    /// A node of this program is the thread with its port's name, and other servers execute commands in their main
    /// thread, whose number is that of the process.
    fn find(proc: &Path, nodes: &mut NodeThreads, (process, port): (u32, u16)) -> Option<Self> {
        let tasks = proc.join(process.to_string()).join("task");
        let named = nodes.entry(process).or_insert_with(|| node_threads(&tasks));
        let node = named.get(&format!("{NODE_THREADS}{port}")).cloned();
        let schedstat = node.unwrap_or_else(|| tasks.join(process.to_string())).join("schedstat");
        let times = ThreadTimes::read(&schedstat)?;
        Some(Self { schedstat, times })
    }
}

/// The threads of a process that are called like nodes; none where there is no such process.
fn node_threads(tasks: &Path) -> BTreeMap<String, PathBuf> {
    let tasks = fs::read_dir(tasks).into_iter().flatten().flatten().map(|entry| entry.path());
    let named = tasks.filter_map(|task| Some((fs::read_to_string(task.join("comm")).ok()?, task)));
    named
        .filter(|(name, _)| name.starts_with(NODE_THREADS))
        .map(|(name, task)| (name.trim_end().to_owned(), task))
        .collect()
}

/// The thread that had most to do: one that waits for a processor has as much as one that is on it.
fn busiest(threads: impl Iterator<Item = ThreadTimes>) -> Option<ThreadTimes> {
    threads.filter(|times| times.busy > 0).max_by_key(|times| times.busy + times.delayed)
}

/// The threads of a process, but for embedded servers'.
fn threads(tasks: &Path) -> Option<BTreeMap<u32, ThreadTimes>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(tasks).ok()? {
        let entry = entry.ok()?;
        let name = fs::read_to_string(entry.path().join("comm"));
        // One that ends meanwhile is none.
        let (Ok(name), Some(times)) = (name, ThreadTimes::read(&entry.path().join("schedstat"))) else {
            continue;
        };
        let id = entry.file_name().to_str().and_then(|id| id.parse().ok());
        if let (false, Some(id)) = (name.starts_with(NODE_THREADS), id) {
            all.insert(id, times);
        }
    }
    Some(all)
}

impl ThreadTimes {
    fn read(schedstat: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(schedstat).ok()?)
    }

    /// Reads a `schedstat`: nanoseconds on a processor, and in the queue for one.
    fn parse(text: &str) -> Option<Self> {
        let [busy, delayed, ..] = numbers(text)[..] else { return None };
        Some(Self { busy, delayed })
    }

    fn since(self, before: Self) -> Self {
        Self {
            busy: self.busy.saturating_sub(before.busy),
            delayed: self.delayed.saturating_sub(before.delayed),
        }
    }

    fn facts(self) -> ThreadFacts {
        ThreadFacts {
            busy_seconds: self.busy as f64 / NANOSECONDS,
            delayed_seconds: Some(self.delayed as f64 / NANOSECONDS),
        }
    }
}

impl Processors {
    /// Reads the first lines of `/proc/stat`: user, nice, system, idle, waiting for a disk, interrupts of both kinds,
    /// and stolen by other guests of the host.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let [user, nice, system, idle, disk, hard, soft, stolen, ..] =
            numbers(lines.next()?.strip_prefix("cpu ")?)[..]
        else {
            return None;
        };
        let online = lines.take_while(|line| line.starts_with("cpu")).count() as u64;
        Some(Self { busy: user + nice + system + hard + soft + stolen, idle: idle + disk, online })
    }

    fn busy_since(self, before: Self) -> Option<f64> {
        let busy = self.busy.saturating_sub(before.busy) as f64;
        let all = busy + self.idle.saturating_sub(before.idle) as f64;
        (all > 0.0).then(|| busy / all)
    }
}

fn numbers(text: &str) -> Vec<u64> {
    text.split_whitespace().map_while(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;

    use super::*;

    #[test]
    fn the_kernels_files_are_understood() {
        assert_eq!(ThreadTimes::parse("12 34 5\n"), Some(ThreadTimes { busy: 12, delayed: 34 }));
        assert_eq!(ThreadTimes::parse("12\n"), None);
        let text =
            "cpu  10 1 20 100 5 2 3 4 0 0\ncpu0 5 0 10 50 2 1 1 2 0 0\ncpu1 5 1 10 50 3 1 2 2 0 0\nintr 9\n";
        let before = Processors::parse(text).unwrap();
        assert_eq!(before, Processors { busy: 40, idle: 105, online: 2 });
        let later = Processors { busy: 70, idle: 115, online: 2 };
        assert_eq!((later.busy_since(before), before.busy_since(before)), (Some(0.75), None));
        assert_eq!(Processors::parse("intr 9\n"), None);
    }

    #[test]
    fn a_thread_that_waits_for_a_processor_has_something_to_do() {
        let spent = [(90, 0), (60, 40), (0, 500)].map(|(busy, delayed)| ThreadTimes { busy, delayed });
        assert_eq!(busiest(spent.into_iter()), Some(spent[1]));
        assert_eq!(busiest(spent.into_iter().skip(2)), None);
    }

    #[test]
    fn threads_of_embedded_servers_are_left_out() {
        let tasks = tempfile::tempdir().unwrap();
        for (id, name, times) in [
            ("7", "fillbench", "100 20 3"),
            ("8", "node-7001", "900 0 1"),
            ("9", "journal", "5 5 1"),
            ("10", "ended", ""),
        ] {
            let place = tasks.path().join(id);
            fs::create_dir(&place).unwrap();
            fs::write(place.join("comm"), format!("{name}\n")).unwrap();
            fs::write(place.join("schedstat"), format!("{times}\n")).unwrap();
        }
        let threads = threads(tasks.path()).unwrap();
        assert_eq!(threads.keys().collect::<Vec<_>>(), [&7, &9]);
        assert_eq!(threads[&7], ThreadTimes { busy: 100, delayed: 20 });
    }

    #[test]
    fn a_masters_thread_is_the_main_one_or_is_called_after_its_port() {
        let proc = tempfile::tempdir().unwrap();
        for (process, id, name, times) in [
            ("30", "30", "valkey-server", "500 60 7"),
            ("30", "31", "bio_close_file", "1 1 1"),
            ("40", "40", "fillbench", "1 1 1"),
            ("40", "41", "node-7001", "700 80 9"),
        ] {
            let place = proc.path().join(process).join("task").join(id);
            fs::create_dir_all(&place).unwrap();
            fs::write(place.join("comm"), format!("{name}\n")).unwrap();
            fs::write(place.join("schedstat"), format!("{times}\n")).unwrap();
        }
        let mut nodes = NodeThreads::new();
        let mut busy = |process, port| {
            MasterThread::find(proc.path(), &mut nodes, (process, port)).map(|one| one.times.busy)
        };
        assert_eq!((busy(30, 7001), busy(40, 7001), busy(40, 7002)), (Some(500), Some(700), Some(1)));
        assert_eq!(busy(50, 7001), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_busy_thread_is_found_and_so_is_a_masters() {
        // This process's main thread, and a process that there is not.
        let masters = [Some((std::process::id(), 0)), Some((u32::MAX, 0)), None];
        let before = Load::now(masters.into_iter());
        // By its own processor time, so that it does not matter what else runs here.
        let own = || {
            let usage = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
            usage.user_time().num_milliseconds() + usage.system_time().num_milliseconds()
        };
        let began = own();
        while own() - began < 100 {
            std::hint::black_box((0..1000).sum::<u64>());
        }
        let spent = before.spent();
        let busiest = spent.busiest.unwrap();
        assert!(busiest.busy_seconds > 0.08 && spent.cpu_seconds > 0.08, "{spent:?}");
        assert!(spent.busy_share.is_some_and(|share| share > 0.0 && share <= 1.0), "{spent:?}");
        assert!(spent.cpus_online > 0, "{spent:?}");
        let [Some(main), None, None] = spent.masters[..] else { panic!("{spent:?}") };
        assert!(main.delayed_seconds.is_some(), "{spent:?}");
    }
}

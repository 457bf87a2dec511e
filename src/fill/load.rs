//! What this process and this machine did over a time: processor time, thread by thread, as Linux tells it. Other
//! systems tell less, and then it stays open.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::machine;
use crate::bottleneck::ThreadFacts;

/// Threads of embedded servers are called so (`server/start.rs`): their time is the servers'.
const EMBEDDED_THREADS: &str = "node-";
/// The unit of `schedstat`, in a second.
const NANOSECONDS: f64 = 1e9;

/// The counters at one moment.
pub(super) struct Load {
    cpu_seconds: f64,
    threads: BTreeMap<u32, ThreadTimes>,
    processors: Option<Processors>,
}

/// What happened between two moments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    /// Processor seconds of this process, user and system.
    pub cpu_seconds: f64,
    /// The thread with most of them, embedded servers' apart.
    pub busiest: Option<ThreadFacts>,
    /// Share of all processors' time, 0 to 1, in which they did something.
    pub busy_share: Option<f64>,
    /// How many there are.
    pub cpus_online: u64,
}

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
    /// The counters as they stand.
    pub fn now() -> Self {
        Self {
            cpu_seconds: machine::cpu_seconds(),
            threads: threads(Path::new("/proc/self/task")).unwrap_or_default(),
            processors: fs::read_to_string("/proc/stat").ok().and_then(|text| Processors::parse(&text)),
        }
    }

    /// What has happened since.
    pub fn spent(&self) -> Spent {
        let now = Self::now();
        let spent = now.threads.iter().map(|(id, now)| {
            let before = self.threads.get(id).copied().unwrap_or_default();
            (now.busy.saturating_sub(before.busy), now.delayed.saturating_sub(before.delayed))
        });
        let busiest = spent.max().filter(|(busy, _)| *busy > 0).map(|(busy, delayed)| ThreadFacts {
            busy_seconds: busy as f64 / NANOSECONDS,
            delayed_seconds: Some(delayed as f64 / NANOSECONDS),
        });
        Spent {
            cpu_seconds: now.cpu_seconds - self.cpu_seconds,
            busiest,
            busy_share: self.processors.zip(now.processors).and_then(|(then, now)| now.busy_since(then)),
            cpus_online: now.processors.map_or(0, |processors| processors.online),
        }
    }
}

/// The threads of a process, but for embedded servers'.
fn threads(tasks: &Path) -> Option<BTreeMap<u32, ThreadTimes>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(tasks).ok()? {
        let entry = entry.ok()?;
        let read = |name| fs::read_to_string(entry.path().join(name));
        // One that ends meanwhile is none.
        let (Ok(name), Ok(times)) = (read("comm"), read("schedstat")) else { continue };
        let id = entry.file_name().to_str().and_then(|id| id.parse().ok());
        if let (false, Some(id), Some(times)) =
            (name.starts_with(EMBEDDED_THREADS), id, ThreadTimes::parse(&times))
        {
            all.insert(id, times);
        }
    }
    Some(all)
}

impl ThreadTimes {
    /// Reads a `schedstat`: nanoseconds on a processor, and in the queue for one.
    fn parse(text: &str) -> Option<Self> {
        let [busy, delayed, ..] = numbers(text)[..] else { return None };
        Some(Self { busy, delayed })
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
    #[cfg(target_os = "linux")]
    fn a_busy_thread_is_found() {
        let before = Load::now();
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
    }
}

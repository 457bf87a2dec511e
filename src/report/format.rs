//! The one shape that all written results have, and what happens when writing fails in the middle. Each output
//! has a thread of its own, because a disk may hold up whoever writes to it for as long as it likes: what is
//! written waits in a queue with a bound, and a disk that takes nothing costs its own output and nothing else.

use std::fmt::Display;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use humantime::format_duration;

use crate::net::plain;
use crate::results::{Event, LatencyHistogram, Observer, Record, Second};

/// Seconds of a run that wait for one output.
const MOST_WAITING: usize = 60;
/// How long the first key waits for what says that the run has begun.
const BEGINS_WITHIN: Duration = Duration::from_secs(5);
/// How long the end waits for the disks, all together: one that writes what servers keep, too, may need a while.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

/// One way to write a run.
pub(super) trait Format: Send {
    /// Writes that the run has begun, as far as it is known by then.
    ///
    /// # Errors
    /// What the operating system said.
    fn begin(&mut self, _: &Record) -> io::Result<()> {
        Ok(())
    }

    /// Writes what a finished second adds.
    ///
    /// # Errors
    /// What the operating system said.
    fn second(&mut self, _: &Second) -> io::Result<()> {
        Ok(())
    }

    /// Whether it also tells of a run that sent nothing. What stays on disk does not: the same command
    /// line can then be tried again.
    fn tells_of_nothing_sent(&self) -> bool {
        false
    }

    /// Writes what the whole run adds. It is called once, at the end.
    ///
    /// # Errors
    /// What the operating system said.
    fn finish(&mut self, _: &Record, _: &LatencyHistogram) -> io::Result<()> {
        Ok(())
    }
}

/// What an output is to write.
#[derive(Clone)]
enum Task {
    Begin(Arc<Record>),
    Second(Arc<Second>),
    Finish(Arc<(Record, LatencyHistogram)>),
}

impl Task {
    fn carry_out(&self, format: &mut impl Format) -> io::Result<()> {
        match self {
            Self::Begin(record) => format.begin(record),
            Self::Second(second) => format.second(second),
            Self::Finish(end) if end.0.did_something() || format.tells_of_nothing_sent() => {
                format.finish(&end.0, &end.1)
            }
            Self::Finish(_) => Ok(()),
        }
    }
}

/// A format at work, and the first thing that went wrong with it.
pub(super) struct Output {
    place: String,
    tasks: Sender<Task>,
    /// One answer to each task.
    done: Receiver<io::Result<()>>,
    /// Tasks without an answer.
    waiting: usize,
    failed: Option<io::Error>,
}

impl Output {
    /// Writes `format`; messages call it `place`.
    ///
    /// # Errors
    /// What the operating system said if there can be no thread.
    pub(super) fn new(place: &dyn Display, mut format: impl Format + 'static) -> io::Result<Self> {
        let (tasks, to_do) = channel::<Task>();
        let (answer, done) = channel();
        let thread = thread::Builder::new().name("output".into());
        thread.spawn(move || {
            for task in to_do {
                let written = task.carry_out(&mut format);
                let failed = written.is_err();
                // A failed output is left alone: half a row after a gap would mislead.
                if answer.send(written).is_err() || failed {
                    break;
                }
            }
        })?;
        Ok(Self { place: place.to_string(), tasks, done, waiting: 0, failed: None })
    }

    /// Leaves a task, and returns at once.
    fn leave(&mut self, task: Task) {
        self.wait(Instant::now());
        if self.failed.is_none() && self.waiting == MOST_WAITING {
            self.failed = Some(stuck(&format!("{MOST_WAITING} seconds of the run")));
        }
        // Where the thread has ended, it has said why.
        if self.failed.is_none() && self.tasks.send(task).is_ok() {
            self.waiting += 1;
        }
    }

    /// Waits until everything is written, or this moment has come. Returns whether it is.
    fn wait(&mut self, until: Instant) -> bool {
        while self.waiting > 0 && self.failed.is_none() {
            match self.done.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(written) => {
                    self.waiting -= 1;
                    self.failed = written.err();
                }
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => {
                    self.failed = Some(io::Error::other("its writer ended"));
                }
            }
        }
        true
    }
}

fn stuck(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("it has taken nothing for {what}"))
}

/// All outputs of a run.
pub(super) struct Outputs {
    all: Mutex<Vec<Output>>,
    ends_within: Duration,
}

impl Outputs {
    pub(super) fn new(outputs: Vec<Output>) -> Self {
        Self::ending_within(outputs, ENDS_WITHIN)
    }

    /// Outputs for which the end waits so long.
    pub(super) fn ending_within(outputs: Vec<Output>, ends_within: Duration) -> Self {
        Self { all: Mutex::new(outputs), ends_within }
    }

    fn each(&self, mut act: impl FnMut(&mut Output)) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).iter_mut().for_each(&mut act);
    }

    /// Waits until everything is written, as long as for the end.
    pub(super) fn catch_up(&self) {
        let until = Instant::now() + self.ends_within;
        self.each(|output| {
            output.wait(until);
        });
    }

    /// Writes the end of every output. Returns each that failed, now or earlier, and why.
    pub(super) fn finish(&self, record: &Record, latency: &LatencyHistogram) -> Vec<String> {
        let end = Arc::new((record.clone(), latency.clone()));
        self.each(|output| output.leave(Task::Finish(end.clone())));
        let until = Instant::now() + self.ends_within;
        let mut unwritten = Vec::new();
        self.each(|output| {
            if !output.wait(until) {
                output.failed = Some(stuck(&format_duration(self.ends_within).to_string()));
            }
            unwritten
                .extend(output.failed.as_ref().map(|error| format!("{} ({})", output.place, plain(error))));
        });
        unwritten
    }
}

impl Observer for Outputs {
    fn event(&self, event: &Event) {
        match event {
            Event::Begun(record) => {
                let record: Arc<Record> = Arc::new((**record).clone());
                self.each(|output| output.leave(Task::Begin(record.clone())));
                // Whoever finds keys finds the record of the run that wrote them.
                let until = Instant::now() + BEGINS_WITHIN;
                self.each(|output| {
                    output.wait(until);
                });
            }
            Event::Second(second) => {
                let second = Arc::new(second.clone());
                self.each(|output| output.leave(Task::Second(second.clone())));
            }
            _ => {}
        }
    }
}

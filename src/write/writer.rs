//! HOT PATH. One task with one connection to one master: generates, sends, reads the barriers'
//! answers, and keeps what is unanswered within its window. It believes nothing beyond what was
//! answered, and never waits without a deadline.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::Sleep;

use crate::net::plain;
use crate::resp::Decoder;

use super::census::Census;
use super::pipeline::Pipeline;
use super::{Batch, End, Pacer, Progress, Stop, Window, Written};

/// What comes back.
mod answers;

/// Bytes generated before they are given to the socket: a small buffer that stays in cache. So many
/// are one packet on a loopback device (its MTU is 65536): a few more would cost a second packet, and
/// the client a quarter more processor time (`PERFORMANCE.md`).
const CHUNK_BYTES: usize = 65_483;
/// With keys so large that a chunk cannot end just below its size, it is at least this.
const CHUNK_BYTES_MIN: usize = 32 << 10;

/// What a writer that cannot go on waits for.
#[derive(Clone, Copy)]
enum Wait {
    Server,
    Pacer,
}

/// What generating came to.
enum Next {
    Send,
    Wait(Wait),
    End(End),
}

/// Why a writer that waited does so no longer.
enum Woken {
    Paid,
    GiveUp,
    Silence,
}

/// Sends one batch over one connection.
pub struct Writer<S> {
    stream: S,
    batch: Batch,
    window: Window,
    pacer: Option<Arc<Pacer>>,
    progress: Arc<Progress>,
    timeout: Duration,
    /// Replicas that must have a pipeline before it counts; 0 is none.
    replicas_wanted: u64,
    /// Where the server counts what it executes of this connection.
    census: Option<Census>,
    /// The last look for which that count was asked; and what it was short of by the last answer.
    look: u64,
    refused_commands: u64,

    chunk: Vec<u8>,
    chunk_sent: usize,
    /// A chunk is sent when it holds so many bytes; it may hold one key more.
    chunk_bytes: usize,
    /// Whether the stream may hold back bytes that it has taken: one that encrypts does.
    unflushed: bool,
    inbox: BytesMut,
    decoder: Decoder,
    /// Oldest first; the last one may still be in the making.
    in_flight: VecDeque<Pipeline>,
    unanswered_bytes: u64,

    refused: Option<String>,
    executed: u64,
    unacknowledged: u64,
    /// Replicas that had the last of them.
    replicas_behind: u64,
    commands: u64,
    first_byte: Option<Instant>,
    last_progress: Instant,
    paid_until: Option<Instant>,
    waiting: Option<(Wait, Instant)>,
    alarm: Pin<Box<Sleep>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Writer<S> {
    /// A writer for `batch` over `stream`, whose handshake is over. `timeout` is how long it bears
    /// that nothing moves, beside what a barrier may wait for replicas. Needs a runtime's timer.
    pub fn new(
        stream: S,
        batch: Batch,
        window: Window,
        pacer: Option<Arc<Pacer>>,
        progress: Arc<Progress>,
        timeout: Duration,
    ) -> Self {
        let full = CHUNK_BYTES.saturating_sub(batch.key_bytes()).max(CHUNK_BYTES_MIN);
        let quantum = pacer.as_ref().map_or(full, |pacer| pacer.quantum_bytes());
        let wait = batch.wait();
        let timeout = timeout.saturating_add(wait.map_or(Duration::ZERO, |wait| wait.timeout));
        Self {
            replicas_wanted: wait.map_or(0, |wait| wait.replicas),
            census: None,
            look: 0,
            refused_commands: 0,
            chunk_bytes: quantum.clamp(1, full),
            unflushed: false,
            stream,
            batch,
            window,
            pacer,
            progress,
            timeout,
            chunk: Vec::new(),
            chunk_sent: 0,
            inbox: BytesMut::new(),
            decoder: Decoder::default(),
            in_flight: VecDeque::with_capacity(window.pipelines),
            unanswered_bytes: 0,
            refused: None,
            executed: 0,
            unacknowledged: 0,
            replicas_behind: 0,
            commands: 0,
            first_byte: None,
            last_progress: Instant::now(),
            paid_until: None,
            waiting: None,
            alarm: Box::pin(tokio::time::sleep(timeout)),
        }
    }

    /// Has pipelines ask how many commands were executed, when that is wanted and at the end. A question right before has
    /// been answered with `counted`.
    pub fn counting_from(mut self, counted: Option<u64>) -> Self {
        self.census = counted.map(|counted| Census::new(counted, self.batch.options()));
        self.batch.ask_at_the_end(counted.is_some());
        self.progress.counted(0, counted.map(|_| 0));
        self
    }

    /// Sends everything, or ends earlier for one of the reasons in [`End`].
    pub async fn run(mut self, mut stop: watch::Receiver<Stop>) -> Written {
        let mut stopping: Stop = *stop.borrow_and_update();
        let end = loop {
            tokio::select! {
                biased;
                changed = stop.changed(), if stopping.is_none() => {
                    // A sender that is gone can no longer ask, nor take an answer.
                    stopping = if changed.is_ok() { *stop.borrow() } else { Some(Instant::now()) };
                }
                end = std::future::poll_fn(|context| self.poll(context, stopping)) => break end,
            }
        };
        let last = self.last_progress;
        Written {
            executed: self.executed,
            unacknowledged: self.unacknowledged,
            commands: self.commands,
            unanswered: !self.in_flight.is_empty(),
            span: self.first_byte.map(|first| (first, last)),
            end: self.refused.map_or(end, End::Refused),
        }
    }

    /// Goes on until the socket, the window or the rate says wait.
    fn poll(&mut self, context: &mut Context<'_>, stopping: Stop) -> Poll<End> {
        self.waited();
        loop {
            let read = match self.poll_answers(context) {
                Poll::Ready(Err(end)) => return Poll::Ready(end),
                other => other.is_ready(),
            };
            let wait = if self.chunk_sent < self.chunk.len() || self.unflushed {
                match self.poll_send(context) {
                    Poll::Ready(Ok(())) => continue,
                    Poll::Ready(Err(error)) => return Poll::Ready(lost(&error)),
                    Poll::Pending => Wait::Server,
                }
            } else {
                match self.generate(stopping) {
                    Next::Send => continue,
                    Next::End(end) => return Poll::Ready(end),
                    Next::Wait(wait) => wait,
                }
            };
            if read {
                continue;
            }
            match ready!(self.poll_alarm(context, stopping, wait)) {
                // The writer itself was slow, not the server.
                Woken::Paid => self.moved(),
                Woken::GiveUp => return Poll::Ready(End::Stopped),
                Woken::Silence => return Poll::Ready(End::Silent(self.timeout)),
            }
            self.waited();
        }
    }

    /// Fills the chunk with as much as the window and the rate admit.
    fn generate(&mut self, stopping: Stop) -> Next {
        // While replicas are behind, nothing new is begun: a later barrier may still find them there.
        let stopping = stopping.is_some() || self.refused.is_some() || self.unacknowledged > 0;
        if self.paid_until.is_some_and(|until| !stopping && Instant::now() < until) {
            return Next::Wait(Wait::Pacer);
        }
        self.chunk.clear();
        self.chunk_sent = 0;
        while self.chunk.len() < self.chunk_bytes {
            if self.batch.between_pipelines() {
                if stopping || self.batch.is_done() || !self.has_room() {
                    break;
                }
                self.start_pipeline();
            }
            self.append(stopping);
        }
        self.paid_until = self.pacer.as_ref().map(|pacer| pacer.pay(self.chunk.len()));
        match (self.chunk.is_empty(), self.in_flight.is_empty()) {
            (false, _) => Next::Send,
            (true, false) => Next::Wait(Wait::Server),
            (true, true) => Next::End(self.end()),
        }
    }

    /// How it ends, now that everything is answered.
    fn end(&self) -> End {
        match self.batch.wait() {
            Some(wait) if self.unacknowledged > 0 => End::Behind { replicas: self.replicas_behind, wait },
            _ if self.batch.is_done() => End::Done,
            _ => End::Stopped,
        }
    }

    /// Whether the window admits another pipeline.
    fn has_room(&self) -> bool {
        let room = self.in_flight.len() < self.window.pipelines && self.unanswered_bytes < self.window.bytes;
        room || self.in_flight.is_empty()
    }

    fn start_pipeline(&mut self) {
        let started = Instant::now();
        self.first_byte.get_or_insert(started);
        self.last_progress = started;
        let look = self.progress.wanted();
        if look > self.look && self.census.is_some() {
            self.look = look;
            self.batch.ask_soon();
        }
        self.in_flight.push_back(Pipeline::new(started, self.look));
    }

    /// Appends to the chunk until it is full, or the pipeline in the making ends.
    fn append(&mut self, stopping: bool) {
        let before = self.chunk.len();
        let ended = self.batch.fill(&mut self.chunk, self.chunk_bytes, stopping);
        let bytes = (self.chunk.len() - before) as u64;
        self.unanswered_bytes += bytes;
        if let Some(pipeline) = self.in_flight.back_mut() {
            pipeline.bytes += bytes;
            pipeline.ended = ended;
        }
        self.settle();
    }

    /// Gives the stream what is left of the chunk; ready when it has taken some, or all is on its way.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let rest = &self.chunk[self.chunk_sent..];
        if rest.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.unflushed = false;
            return Poll::Ready(Ok(()));
        }
        let sent = ready!(Pin::new(&mut self.stream).poll_write(context, rest))?;
        if sent == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.chunk_sent += sent;
        self.unflushed = true;
        self.progress.wrote(sent);
        self.moved();
        Poll::Ready(Ok(()))
    }

    /// Waits until the rate admits more, nothing has moved for too long, or it is time to give up.
    fn poll_alarm(&mut self, context: &mut Context<'_>, stopping: Stop, wait: Wait) -> Poll<Woken> {
        let outstanding = !self.in_flight.is_empty();
        let silence =
            (outstanding && matches!(wait, Wait::Server)).then(|| self.last_progress + self.timeout);
        let paid = self.paid_until.filter(|_| matches!(wait, Wait::Pacer));
        self.waiting = Some((wait, Instant::now()));
        let wakes = [(stopping, Woken::GiveUp), (silence, Woken::Silence), (paid, Woken::Paid)];
        let Some((at, woken)) =
            wakes.into_iter().filter_map(|(at, why)| Some((at?, why))).min_by_key(|(at, _)| *at)
        else {
            return Poll::Pending;
        };
        while Instant::now() < at {
            // An alarm that rings early is set again; setting it anew each time would cost more.
            let set = self.alarm.deadline().into_std();
            if set > at || self.alarm.is_elapsed() {
                self.alarm.as_mut().reset(at.into());
            }
            ready!(self.alarm.as_mut().poll(context));
        }
        Poll::Ready(woken)
    }

    fn moved(&mut self) {
        self.last_progress = Instant::now();
    }

    /// Accounts for the wait that is over.
    fn waited(&mut self) {
        match self.waiting.take() {
            Some((Wait::Server, since)) => self.progress.waited(since.elapsed()),
            Some((Wait::Pacer, since)) => self.progress.paced(since.elapsed()),
            None => {}
        }
    }
}

fn lost(error: &io::Error) -> End {
    End::Lost(plain(error))
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
